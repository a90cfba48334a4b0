"""Whether something is asked before a visit, and how far its person has come with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from serment.care import asking, replies
from serment.disclosure import Actor, Purpose
from serment.scheduling.models import Appointment

ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Before:
    """``status``: FHIR's, or ``asked`` where nothing was begun; how many questions."""

    status: str
    count: int = 0
    by_telephone: bool = False

    @property
    def waits(self) -> bool:
        """Whether there is something left to do."""
        return self.status in (ASKED, replies.IN_PROGRESS)


def of(
    actor: Actor, visits: Sequence[Appointment], reasons: Mapping[UUID, UUID]
) -> dict[UUID, Before]:
    """By visit, those that ask something; ``reasons`` is what each comes for."""
    sheets = asking.by_reason({reasons[one.id] for one in visits if one.id in reasons})
    told = replies.told(actor, Purpose.SELF, visits)
    found: dict[UUID, Before] = {}
    for one in visits:
        stands = told[one.id]
        if stands.status:
            by_telephone = stands.by == replies.BY_TELEPHONE
            found[one.id] = Before(stands.status, by_telephone=by_telephone)
        elif reasons.get(one.id) in sheets:
            found[one.id] = Before(ASKED, len(sheets[reasons[one.id]].questions))
    return found
