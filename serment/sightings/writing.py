"""Write a sighting down."""

from __future__ import annotations

from uuid import UUID

from serment.sightings.models import Kind, Sighting


def note(
    kind: Kind,
    *,
    establishment: UUID | None = None,
    actor: UUID | None = None,
    record: UUID | None = None,
    **facts: str | int | bool,
) -> None:
    """Append one row in the caller's transaction.

    A door that refuses by raising rolls its transaction back: it notes the sighting after that,
    in a transaction of its own.
    """
    row = Sighting(
        kind=kind, establishment_id=establishment, actor=actor, record=record, facts=facts
    )
    # Without RETURNING: the writer needs no right to read what others wrote.
    Sighting.objects.bulk_create([row])
