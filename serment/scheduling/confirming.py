"""What the outbox may say about an appointment, and asking it to say so.

Runs inside the transaction of the act: the message and the booking commit together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment.directory.models import Establishment, PractitionerRole
from serment.directory.pipeline import Statement
from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.outbox import besides, post, references, registry, reminders
from serment.outbox.models import Message
from serment.scheduling import reminding
from serment.scheduling.models import Appointment, Substitution


def register() -> None:
    """Tell the outbox how to find the facts; called once, when Django has loaded."""
    for kind in (post.CONFIRMATION, post.MOVE, registry.REMINDER):
        registry.register(kind, _standing_facts, _standing_facts_of_many)
    registry.register(post.CANCELLATION, _facts, _facts_of_many)
    registry.register_visits(reminding.VISITS)


def seal_and_draft(
    actor: Actor, appointment: Appointment, details: str, patient_file: UUID, now: datetime,
    others: Sequence[UUID] = (),
) -> tuple[Message, Statement]:  # fmt: skip
    """Seal a new appointment's details and draft its confirmation, in one call to the keeper.
    ``others``: visits booked with it, told of in the same message.

    The actor signs the errand that may open the address. The statement inserts the message; the
    caller runs it with the appointment's and ``post.queueing``.
    """
    tickets = gate.seal_and_sign_each(
        actor,
        Purpose.BOOKING,
        appointment,
        {"details": details},
        [post.errand(appointment.id, now), *reminding.errands(appointment, now)],
        subject=patient_file,
        tenant=appointment.establishment_id,
    )
    right = reminding.right(appointment, details, tickets[1:])
    tenant = appointment.establishment_id
    told = besides.closed(appointment.id, others)
    return post.draft(
        post.CONFIRMATION, appointment.id, tenant, tickets[0], before=told, reminding=right
    )


def seal_untold(
    actor: Actor, appointment: Appointment, details: str, patient_file: UUID, now: datetime
) -> None:
    """Seal one that another's confirmation tells of; of this one too there are reminders.

    The caller's transaction inserts the row."""
    tickets = gate.seal_and_sign_each(
        actor,
        Purpose.BOOKING,
        appointment,
        {"details": details},
        reminding.errands(appointment, now),
        subject=patient_file,
        tenant=appointment.establishment_id,
    )
    reminding.keep(appointment, details, tickets)


def seal_and_tell_moved(
    actor: Actor,
    appointment: Appointment,
    details: str,
    patient_file: UUID,
    now: datetime,
    *,
    tell: bool,
    was: tuple[UUID, datetime] | None = None,
    others: Sequence[UUID] | None = (),
) -> None:
    """Seal what a moved appointment says now; where ``tell``, post its new time. ``was``: role and
    time before, so that moving it back at once tells nobody anything. ``others``: told of in its
    message; None where another's message tells of this one.

    The row is saved by the caller, in the same transaction.
    """
    tenant, values = appointment.establishment_id, {"details": details}
    if not tell:
        gate.seal(actor, Purpose.BOOKING, appointment, values, subject=patient_file, tenant=tenant)
        return
    try:
        ticket, *more = gate.seal_and_sign_each(
            actor,
            Purpose.BOOKING,
            appointment,
            values,
            [post.errand(appointment.id, now), *reminding.errands(appointment, now)],
            subject=patient_file,
            tenant=tenant,
        )
    except NotYours:
        # Kept from those who act for the person: nothing is signed for a message about it.
        gate.seal(actor, Purpose.BOOKING, appointment, values, subject=patient_file, tenant=tenant)
        post.withdraw(appointment.id, tenant)
        reminders.forget(tenant, appointment.id)
        return
    reminding.keep(appointment, details, more)
    if others is None:
        post.withdraw(appointment.id, tenant)
        return
    if others:
        post.move(appointment.id, tenant, ticket, others=others)
        return
    becomes = _told(appointment.role_id, appointment.starts_at)
    post.move(appointment.id, tenant, ticket, b"" if was is None else _told(*was), becomes)


def _told(role: UUID, starts_at: datetime) -> bytes:
    return references.digest(role, starts_at.isoformat())


def withdraw(
    actor: Actor, appointment: Appointment, now: datetime, others: Sequence[UUID] = ()
) -> None:
    """Call a waiting confirmation back, and tell the person that the appointment is cancelled, and
    ``others`` with it."""
    ticket = post.sign(actor, appointment.id, now)
    post.cancellation(appointment.id, appointment.establishment_id, ticket, others=others)


def withdraw_untold(appointment: Appointment) -> None:
    """The same for one that another's message tells of."""
    post.withdraw(appointment.id, appointment.establishment_id)
    reminders.forget(appointment.establishment_id, appointment.id)


def _facts(appointment_id: UUID) -> registry.Facts | None:
    return _facts_of_many([appointment_id]).get(appointment_id)


def _standing_facts(appointment_id: UUID) -> registry.Facts | None:
    return _standing_facts_of_many([appointment_id]).get(appointment_id)


def _standing_facts_of_many(ids: Sequence[UUID]) -> dict[UUID, registry.Facts]:
    return _told_of(Appointment.objects.exclude(status=Appointment.Status.CANCELLED), ids)


def _facts_of_many(ids: Sequence[UUID]) -> dict[UUID, registry.Facts]:
    return _told_of(Appointment.objects.all(), ids)


def _told_of(rows: QuerySet[Appointment], ids: Sequence[UUID]) -> dict[UUID, registry.Facts]:
    """What may be said of each; what is asked of a practitioner is asked once for all."""
    visits = list(
        rows.filter(id__in=ids).select_related("role__site", "role__practitioner", "establishment")
    )
    roles = {one.role_id: one.role for one in visits}
    substitutes = Substitution.objects.filter(role_id__in=roles).select_related(
        "substitute__practitioner"
    )
    stand_ins = list(substitutes) if visits else []
    modes = {role_id: _mode(role, visits) for role_id, role in roles.items()}
    english = (get_language() or "fr").startswith("en")
    asking = registry.asking({one.establishment_id for one in visits})
    said = {one.id: _facts_said(one, stand_ins, modes[one.role_id], english) for one in visits}
    return {
        one.id: replace(said[one.id], house_asks=one.establishment_id in asking) for one in visits
    }


def _facts_said(
    visit: Appointment, stand_ins: Iterable[Substitution], mode: str, english: bool
) -> registry.Facts:
    site = visit.role.site
    return registry.Facts(
        starts_at=visit.starts_at,
        timezone=site.timezone,
        with_whom=_who(visit, stand_ins),
        where="" if mode == "video" else f"{site.address_line}, {site.postcode} {site.city}",
        phone=site.phone,
        bring=(english and site.bring_en) or site.bring_fr,
        link=settings.LOGIN_REDIRECT_URL,
        mode=mode,
    )


def _who(visit: Appointment, stand_ins: Iterable[Substitution]) -> str:
    """Whom the person will see: the substitute, where somebody stands in that day."""
    role = visit.role
    day = visit.starts_at.astimezone(ZoneInfo(role.site.timezone)).date()
    for one in stand_ins:
        if one.role_id == role.id and one.first_day <= day <= one.last_day:
            told = {"who": one.substitute.practitioner, "whom": role.practitioner}
            return _("%(who)s, qui remplace %(whom)s") % told
    return str(role.practitioner)


def _mode(role: PractitionerRole, visits: Iterable[Appointment]) -> str:
    """How somebody comes, as far as it shows without opening what they chose: by the reasons
    that could have been chosen."""
    house = next(one.establishment for one in visits if one.role_id == role.id)
    if house.kind == Establishment.Kind.TELECONSULTATION:
        return "video"
    ways = set(role.reasons.filter(active=True).values_list("in_person", "video"))
    here = any(in_person for in_person, _video in ways)
    afar = role.video and any(video for _in_person, video in ways)
    if here and afar:
        return "either"
    return "video" if afar else "in_person"
