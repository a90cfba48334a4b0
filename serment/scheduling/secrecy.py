"""A visit that its person keeps from those who act for them (CSP L1111-5).

From then on it shows to nobody who acts for the person, and nothing goes out about it: the address
in a minor's file is often a parent's. Care goes on as ever.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, acting, gate
from serment.outbox import besides, post, reminders
from serment.scheduling import cancelling, sealed_details, waiting_list
from serment.scheduling.models import Appointment


def keep_secret(actor: Actor, appointment_id: UUID) -> Appointment:
    """Close a visit that stands already; what waits to be sent about it is called back, and nobody
    waits for a sooner hour of it: an offer of one would tell that there is such a visit.

    The transaction must stand where it is seen. Raises ``NoSuchAppointment`` or ``NotYours``.
    """
    appointment = cancelling.seen(appointment_id)
    tenant = appointment.establishment_id
    with tenancy.inside(tenant):
        acting.keep(actor, appointment_id)
        post.silence(appointment_id, tenant)
        besides.leave_out(tenant, appointment_id)
        reminders.forget(tenant, appointment_id)
        waiting_list.leave_for(actor, appointment, clock.now())
        known = sealed_details.reveal(actor, Purpose.BOOKING, [appointment])[appointment_id]
        file = gate.files_behind(actor, Purpose.BOOKING, [appointment_id])[appointment_id]
        values = {"details": replace(known, kept=True).as_json()}
        gate.seal(actor, Purpose.BOOKING, appointment, values, subject=file, tenant=tenant)
        appointment.save(update_fields=["details"])
    return appointment


def is_kept(actor: Actor, appointment: Appointment) -> bool:
    """Was it kept, also where it is cancelled since? Its details are opened, on record."""
    known = sealed_details.reveal_openable(actor, Purpose.BOOKING, [appointment])
    return appointment.id in known and known[appointment.id].kept


def seal_kept(actor: Actor, appointment: Appointment, details: str, patient_file: UUID) -> None:
    """Seal a new visit and close it in the same transaction, before anybody sees its row."""
    tenant = appointment.establishment_id
    values = {"details": details}
    gate.seal(actor, Purpose.BOOKING, appointment, values, subject=patient_file, tenant=tenant)
    acting.keep(actor, appointment.id)
