"""Calls the desk has to make: whom and why are sealed; by which day and who took it, in clear.

Every transaction must stand in the establishment. What was done is gone after a week.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Conflict, NotThere
from serment.identity.rights import Act, require
from serment.outbox import references
from serment.scheduling.models import CallBack

KEPT: Final = timedelta(days=7)
WHY_MAX: Final = 300
_AT_ONCE: Final = 20


class TakenByAnother(Conflict):
    """Un collègue s’en occupe déjà."""


def add(
    actor: Actor, file: UUID, why: str, due_on: date, today: date, number: UUID | None = None
) -> CallBack:
    """Somebody is to be called; on record, like everything written about a person. ``number``: the
    call's own, where it follows from something that is asked for once (``about``)."""
    tenant = _house(actor)
    made = CallBack(id=number or ids.new_id(), establishment_id=tenant, due_on=max(due_on, today))
    with tenancy.inside(tenant):
        values: dict[str, str | None] = {"why": why.strip()[:WHY_MAX]}
        gate.seal(actor, Purpose.RECEPTION, made, values, subject=file, tenant=tenant)
        made.save(force_insert=True)
        _forget_done(actor, tenant, today)
    return made


def about(visit: UUID, starts_at: datetime) -> UUID:
    """The number of the one call about a visit at that time. Keyed: from a dump nobody can compute
    it, which would tie the two rows together."""
    return UUID(bytes=references.digest(visit, f"call {starts_at.isoformat()}")[:16], version=4)


def standing(numbers: Collection[UUID]) -> set[UUID]:
    """Those of them that are on the list and not made yet."""
    found = CallBack.objects.filter(id__in=numbers, done_on=None)
    return set(found.values_list("id", flat=True))


def known(number: UUID) -> bool:
    """Whether that call is on the list, made or not."""
    return CallBack.objects.filter(id=number).exists()


def take_off(actor: Actor, call_id: UUID) -> None:
    """Undo: nobody is to be called. Raises ``TakenByAnother`` once somebody sees to it."""
    row = _locked(actor, call_id)
    if row.taken_by is not None or row.done_on is not None:
        raise TakenByAnother(_("Un collègue s’en occupe déjà."))
    gate.delete(actor, Purpose.RECEPTION, row)
    row.delete()


def of_house(establishment_id: UUID) -> list[CallBack]:
    """What is to be done, the most pressing first, then what was done of late."""
    found = CallBack.objects.filter(establishment_id=establishment_id)
    return sorted(found, key=lambda one: (one.done_on is not None, one.due_on, one.id))


def how_many_due(establishment_id: UUID, today: date) -> int:
    """To be made today, or before."""
    with tenancy.inside(establishment_id):
        return CallBack.objects.filter(
            establishment_id=establishment_id, done_on=None, due_on__lte=today
        ).count()


def whys(actor: Actor, calls: Sequence[CallBack]) -> dict[UUID, str]:
    """Why each is to be called, on record; whose file is closed is left out."""
    opened = gate.reveal_openable(actor, Purpose.RECEPTION, calls, ["why"])
    return {one: values["why"] for one, values in opened.items()}


def take(actor: Actor, call_id: UUID) -> None:
    """See to it. Raises ``TakenByAnother``; NotThere for another house's."""
    row = _locked(actor, call_id)
    if row.taken_by not in (None, actor.id):
        raise TakenByAnother(_("Un collègue s’en occupe déjà."))
    row.taken_by = actor.id
    row.save(update_fields=["taken_by"])


def leave(actor: Actor, call_id: UUID) -> None:
    """Back to whoever takes it next, done or not."""
    row = _locked(actor, call_id)
    row.taken_by = row.done_on = None
    row.save(update_fields=["taken_by", "done_on"])


def finish(actor: Actor, call_id: UUID, today: date) -> None:
    """It was made, by whoever says so."""
    row = _locked(actor, call_id)
    if row.done_on is None:
        row.taken_by, row.done_on = actor.id, today
        row.save(update_fields=["taken_by", "done_on"])


def _house(actor: Actor) -> UUID:
    require(actor, Act.BOOK)
    if actor.establishment is None:
        raise NotThere
    return actor.establishment


def _locked(actor: Actor, call_id: UUID) -> CallBack:
    house = _house(actor)
    rows = CallBack.objects.select_for_update().filter(establishment_id=house, id=call_id)
    row = rows.first()
    if row is None:
        raise NotThere
    return row


def _forget_done(actor: Actor, tenant: UUID, today: date) -> None:
    old = CallBack.objects.filter(establishment_id=tenant, done_on__lt=today - KEPT)
    for one in old[:_AT_ONCE]:
        gate.delete(actor, Purpose.RECEPTION, one)
        one.delete()
