"""What a thief of the database finds after a sign-up, a failed sign-in and a booking: nobody."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from serment.directory import tenancy
from serment.outbox import delivery, post, veil
from serment.outbox.models import Message
from tests.identity.conftest import PERSON, TRACES, pages, sign_up  # noqa: F401 -- a fixture
from tests.outbox.conftest import LATER, Booked, Sink

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])


def _forms(text: str) -> Iterator[bytes]:
    """A text as it could lie in a dump: plain, encoded, compressed columns come out as text."""
    for said in {text, text.lower(), text.upper()}:
        for encoding in ("utf-8", "latin-1", "utf-16-le"):
            raw = said.encode(encoding)
            yield raw
            yield raw.hex().encode()
            # base64 of the text at each of the three offsets, without its unstable ends
            for shift in range(3):
                yield base64.b64encode(b"\x00" * shift + raw)[4 if shift else 0 : -4]
        yield said.encode("unicode_escape")


def _dump(superuser: Any) -> bytes:
    """Every row of every table as PostgreSQL writes it out, as pg_dump would."""
    out = []
    for (table,) in superuser.execute(
        "SELECT quote_ident(relname) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall():
        if table.startswith("directory_"):
            continue
        with superuser.cursor().copy(f"COPY {table} TO STDOUT") as rows:
            out += [bytes(row) for row in rows]
        out += [
            bytes(row[0])
            for row in superuser.execute(
                f"SELECT convert_to(t::text, 'UTF8') FROM {table} t"
            ).fetchall()
        ]
    return b"\n".join(out)


def _found(dump: bytes) -> set[str]:
    lowered = dump.lower()
    return {
        trace
        for trace in TRACES
        if any(len(form) >= 6 and (form in dump or form in lowered) for form in _forms(trace))
    }


@pytest.fixture
def lived(pages: None, smtp: Sink, book: Booked, settings: Any) -> None:  # noqa: F811
    """Somebody signed up, mistyped a password, and was sent a confirmation."""
    locmem = "django.core.mail.backends.locmem.EmailBackend"
    smtp_backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, locmem
    browser = Client(headers={"accept-language": "fr"})
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    browser.post("/compte/connexion/", {"login": PERSON["email"], "password": "pas le bon"})
    settings.EMAIL_BACKEND = smtp_backend
    book(email=PERSON["email"].lower())
    book(email=PERSON["email"].lower())
    assert delivery.send_due(LATER + timedelta(seconds=1)).sent == 2
    assert smtp.recipients == [PERSON["email"].lower()] * 2


def test_the_dump_holds_no_name_address_number_or_birth_date(lived: None, superuser: Any) -> None:
    dump = _dump(superuser)
    assert b"@sealed.invalid" in dump
    assert _found(dump) == set()


def test_the_search_finds_a_planted_column_in_each_encoding(lived: None, superuser: Any) -> None:
    superuser.execute("CREATE TABLE planted (clear text, raw bytea)")
    try:
        superuser.execute(
            "INSERT INTO planted VALUES (%s, %s)",
            [PERSON["family_name"], PERSON["phone"].encode("utf-16-le")],
        )
        superuser.execute(
            "INSERT INTO planted VALUES (%s, NULL)",
            [base64.b64encode(b"x " + "né le 12 mars 1961".encode()).decode()],
        )
        found = _found(_dump(superuser))
    finally:
        superuser.execute("DROP TABLE planted")
    assert {"Quatrevaux", "98 76 54", "12 mars 1961"} <= found


def test_from_one_known_visit_no_other_of_that_person_is_found(lived: None, superuser: Any) -> None:
    """Both messages are the same person's: no value but the public and the shared joins them."""
    rows = superuser.execute(
        "SELECT id, record_id, ticket, establishment_id::text FROM outbox_message"
    ).fetchall()
    assert len(rows) == 2
    one, other = rows
    assert {one[0], one[1]}.isdisjoint({other[0], other[1]})
    files = {row[0] for row in superuser.execute("SELECT id FROM identity_patientfile").fetchall()}
    jobs = str(superuser.execute("SELECT args FROM procrastinate_jobs").fetchall())
    assert files
    known = files | {value for row in rows for value in row[:2]}
    assert not any(str(one) in jobs for one in known)


def test_a_message_leads_to_no_appointment_however_rare_its_language(
    lived: None, superuser: Any, book: Booked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two English rows, two letters, a bouncing mailbox twice: rows of nobody's visits."""

    def about(visit: Any) -> int:
        asked = "SELECT count(*) FROM outbox_message WHERE record_id = %s"
        return int(superuser.execute(asked, [visit]).fetchone()[0])

    with translation.override("en"):
        visits = [book(), book(), book(email=None), book(email=None)]
    english = superuser.execute("SELECT record_id FROM outbox_message WHERE language = 'en'")
    assert len(english.fetchall()) == 4
    assert [about(visit) for visit in visits] == [0, 0, 0, 0]
    # The control: without the veil each visit has its message, and with it its language.
    for name in ("veiled", "unveiled"):
        monkeypatch.setattr(veil, name, lambda record: record)
    monkeypatch.setattr(post, "veiled", lambda record: record)
    with translation.override("en"):
        bare = [book(), book()]
    assert [about(visit) for visit in bare] == [1, 1]


def test_a_message_is_still_found_by_its_record(lived: None, establishment: Any) -> None:
    with tenancy.inside(tenant=establishment):
        for message in Message.objects.all():
            assert Message.objects.get(record_id=message.record_id).pk == message.pk
            assert veil.unveiled(veil.veiled(message.record_id)) == message.record_id
