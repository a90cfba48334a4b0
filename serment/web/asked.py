"""What visitors put into addresses and forms, read within bounds: never an exception, never a 500.

Anything unreadable is None; the page then says so or takes its default. Nothing else in ``web``
reads a request's address, form or files (tests/house): what it is given here has bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict

YEAR_MIN, YEAR_MAX = 2000, 2100
FIELDS_MAX, LISTED_MAX, LETTERS_MAX = 100, 1000, 10_000
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,120}", re.ASCII)


def number(text: str, most: int) -> int | None:
    """A whole number from 0 to ``most``; larger ones are ``most``."""
    return min(int(text), most) if _NUMBER.fullmatch(text) else None


def within(text: str, least: int, most: int) -> int | None:
    """A whole number within its limits: what is written there is kept as it is or refused."""
    read = number(text.strip(), most + 1)
    return read if read is not None and least <= read <= most else None


def words(text: str, letters_max: int) -> str:
    """Text without the NUL that PostgreSQL refuses, trimmed and cut."""
    return text.replace("\x00", "").strip()[:letters_max]


def slug(text: str) -> str:
    """A slug, or nothing."""
    return text if _SLUG.fullmatch(text) else ""


def uuid(text: str) -> UUID | None:
    """An id."""
    try:
        return UUID(text)
    except ValueError:
        return None


def day(text: str) -> date | None:
    """A date of this century, ISO 8601; a browser's field in which "26" was typed sends 0026."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    if 9 < found.year < 100:
        found = found.replace(year=2000 + found.year)
    return found if YEAR_MIN <= found.year <= YEAR_MAX else None


def local_instant(text: str) -> datetime | None:
    """A wall-clock time of this century, without a zone; years as in ``day``."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if 9 < found.year < 100:
        found = found.replace(year=2000 + found.year)
    return found.replace(tzinfo=None) if YEAR_MIN <= found.year <= YEAR_MAX else None


def instant(text: str) -> datetime | None:
    """An instant of this century with its offset, in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None or not YEAR_MIN <= found.year <= YEAR_MAX:
        return None
    return found.astimezone(UTC)


class Given(dict[str, str]):
    """The fields of an address or a form: the last value of each name, bounded.

    At most ``FIELDS_MAX`` names; values without NUL and no longer than ``LETTERS_MAX``.
    """

    def __init__(self, given: QueryDict) -> None:
        self._lists = {
            name: [_bounded(value) for value in given.getlist(name)[:LISTED_MAX]]
            for name in islice(given, FIELDS_MAX)
        }
        super().__init__({name: _bounded(given.get(name, "")) for name in self._lists})

    def getlist(self, name: str) -> list[str]:
        """All values of a name that may come several times, the first ``LISTED_MAX``."""
        return self._lists.get(name, [])

    def lists(self) -> Iterable[tuple[str, list[str]]]:
        """Each name with all its values."""
        return self._lists.items()


def _bounded(text: str) -> str:
    return text.replace("\x00", "")[:LETTERS_MAX]


def query(request: HttpRequest) -> Given:
    """What the address asks."""
    return Given(request.GET)


def sent(request: HttpRequest) -> Given:
    """What the form holds."""
    return Given(request.POST)


def given(request: HttpRequest) -> Given:
    """The form where one was sent, else the address."""
    return sent(request) if request.method == "POST" else query(request)


def body(request: HttpRequest, bytes_max: int) -> bytes | None:
    """What a program sent, which is no form; None where it is too much."""
    sent = request.body if request.method == "POST" else b""
    return sent if len(sent) <= bytes_max else None


def whole(request: HttpRequest, name: str) -> str:
    """A file that a form carries on to its next page: bounded by what a request may hold alone."""
    return request.POST.get(name, "")


def file(request: HttpRequest, name: str) -> UploadedFile[Any] | None:
    """A file sent with a form; the caller looks at its size before it reads it."""
    found = request.FILES.get(name)
    return found if isinstance(found, UploadedFile) else None


def has_files(request: HttpRequest) -> bool:
    """Whether a file came with the form."""
    return bool(request.FILES)


def cookie(request: HttpRequest, name: str) -> str:
    """A cookie, bounded like any field; what it may say is the caller's to check."""
    return _bounded(request.COOKIES.get(name, ""))
