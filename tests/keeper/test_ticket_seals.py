"""A ticket that lets one field be sealed once: it seals that, and can do nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from serment.disclosure import (
    SYSTEM,
    NotYours,
    Purpose,
    SealedValue,
    acting,
    gate,
    ticket_seals,
)
from serment.disclosure.line import ask
from serment.errors import Refused
from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.entrances import PASSES, Entrance
from serment.keeper.ticket_seals import SealByTicketAsk
from serment.keeper.words import SEALED_BY_TICKET
from tests.keeper.running import make_appointment, make_file, patient_of, staff_of
from tests.keeper.test_acting import Child

pytestmark = pytest.mark.usefixtures("own_keeper")
SEALS, ADDRESS, WHY = "seal.cancellation", "patient.email", '{"by": "link", "reason": "Fièvre"}'
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class _Scene:
    """A house, a person of it, a visit; ``signed`` makes tickets for the visit."""

    def __init__(self) -> None:
        self.here, self.now = new_id(), datetime.now(UTC)
        self.desk = staff_of(self.here)
        self.file = make_file(self.here, email="p@exemple.fr")
        self.visit = make_appointment(self.here, self.file.pk)

    def signed(
        self, *fields: str, by: Any = None, record: Any = None, since: timedelta = 8 * DAY,
        until: timedelta = 30 * DAY,
    ) -> bytes:  # fmt: skip
        return gate.errand(
            by or self.desk, record or self.visit.pk, fields, Purpose.MESSAGE,
            self.now + since, self.now + until,
        )  # fmt: skip

    def seal(self, ticket: bytes, purpose: Purpose = Purpose.MESSAGE) -> None:
        ticket_seals.seal(ticket, self.visit, "cancellation", WHY, purpose)


def test_it_seals_one_field_once_long_before_it_opens_an_address_and_is_told() -> None:
    scene = _Scene()
    ticket = scene.signed(ADDRESS, SEALS)
    scene.seal(ticket)
    sealed = scene.visit.cancellation.sealed
    assert b"Fi" not in sealed
    opened = gate.reveal(scene.desk, Purpose.BOOKING, [scene.visit], ["cancellation"])
    assert opened[scene.visit.pk]["cancellation"] == WHY
    told = [one for one in gate.history(scene.desk, scene.file.pk) if one.actor_kind == "system"]
    assert ("cancellation", "message") in {
        (name, one.purpose) for one in told for part in one.records for name in part.fields
    }
    with pytest.raises(NotYours):
        scene.seal(ticket)
    assert scene.visit.cancellation.sealed == sealed


def test_sealing_leaves_the_ticket_what_else_it_is_for() -> None:
    scene = _Scene()
    ticket = scene.signed(ADDRESS, SEALS, since=-HOUR, until=HOUR)
    scene.seal(ticket)
    opened = gate.reveal_with_ticket(ticket, [scene.file], ["email"], Purpose.MESSAGE)
    assert opened[scene.file.pk]["email"] == "p@exemple.fr"


def test_it_opens_nothing() -> None:
    """The control: whoever works in the house opens what the ticket does not."""
    scene = _Scene()
    ticket = scene.signed(SEALS, since=-HOUR, until=HOUR)
    scene.visit.cancellation = None
    gate.seal(
        scene.desk, Purpose.BOOKING, scene.visit, {"cancellation": WHY}, subject=scene.file.pk,
        tenant=scene.here,
    )  # fmt: skip
    for row, fields in (
        (scene.visit, ["cancellation"]), (scene.visit, ["details"]), (scene.file, ["email"]),
    ):  # fmt: skip
        assert gate.reveal(scene.desk, Purpose.BOOKING, [row], fields)
        with pytest.raises(NotYours):
            gate.reveal_with_ticket(ticket, [row], fields, Purpose.MESSAGE)
    with pytest.raises(NotYours):
        gate.files_behind_with_ticket(ticket, [scene.visit.pk], Purpose.MESSAGE)
    for op, body in (
        ("seal", wire.SealAsk([gate._seal_item(scene.visit, {"details": "{}"}, scene.file.pk)])),
        ("delete", wire.IdAsk(scene.visit.pk.bytes, "appointment")),
        ("errand", wire.MintErrand(scene.visit.pk.bytes, [ADDRESS], "message", 1, 2)),
    ):
        with pytest.raises(Refused):
            ask(op, SYSTEM, wire.Nothing, body, purpose=Purpose.MESSAGE, errand=ticket)
    scene.seal(ticket)  # and was good all the while


@pytest.mark.parametrize("purpose", [Purpose.BOOKING, Purpose.CARE, Purpose.EXPORT])
def test_for_no_other_purpose(purpose: Purpose) -> None:
    scene = _Scene()
    with pytest.raises(NotYours):
        scene.seal(scene.signed(SEALS), purpose)


@pytest.mark.parametrize("fields", [[ADDRESS], ["cancellation"], ["cancellation", ADDRESS]])
def test_a_ticket_that_opens_seals_nothing(fields: list[str]) -> None:
    scene = _Scene()
    with pytest.raises(NotYours):
        scene.seal(scene.signed(*fields, since=-HOUR, until=HOUR))


def test_an_end_is_an_end_and_no_ticket_is_none() -> None:
    scene = _Scene()
    for ticket in (scene.signed(SEALS, since=-2 * HOUR, until=-HOUR), b"x" * 32):
        with pytest.raises(NotYours):
            scene.seal(ticket)
    with pytest.raises(NotYours):
        ask("seal_by_ticket", SYSTEM, wire.SealAnswer, SealByTicketAsk(WHY), purpose="message")


@pytest.mark.parametrize(
    "fields",
    [["seal.details"], ["seal.objection"], ["seal."], [SEALS, "seal.details"], [SEALS] * 2],
)
def test_nothing_else_of_a_visit_is_signed_for(fields: list[str]) -> None:
    """The control: the one field is."""
    scene = _Scene()
    assert scene.signed(SEALS)
    with pytest.raises(NotYours):
        scene.signed(*fields)


def test_only_for_a_visit_that_the_signer_may_write() -> None:
    scene = _Scene()
    stranger, other = staff_of(new_id()), patient_of(new_id())
    for by, record in (
        (scene.desk, scene.file.pk), (stranger, scene.visit.pk), (other, scene.visit.pk),
        (staff_of(scene.here, "privacy_officer"), scene.visit.pk),
    ):  # fmt: skip
        with pytest.raises(Refused):
            scene.signed(SEALS, by=by, record=record)


def test_who_acts_for_a_person_signs_for_their_visit_and_for_none_that_is_kept() -> None:
    """A parent books for a child: the confirmation's ticket is theirs to sign."""
    scene = _Scene()
    parent = patient_of(new_id())
    child = Child(parent, scene.here)
    seen, kept = child.visits
    acting.keep(scene.desk, kept.pk)
    assert scene.signed(ADDRESS, SEALS, by=parent, record=seen.pk)
    for visit in (kept, scene.visit):
        with pytest.raises(NotYours):
            scene.signed(ADDRESS, SEALS, by=parent, record=visit.pk)


def test_the_pages_alone_ask_it_as_nobody() -> None:
    assert set(SEALED_BY_TICKET) == {SEALS}, "a further one is another decision"
    assert {one for one, kinds in PASSES.items() if "seal_by_ticket" in kinds["system"]} == {
        Entrance.WEB, Entrance.OPERATOR,
    }  # fmt: skip
    scene = _Scene()
    ticket = scene.signed(SEALS)
    for who in (gate.WORKER, scene.desk, patient_of(new_id())):
        with pytest.raises(Refused):
            ask(
                "seal_by_ticket", who, wire.SealAnswer, SealByTicketAsk(WHY),
                purpose=Purpose.MESSAGE, errand=ticket,
            )  # fmt: skip
    scene.seal(ticket)
    assert isinstance(scene.visit.cancellation, SealedValue)
