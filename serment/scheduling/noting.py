"""The word beside a visit, written anew afterwards: sealed, on record, and nobody's word is lost.

Two who write at once: the second is told what the first wrote, and decides.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Conflict
from serment.outbox import references
from serment.scheduling import cancelling, refusals, sealed_details
from serment.scheduling.models import Appointment

NOTE_MAX = 500


class NoteChanged(Conflict):
    """Quelqu’un a changé ce mot entre-temps."""


def read(actor: Actor, appointment: Appointment) -> str:
    """The word as it is, on record. Raises ``NotYours`` where the file is closed."""
    return sealed_details.reveal(actor, Purpose.AGENDA, [appointment])[appointment.id].note


def mark_of(note: str) -> str:
    """What a form carries of the word it was drawn from: equal for the same, and unreadable."""
    return references.digest("note", note).hex()


def rewrite(actor: Actor, appointment_id: UUID, note: str, before: str) -> None:
    """Seal another word where it is still the one that ``before`` marks, else ``NoteChanged``."""
    appointment = cancelling.seen(appointment_id)
    tenant = appointment.establishment_id
    if actor.kind != "staff" or actor.establishment != tenant:
        raise refusals.NoSuchAppointment(_("Ce rendez-vous n’existe pas, ou n’est pas le vôtre."))
    with tenancy.inside(tenant):
        cancelling.must_begin(appointment, None)
        appointment.refresh_from_db()
        known = sealed_details.reveal(actor, Purpose.AGENDA, [appointment])[appointment_id]
        wanted = note.strip()[:NOTE_MAX]
        if known.note == wanted:
            return
        if mark_of(known.note) != before:
            raise NoteChanged(_("Quelqu’un a changé ce mot entre-temps."))
        file = gate.files_behind(actor, Purpose.AGENDA, [appointment_id])[appointment_id]
        values: dict[str, str | None] = {"details": replace(known, note=wanted).as_json()}
        gate.seal(actor, Purpose.AGENDA, appointment, values, subject=file, tenant=tenant)
        appointment.save(update_fields=["details"])
