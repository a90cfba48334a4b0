"""Files of one house that may be the same person: found by the keeper's search, not by opening all.

Somebody else of the same name and birth date may exist (twins, homonyms): this proposes, nothing is
joined here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from serment.disclosure import Actor, persons
from serment.identity import files

FOUND_BY = ("family_name", "birth_name", "birth_date")
ASKED_MAX: Final = 9
"""Of so many files alike it is asked whether an account reads them."""


def alike(
    actor: Actor, establishment: UUID, file_id: UUID, values: Mapping[str, str]
) -> list[UUID]:
    """Other files with this birth date and one of these family names; none without both.

    A file under the married name finds the one under the birth name: the index holds either.
    """
    born = values["birth_date"]
    names = dict.fromkeys(name for name in (values["family_name"], values["birth_name"]) if name)
    found: dict[UUID, None] = {}
    for name in names if born else ():
        found |= dict.fromkeys(files.find(actor, establishment, f"{name} {born}"))
    found.pop(file_id, None)
    return list(found)


def is_read_elsewhere(
    actor: Actor, establishment: UUID, file_id: UUID, values: Mapping[str, str]
) -> bool:
    """Whether a file alike is read by somebody as their own who does not read this one; the search
    and each file asked about are on record."""
    for other in alike(actor, establishment, file_id, values)[:ASKED_MAX]:
        held = persons.holders(actor, file_id, other)
        if held.people[1] and not held.all_reached:
            return True
    return False
