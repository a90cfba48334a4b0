"""What lies in the database of a code: nothing that names anybody, and guesses that are counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test import RequestFactory

from serment import clock
from serment.directory import tenancy
from serment.identity import desk_codes, desk_words, walls
from serment.identity.models import DeskCode, PatientFile

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_guesses_at_once_are_counted_one_after_the_other(
    hand: Callable[..., desk_codes.Issued], monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Twelve birth dates sent at the same moment: no more than five are looked at."""
    monkeypatch.setattr(desk_codes, "TRIES", "1000/m/ip")
    if not guarded:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows)
    issued, looked, all_here = hand(), [], threading.Barrier(12)
    really = desk_codes._terms

    def terms(code: str, now: datetime) -> desk_words.Terms | None:
        found = really(code, now)
        looked.append(found is not None)
        time.sleep(0.1)
        return found

    monkeypatch.setattr(desk_codes, "_terms", terms)

    def guess(number: int) -> None:
        all_here.wait()
        with transaction.atomic(), suppress(desk_codes.CodeUnusable):  # as a page does
            request = RequestFactory().post("/", REMOTE_ADDR=f"10.0.0.{number}")
            desk_codes.check(request, issued.code, "1941-01-01", clock.now())
        connection.close()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(looked) > desk_codes.WRONG_MAX) is not guarded


def test_the_rows_name_nobody_and_no_code_is_found_without_the_keepers_secret(
    hand: Callable[..., desk_codes.Issued], file: UUID, establishment: UUID, superuser: Any
) -> None:
    issued = hand()
    assert not DeskCode.objects.exists()  # seen by whoever holds the code, and nobody else
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL row_security = on")
        cursor.execute("SELECT count(*) FROM identity_deskcode")
        assert cursor.fetchone() == (0,)
    kept = desk_words.as_kept(issued.code)
    with walls.holding(desk_words.digest_of(kept)):
        row = DeskCode.objects.get()
    blob = bytes(row.digest) + bytes(row.sealed)
    for secret in (file.bytes, file.hex.encode(), establishment.bytes, kept.encode(),
                   issued.card.encode(), b"1941-03-12"):  # fmt: skip
        assert secret not in blob
    assert (row.expires_at.hour, row.expires_at.minute, row.expires_at.microsecond) == (0, 0, 0)
    with tenancy.inside(tenant=establishment):
        closed = PatientFile.objects.get(pk=file).desk_link
    assert issued.card.encode() not in closed.sealed
    assert issued.code not in repr(issued)


@pytest.mark.django_db(transaction=True)
def test_only_the_worker_sees_codes_of_all_and_only_those_whose_day_has_passed(
    hand: Callable[..., desk_codes.Issued], superuser: Any
) -> None:
    digest = desk_words.digest_of(desk_words.as_kept(hand().code))
    superuser.execute("SET ROLE serment_worker")
    try:
        superuser.execute("DELETE FROM identity_deskcode")
        kept = superuser.execute("SELECT count(*) FROM identity_deskcode").fetchone()
    finally:
        superuser.execute("RESET ROLE")
    with walls.holding(digest):
        assert DeskCode.objects.exists()
    assert kept == (0,)  # one that is good is not seen, let alone forgotten
    superuser.execute("UPDATE identity_deskcode SET expires_at = now() - interval '1 minute'")
    superuser.execute("SET ROLE serment_worker")
    try:
        superuser.execute("DELETE FROM identity_deskcode")
    finally:
        superuser.execute("RESET ROLE")
    with walls.holding(digest):
        assert not DeskCode.objects.exists()
