"""Files of one house that may be the same person: found by the keeper's search, not by opening all.

Somebody else of the same name and birth date may exist (twins, homonyms): this proposes, nothing is
joined here.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from serment.disclosure import Actor
from serment.identity import files

FOUND_BY = ("family_name", "birth_name", "birth_date")


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
