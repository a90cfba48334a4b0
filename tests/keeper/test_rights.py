"""Who opens what; missing and forbidden look alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from serment.disclosure import (
    SYSTEM,
    Actor,
    NotYours,
    Purpose,
    SealBroken,
    SealedValue,
    SessionEnded,
    gate,
    opening,
)
from serment.ids import new_id
from tests.keeper.running import make_appointment, make_file, patient_of, staff_of

pytestmark = pytest.mark.usefixtures("own_keeper")
NAMES = ["family_name", "given_name"]


def refusal_of(actor: Actor, file: Any, purpose: Purpose = Purpose.RECEPTION) -> str:
    with pytest.raises(NotYours) as refused:
        gate.reveal(actor, purpose, [file], NAMES)
    return refused.value.sentence


def test_staff_open_their_own_establishments_files_only() -> None:
    here, there = new_id(), new_id()
    file = make_file(here)
    assert gate.reveal(staff_of(here), Purpose.RECEPTION, [file], NAMES) == {
        file.pk: {"family_name": "Quatrevaux", "given_name": "Philomène"}
    }
    forbidden = refusal_of(staff_of(there), file)
    file.id = new_id()
    assert refusal_of(staff_of(here), file) == forbidden


def test_one_forbidden_record_in_a_batch_opens_none() -> None:
    here = new_id()
    with pytest.raises(NotYours):
        gate.reveal(
            staff_of(here), Purpose.RECEPTION, [make_file(here), make_file(new_id())], NAMES
        )


def test_a_patient_opens_the_own_file_and_no_other() -> None:
    here, account = new_id(), new_id()
    me = patient_of(account)
    mine, other = make_file(here), make_file(here)
    refusal_of(me, mine, Purpose.SELF)
    gate.link(SYSTEM, account=account, patient_file=mine.pk)
    assert gate.reveal(me, Purpose.SELF, [mine], NAMES)
    assert gate.files_of(me, account) == [mine.pk]
    refusal_of(me, other, Purpose.SELF)
    refusal_of(me, mine, Purpose.AGENDA)


def test_a_patient_links_no_file_somebody_else_made() -> None:
    here, account = new_id(), new_id()
    other = make_file(here)
    with pytest.raises(NotYours):
        gate.link(patient_of(account), account=account, patient_file=other.pk)


def test_a_patient_reads_the_own_appointments_and_the_file_behind_them() -> None:
    here, account = new_id(), new_id()
    me, mine, other = patient_of(account), make_file(here), make_file(here)
    gate.link(SYSTEM, account=account, patient_file=mine.pk)
    appointment = make_appointment(here, mine.pk)
    foreign = make_appointment(here, other.pk)
    assert gate.records_of(me, account) == [appointment.pk]
    assert gate.files_behind(me, Purpose.SELF, [appointment.pk]) == {appointment.pk: mine.pk}
    with pytest.raises(NotYours):
        gate.files_behind(me, Purpose.SELF, [appointment.pk, foreign.pk])
    assert gate.records_of(me, other.pk) == []


def test_a_closed_or_borrowed_session_opens_nothing() -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    borrowed = Actor("staff", new_id(), "", here, "s-1", capability=actor.capability)
    without = Actor("staff", actor.id, "", here, "s-1")
    promoted = Actor("staff", actor.id, "manager", here, "s-1", capability=actor.capability)
    for wrong in (borrowed, without, promoted):
        with pytest.raises(SessionEnded):
            gate.reveal(wrong, Purpose.RECEPTION, [file], NAMES)
    gate.close_session(actor.capability)
    with pytest.raises(SessionEnded):
        gate.reveal(actor, Purpose.RECEPTION, [file], NAMES)


def test_serment_itself_and_the_operator_open_nothing() -> None:
    file = make_file(new_id())
    for kind in ("system", "operator", "worker", "partner"):
        refusal_of(Actor(kind, new_id()), file)  # type: ignore[arg-type]


def test_a_record_never_changes_its_owner() -> None:
    here = new_id()
    mine, other = make_file(here), make_file(here)
    appointment = make_appointment(here, mine.pk)
    with pytest.raises(NotYours):
        gate.seal(
            SYSTEM, Purpose.BOOKING, appointment, {"details": "{}"},
            subject=other.pk, tenant=here,
        )  # fmt: skip


def test_a_ticket_opens_its_fields_in_its_window_for_its_purpose() -> None:
    here, now = new_id(), datetime.now(UTC)
    hour = timedelta(hours=1)
    file = make_file(here, email="philomene@exemple.fr")
    appointment = make_appointment(here, file.pk, "{'mode': 'video'}")
    fields = ["details", "patient.email"]

    def ticket(start: datetime, end: datetime) -> bytes:
        return gate.errand(staff_of(here), appointment.pk, fields, Purpose.MESSAGE, start, end)

    good = ticket(now - hour, now + hour)
    behind = gate.files_behind_with_ticket(good, [appointment.pk], Purpose.MESSAGE)
    assert behind == {appointment.pk: file.pk}
    opened = gate.reveal_with_ticket(good, [file], ["email"], Purpose.MESSAGE)
    assert opened[file.pk]["email"] == "philomene@exemple.fr"
    assert gate.reveal_with_ticket(good, [appointment], ["details"], Purpose.MESSAGE)
    for wrong in (
        lambda: gate.reveal_with_ticket(good, [file], ["family_name"], Purpose.MESSAGE),
        lambda: gate.reveal_with_ticket(good, [file], ["email"], Purpose.EXPORT),
        lambda: gate.reveal_with_ticket(good, [make_file(here, email="x")], ["email"],
                                        Purpose.MESSAGE),
        lambda: gate.reveal_with_ticket(ticket(now - 2 * hour, now - hour), [file], ["email"],
                                        Purpose.MESSAGE),
        lambda: gate.reveal_with_ticket(b"guess" * 6, [file], ["email"], Purpose.MESSAGE),
    ):  # fmt: skip
        with pytest.raises(NotYours):
            wrong()


def test_bytes_moved_to_another_row_or_field_do_not_open() -> None:
    here = new_id()
    one, other, actor = make_file(here), make_file(here, family_name="Autre"), staff_of(here)
    own = one.family_name
    for victim, name in ((other, "family_name"), (one, "given_name")):
        setattr(victim, name, own)
        with pytest.raises(SealBroken):
            gate.reveal(actor, Purpose.RECEPTION, [victim], [name])
    flipped = bytearray(own.sealed)
    flipped[-1] ^= 1
    one.family_name = SealedValue(bytes(flipped))
    with pytest.raises(SealBroken):
        gate.reveal(actor, Purpose.RECEPTION, [one], ["family_name"])
    one.family_name = own  # negative control: at its own place it opens
    assert gate.reveal(actor, Purpose.RECEPTION, [one], ["family_name"])


def test_a_key_once_released_opens_no_later_version() -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"])
    _opened, [closed] = opening.closed_values([file], ["family_name"])
    key = opening.leases.get(closed.lease_name(actor, Purpose.RECEPTION))
    assert key is not None
    assert opening.open_sealed(*key, file.family_name.sealed) == "Quatrevaux"
    gate.seal(
        actor, Purpose.RECEPTION, file, {"family_name": "Nouvelle"}, subject=file.pk, tenant=here
    )
    with pytest.raises(SealBroken):
        opening.open_sealed(*key, file.family_name.sealed)
    assert gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"]) == {
        file.pk: {"family_name": "Nouvelle"}
    }


def test_a_deleted_record_is_gone_and_its_deletion_told() -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    appointment = make_appointment(here, file.pk, by=actor)
    gate.delete(actor, Purpose.AGENDA, appointment)
    with pytest.raises(NotYours):
        gate.reveal(actor, Purpose.AGENDA, [appointment], ["details"])
    assert gate.history(actor, file.pk)[0].fields == ("deleted",)
