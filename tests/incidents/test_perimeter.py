"""The perimeter: what was taken, exactly, and the same answer each time it is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner

from serment.disclosure import SYSTEM, Purpose, gate, opening, told
from serment.ids import new_id
from serment.incidents import command, perimeter
from serment.incidents.perimeter import compute
from tests.keeper.running import Running, make_appointment, make_file, patient_of, staff_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KNOWN = {"patient.family_name": "identity", "patient.phone": "contact", "account.email": "contact"}
ANN, BOB, CAT, EVE = (UUID(int=n) for n in range(1, 5))


@dataclass(frozen=True)
class Row:
    record: UUID
    kind: str
    fields: tuple[str, ...]
    replaced: bool = False


@dataclass(frozen=True)
class Seen:
    seq: int
    at: datetime
    person: UUID | None
    records: tuple[Row, ...]
    kind: str = "read"
    person_kind: str = "patient"
    erased: bool = False
    purpose: str = "care"


def seen(seq: int, minutes: float, person: UUID, *fields: str, **more: Any) -> Seen:
    record = Row(person, "patient", fields, more.pop("replaced", False))
    return Seen(seq, NOON + timedelta(minutes=minutes), person, (record,), **more)


def perimeter_of(*rows: Seen, held: int = 10) -> dict[str, Any]:
    found = compute({"from": "noon"}, NOON, rows, held=held, lease_seconds=300, known_fields=KNOWN)
    return found.as_json()


def test_persons_records_fields_and_appointments_are_counted_each_for_itself() -> None:
    visit = Seen(
        3, NOON + timedelta(minutes=3), ANN,
        (Row(UUID(int=77), "appointment", ("details",)), Row(ANN, "patient", ("phone",))),
    )  # fmt: skip
    found = perimeter_of(
        seen(1, 1, ANN, "family_name"), seen(2, 2, BOB, "family_name", "phone"), visit
    )
    assert (found["persons"], found["records"], found["appointments"]) == (2, 3, 1)
    assert found["fields"] == {
        "appointment.details": 1, "patient.family_name": 2, "patient.phone": 2
    }  # fmt: skip
    assert found["not_opened"] == {"contact": ["account.email"]}
    assert found["first"] < found["last"]


def test_the_lease_before_the_window_makes_possible_and_never_confirmed() -> None:
    found = perimeter_of(
        seen(1, -3, ANN, "phone"), seen(2, -2, BOB, "phone"), seen(3, 1, BOB, "phone"), held=10
    )
    assert found["tiers"] == {"confirmed": 1, "possible": 1, "excluded": 8}
    assert found["persons"] == 1
    assert [reason["tier"] for reason in found["reasons"]] == ["confirmed", "possible", "excluded"]


def test_held_is_never_reported_as_opened_and_writing_is_no_opening() -> None:
    found = perimeter_of(seen(1, 1, ANN, "phone", kind="write"), held=300_000)
    assert found["persons"] == 0
    assert found["tiers"] == {"confirmed": 0, "possible": 0, "excluded": 300_000}
    assert found["first"] is None


def test_altered_unaltered_and_unavailable_are_three_answers() -> None:
    found = perimeter_of(
        seen(1, 1, ANN, "phone"),
        seen(2, 2, BOB, "phone", kind="write", replaced=True),
        seen(3, 3, CAT, "deleted", kind="write"),
        seen(4, 4, EVE, "phone", kind="write"),
    )
    assert found["integrity"] == {"altered": 1, "unaltered": 1, "unavailable": 1}


def test_a_search_hit_concerns_the_person_but_opened_no_field() -> None:
    found = perimeter_of(seen(1, 1, ANN, "found", kind="search"))
    assert (found["persons"], found["fields"]) == (1, {})


def test_both_sides_know_what_is_no_field() -> None:
    assert told.NOT_FIELDS == perimeter.NOT_FIELDS


def test_staff_are_counted_apart() -> None:
    found = perimeter_of(seen(1, 1, ANN, "email", person_kind="staff"))
    assert (found["persons"], found["staff"]) == (0, 1)


def test_the_digest_depends_on_the_answer_and_nothing_else() -> None:
    rows = [seen(1, 1, ANN, "phone"), seen(2, 2, BOB, "phone")]
    assert perimeter_of(*rows)["digest"] == perimeter_of(*reversed(rows))["digest"]
    assert perimeter_of(*rows)["digest"] != perimeter_of(rows[0])["digest"]
    assert perimeter_of(*rows)["digest"] != perimeter_of(rows[0], replace(rows[1], seq=3))["digest"]


app = typer.Typer()
command.register(app)


def asked(*options: str) -> tuple[int, dict[str, Any]]:
    window = ["--from", "2026-01-01", "--to", (datetime.now(UTC) + timedelta(hours=1)).isoformat()]
    result = CliRunner().invoke(app, [*window, *options, "--json"])
    return result.exit_code, json.loads(result.stdout) if result.exit_code == 0 else {}


def test_the_command_finds_exactly_what_a_thief_with_a_session_took(own_keeper: Running) -> None:
    here, there = new_id(), new_id()
    files = [make_file(here) for _ in range(6)] + [make_file(there)]
    visits = [make_appointment(here, file.pk) for file in files[:6]]
    thief, honest = staff_of(here, session="stolen"), staff_of(here, session="s-2")
    gate.reveal(honest, Purpose.RECEPTION, files[3:6], ["family_name"])
    taken = files[:3]
    gate.reveal(thief, Purpose.AGENDA, taken, ["family_name", "given_name"])
    gate.reveal(thief, Purpose.AGENDA, visits[:2], ["details"])
    status, found = asked("--session", "stolen", "--establishment", str(here))
    assert status == 0
    assert (found["persons"], found["appointments"], found["records"]) == (3, 2, 5)
    assert found["fields"] == {
        "appointment.details": 2, "patient.family_name": 3, "patient.given_name": 3
    }  # fmt: skip
    assert found["tiers"] == {"confirmed": 3, "possible": 0, "excluded": 3}
    assert "patient.phone" in found["not_opened"]["contact"]
    assert found["isolated"] is False
    for selector, value, persons in (
        ("--actor", str(thief.id), 3), ("--actor", str(honest.id), 3), ("--client", "web", 6),
        ("--client", "partner", 0), ("--establishment", str(there), 0),
    ):  # fmt: skip
        assert asked(selector, value)[1]["persons"] == persons


def test_a_breach_at_a_provider_is_answered_by_what_it_was_handed(own_keeper: Running) -> None:
    here, now = new_id(), datetime.now(UTC)
    desk, files = staff_of(here), [make_file(here, phone="+33612345678") for _ in range(3)]
    for file, provider in zip(files, ("ovhcloud", "ovhcloud", ""), strict=True):
        visit = make_appointment(here, file.pk)
        window = now - timedelta(minutes=5), now + timedelta(hours=1)
        ticket = gate.errand(desk, visit.pk, ["patient.phone"], Purpose.MESSAGE, *window)
        gate.reveal_with_ticket(ticket, [file], ["phone"], Purpose.MESSAGE, recipient=provider)
    found = asked("--recipient", "ovhcloud", "--list")[1]
    assert (found["persons"], found["fields"]) == (2, {"patient.phone": 2})
    assert {one["person"] for one in found["list"]} == {str(file.pk) for file in files[:2]}
    assert found["tiers"]["excluded"] == 1
    assert asked("--recipient", "brevo")[1]["known"] is False
    assert asked("--client", "worker")[1]["persons"] == 3  # the control: by what it was opened
    told = gate.history(desk, files[0].pk)
    assert {one.recipient for one in told if one.fields == ("phone",)} == {"ovhcloud"}


def test_the_same_question_about_an_ended_window_gives_the_same_digest(own_keeper: Running) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    gate.reveal(actor, Purpose.AGENDA, [file], ["family_name"])
    end = datetime.now(UTC)
    first = command.answer_of(NOON - timedelta(days=300), end, establishment=here)
    make_file(here)
    opening.leases.clear()
    gate.reveal(actor, Purpose.AGENDA, [file], ["family_name"])
    assert command.answer_of(NOON - timedelta(days=300), end, establishment=here) == first
    later = command.answer_of(NOON - timedelta(days=300), datetime.now(UTC), establishment=here)
    assert later["digest"] != first["digest"]  # negative control: another window, another digest


def test_a_file_and_its_persons_account_are_one_person(own_keeper: Running) -> None:
    from serment.identity.models import Account

    here, account = new_id(), Account(id=new_id())
    me = patient_of(account.pk)
    gate.seal(me, Purpose.SELF, account, {"email": "a@exemple.fr"}, subject=account.pk, tenant=None)
    file = make_file(here)
    gate.link(SYSTEM, account=account.pk, patient_file=file.pk)
    gate.reveal(me, Purpose.SELF, [account], ["email"])
    gate.reveal(me, Purpose.SELF, [file], ["family_name"])
    found = asked("--actor", str(account.pk))[1]
    assert (found["persons"], found["records"]) == (1, 2)
    assert found["tiers"]["excluded"] == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--from", "yesterday", "--to", "2026-11-02"],
        ["--from", "2026-11-02", "--to", "2026-11-01"],
        ["--from", "2026-11-01", "--to", "2026-11-02", "--actor", "somebody"],
        ["--to", "soon"],
    ],
)
def test_unusable_input_is_one_sentence_and_status_2(options: list[str]) -> None:
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_keeper_that_is_away_is_said(own_keeper: Running) -> None:
    own_keeper.stop()
    result = CliRunner().invoke(app, ["--from", "2026-11-01", "--to", "2026-11-02"])
    assert result.exit_code == 2
    assert "keeper is not answering" in result.output


def test_who_is_on_a_continuity_sheet_only_is_reachable() -> None:
    """One opening of another kind, and the person is no longer only reachable."""
    first, second = new_id(), new_id()
    rows = [
        seen(1, 0, first, "phone", purpose="continuity"),
        seen(2, 1, second, "phone", purpose="continuity"),
        seen(3, 2, second, "phone"),
    ]
    told = {one["person"]: one for one in perimeter.each_person(NOON, rows)}
    assert told[str(first)]["reachable"]
    assert told[str(first)]["reason"] == perimeter.WHY_REACHABLE
    assert not told[str(second)]["reachable"]
    found = perimeter_of(*rows)
    assert (found["persons"], found["reachable"]) == (2, 1)
    assert [(one["persons"], one["reason"]) for one in found["reasons"][:2]] == [
        (1, perimeter.WHY_CONFIRMED), (1, perimeter.WHY_REACHABLE),
    ]  # fmt: skip
