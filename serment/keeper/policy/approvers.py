"""Grants as they stand now: an approval counts while whoever gave it may still give one.

Asked at every use and every showing, not when somebody leaves: so no way of leaving is forgotten,
and a grant that was ready waits again for another officer. Of whom the keeper knows nothing itself
the pages' word is taken, as it was when they approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from serment.keeper.house import House
from serment.keeper.passkeys import rows
from serment.keeper.policy.grants import Grant
from serment.keeper.rights import OFFICERS

TABLE: Final = "bulk_grant"
APPROVERS: Final = OFFICERS | {"trustee"}
"""Roles that let somebody approve at all; which of them where, is asked when they do."""


def standing(house: House, grant: Grant) -> Grant:
    """With the approvals that count; whoever gave another stands in ``lapsed``."""
    gone = [one for one in grant.approvals if not _may_still(house, one.by, grant.establishment)]
    if not gone:
        return grant
    return msgspec.structs.replace(
        grant,
        approvals=[one for one in grant.approvals if one not in gone],
        lapsed=[*grant.lapsed, *(one.by for one in gone)],
    )


def grant_at(house: House, tag: bytes) -> Grant | None:
    """One grant."""
    found = house.standing.rows.get(TABLE, tag, Grant)
    return None if found is None else standing(house, found)


def grants(house: House) -> Iterator[tuple[bytes, Grant]]:
    """Every grant, by its tag."""
    for tag, grant in house.standing.rows.all(TABLE, Grant):
        yield tag, standing(house, grant)


def _may_still(house: House, who: bytes, establishment: bytes) -> bool:
    known = rows.member(house.store, who)
    return known is None or (
        not known.ended_at and known.establishment == establishment and known.role in APPROVERS
    )
