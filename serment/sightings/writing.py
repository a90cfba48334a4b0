"""Write a sighting down."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from serment.sightings.models import Kind, Sighting

COUNT_MAX: Final = 1_000_000_000
"""An id written as a number is larger."""


def note(
    kind: Kind, *, establishment: UUID | None = None, door: str = "", **facts: int | bool
) -> None:
    """Append one row in the caller's transaction; ``facts`` are counts, never who or what.

    A door that refuses by raising rolls its transaction back: it notes the sighting after that,
    in a transaction of its own. Raises TypeError for a fact that is no count.
    """
    for name, fact in facts.items():
        if not isinstance(fact, int) or not 0 <= fact <= COUNT_MAX:
            raise TypeError(f"A sighting counts: {name} is no count.")
    row = Sighting(kind=kind, establishment_id=establishment, door=door, facts=facts)
    # Without RETURNING: the writer needs no right to read what others wrote.
    Sighting.objects.bulk_create([row])
