"""Before an answer is given again: is nothing frozen or revoked that it opened?"""

from __future__ import annotations

import msgspec

from serment.keeper.house import House, NoAccess
from serment.keeper.policy.granting import granted
from serment.keeper.wire import Request, RevealAsk


def must_still_stand(house: House, ask: Request, peer: int) -> None:
    """Frozen or NoAccess where the same request, asked now for the first time, would meet one.

    Session and ticket were looked at before; keys of an erased person are not kept at all.
    """
    now = house.now()
    items = msgspec.msgpack.decode(ask.body, type=RevealAsk).items if ask.op == "reveal" else []
    rows = [row for item in items if (row := house.store.record(item.record)) is not None]
    house.standing.must_stand(ask, peer, now, rows)
    if len(rows) < len(items) or any(house.standing.subject_frozen(row, now) for row in rows):
        raise NoAccess
    if rows and ask.grant and not ask.errand:
        fields = [[field.field for field in item.fields] for item in items]
        granted(house, ask, list(zip(rows, fields, strict=True)))
