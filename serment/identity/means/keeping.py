"""Opens and closes an account's sign-in book: under its row's lock, each opening on record.

An account opens its own book in its own name, also while it is only half signed in; the keeper
session that takes is closed with the request (``let_go``). Errors are the gate's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import HttpRequest

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere
from serment.identity import accounts
from serment.identity.means.book import Book, read, write
from serment.identity.models import Account

_FIELD = "sign_in_book"
_ACTORS = "serment_itself"


def book_of(request: HttpRequest, account: UUID) -> Book:
    """The book, to look at."""
    with tenancy.inside(account=account):
        row = _row(account)
        return _opened(itself(request, account), row) if row.sign_in_book is not None else Book()


@contextmanager
def changing(request: HttpRequest, account: UUID) -> Iterator[Book]:
    """The book, to change; nobody else changes it meanwhile. Kept unless the block raises."""
    with _changing(itself(request, account), account) as book:
        yield book


@contextmanager
def changing_alone(account: UUID) -> Iterator[Book]:
    """The same where no request is: a seed, a command, a colleague brought in anew."""
    capability = gate.open_session("patient", account, "", None, hours=1)
    with _changing(Actor("patient", account, capability=capability), account) as book:
        yield book
    gate.close_session(capability)


@contextmanager
def _changing(actor: Actor, account: UUID) -> Iterator[Book]:
    with tenancy.inside(account=account):
        row = _row(account, alone=True)
        book = _opened(actor, row) if row.sign_in_book is not None else Book()
        before = write(book)
        yield book
        after = write(book)
        if after != before:
            gate.seal(actor, Purpose.SIGN_IN, row, {_FIELD: after}, subject=account, tenant=None)
            row.save(update_fields=[_FIELD])


def let_go(request: HttpRequest) -> None:
    """With the request's end: the keeper forgets the sessions its books were opened in."""
    kept: dict[UUID, Actor] = request.__dict__.pop(_ACTORS, {})
    for actor in kept.values():
        gate.close_session(actor.capability)


def own(request: HttpRequest) -> Account:
    """The row of whoever is signed in. Raises NotThere where nobody is."""
    return _row(UUID(str(request.user.pk)))


def itself(request: HttpRequest, account: UUID) -> Actor:
    """The account in its own name, for this request."""
    kept: dict[UUID, Actor] = request.__dict__.setdefault(_ACTORS, {})
    if account not in kept:
        kept[account] = accounts.acting_for_itself(request, account)
    return kept[account]


def _row(account: UUID, *, alone: bool = False) -> Account:
    rows = Account.objects.select_for_update() if alone else Account.objects.all()
    row = rows.filter(pk=account).first()
    if row is None:
        raise NotThere
    return row


def _opened(actor: Actor, row: Account) -> Book:
    return read(gate.reveal(actor, Purpose.SIGN_IN, [row], [_FIELD])[row.pk][_FIELD])
