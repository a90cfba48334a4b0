"""What the pages for operators and auditors say is what the code does."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

import pytest
from django.urls import get_resolver

from serment.disclosure import all_sealed
from serment.identity import passwords, policy
from serment.identity.means import book, codes, listed, proofs, rescue, strength
from serment.interchange import apart, calendar_text, calendars, patients_csv, text_tables
from serment.keeper import client, door, wire
from serment.keeper.policy import standing
from serment.keeper.policy.budgets import DEFAULT_LIMITS, SLOWED_PER_SECOND
from serment.live.serving import Limits
from serment.scheduling import holding, own_visits
from serment.web import asked
from serment.web.practice import arriving
from tests.asvs.source import ROOT

MIB = 1 << 20


@lru_cache
def page(name: str) -> str:
    """A page of the documentation, its line ends as spaces."""
    return " ".join((ROOT / "docs" / name).read_text(encoding="utf-8").split())


def lacking(name: str, said: list[str]) -> list[str]:
    """Which of these sentences the page does not have."""
    return [one for one in said if one not in page(name)]


def test_the_page_of_limits_says_what_the_code_does() -> None:
    limits = Limits()
    told = [
        f"| body | {limits.body_bytes_max // MIB} MiB | 413 |",
        f"| time for a body to arrive | {limits.body_seconds_max:g} s | 408 |",
        f"| time without a sign from a page | {limits.answer_seconds_max:g} s | 503;",
        f"| requests that wait for a page | {limits.waiting_max} a process |",
        f"| {asked.FIELDS_MAX}, {asked.LISTED_MAX:,}, {asked.LETTERS_MAX:,} |",
        f"| one question to the keeper | {client.SECONDS_MAX:g} s |",
        f"| a frame to the keeper | {wire.FRAME_BYTES_MAX // MIB} MiB |",
        f"| connections to the keeper | {door.CONNECTIONS_MAX} |",
        f"| {arriving.FILE_BYTES_MAX / 1e6:g} MB at the desk,"
        f" {text_tables.FILE_BYTES_MAX // MIB} MiB by command |"
        f" {patients_csv.LINES_MAX:,} lines, {text_tables.CELL_LETTERS_MAX:,} letters a cell |",
        f"{calendar_text.FILE_BYTES_MAX // MIB} MiB by command | {calendars.EVENTS_MAX:,} events",
        f"a child of {apart.CPU_SECONDS_MAX} s of processor, {apart.WALL_SECONDS_MAX:g} s of clock"
        f" and {apart.MEMORY_BYTES_MAX >> 30} GiB of memory",
        "kept for ten minutes an account",
        f"{own_visits.WITH_ONE_MAX} visits to come with one practitioner,"
        f" {own_visits.IN_ALL_MAX} in all",
    ]
    assert holding.HOLD_MINUTES == 10
    assert lacking("operate/limits.md", told) == []
    assert lacking("operate/limits.md", ["| body | 26 MiB |"])  # the control


def test_the_page_of_budgets_says_what_the_code_does() -> None:
    for limits in DEFAULT_LIMITS.values():
        for limit in limits:
            window = "an hour" if limit.window_us == 3_600_000_000 else "a day"
            assert re.search(rf"\b{limit.persons:,}( persons)? {window}|{limit.persons:,} {window}",
                             page("reference/budgets.md")), limit  # fmt: skip
    assert lacking(
        "reference/budgets.md",
        [f"goes on at {SLOWED_PER_SECOND} new persons a second",
         f"after {standing.REFUSALS_MAX} refusals"],
    ) == []  # fmt: skip
    assert (standing.GLASS_PER_ACTOR, standing.GLASS_PER_ESTABLISHMENT) == (10, 60)
    assert lacking("reference/budgets.md", ["Ten an hour for one person, sixty for"]) == []


@pytest.mark.django_db
def test_the_page_of_sign_in_says_what_the_code_does() -> None:
    from allauth.account import app_settings as library

    assert proofs.TRIES == "5/5m/key,20/d/key"
    assert rescue._MAILS == "3/h/key"
    limits = {name: library.RATE_LIMITS[name] for name in
              ("login", "login_failed", "signup", "reset_password")}  # fmt: skip
    assert limits == {
        "login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key", "signup": "20/m/ip",
        "reset_password": "20/m/ip,5/m/key",
    }  # fmt: skip
    assert (
        library.EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS,
        library.EMAIL_VERIFICATION_MAX_RESEND_COUNT,
        library.EMAIL_VERIFICATION_BY_CODE_TIMEOUT,
    ) == (3, 2, 900)
    assert (passwords.LETTERS_MIN, passwords.LETTERS_MAX) == (12, 1_000)
    told = [
        f"a proof of the last {strength.STEP_UP_SECONDS // 60} minutes",
        f"| staff | {listed.STAFF_IDLE.seconds // 3600} hour |"
        f" {listed.STAFF_WHOLE.seconds // 3600} hours |",
        f"| patients | {listed.PATIENT_IDLE.days} days | {listed.PATIENT_WHOLE.days} days |",
        "password, three days, then the mailbox",
        f"{len(passwords.breached()):,} leaked ones",
        f"fewer than {passwords.BITS_MIN} bits",
        ", ".join(f"`{word}`" for word in passwords.SITE_WORDS),
        "Thirty at once;",
    ]
    assert rescue.WAIT.days == 3
    assert book.SESSIONS_MAX == 30
    assert lacking("operate/sign-in.md", told) == []
    assert codes.LETTERS == 10


def _open_ways() -> set[str]:
    """Addresses below ``compte/`` that are open to somebody who has not signed in."""
    from scripts import rights_page

    return {
        address
        for _name, address, view in rights_page.routes(get_resolver().url_patterns)
        if address.startswith("compte/")
        and (found := policy.door_of(view)) is not None
        and found.who is policy.Who.EVERYBODY
    }


def test_every_way_in_is_on_the_page() -> None:
    named = set(re.findall(r"`/(compte/[\w/-]+/)…?`", page("operate/sign-in.md")))
    ways = _open_ways()
    unknown = {way for way in ways if not any(way.startswith(one) for one in named)}
    assert unknown == set()
    assert {one for one in named if not any(way.startswith(one) for way in ways)} == set()
    assert not any("compte/secret/".startswith(one) for one in named)  # the control
    assert "no secret questions" in page("operate/sign-in.md")


def test_every_sealed_field_has_its_protection() -> None:
    zones: dict[str, set[str]] = defaultdict(set)
    for _model, field in all_sealed():
        zones[field.zone].add(field.name)
    told = {
        zone: set(re.findall(r"`(\w+)`", row))
        for zone, row in re.findall(
            r"\| \*\*(\w+)\*\* \|([^|]*)\|", page("reference/protection.md")
        )
    }
    assert {zone: told.get(zone, set()) for zone in zones} == dict(zones)
