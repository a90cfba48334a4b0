"""Another address to sign in with: asked for with two factors, confirmed at the new mailbox, told
to the former one, which takes it back for two days by one press.

In those days no way in is added and none taken (``security.surely_known``), so what the former
mailbox brings back is the account as it was; nor in the two days after it said no, unless it chose
another password, for whoever asked still holds both factors. What is asked lies in the account's
sealed book; a link's own secret is kept as a digest, and an address stands in none.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Conflict
from serment.identity import addresses, alerts, links, registration, staff
from serment.identity.means import keeping, listed
from serment.identity.means.book import Book, Move
from serment.identity.models import Account, Role, StaffMember
from serment.outbox import envelopes
from serment.outbox.rendering import Letter

CONFIRM: Final = timedelta(hours=24)
"""How long the new mailbox has to answer."""

BACK: Final = timedelta(hours=48)
"""How long the former one may take it back."""

_NEW, _OLD = "address_new", "address_old"
_SECRET_BYTES: Final = 24


class NothingWaits(Conflict):
    """Ce lien ne sert plus."""


class Unsettled(Conflict):
    """L’adresse vient de changer, ou l’ancienne vient de dire non."""


class TakenMeanwhile(Conflict):
    """Cette adresse a un autre compte."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a link brings: whose, and its own secret."""

    account: UUID
    secret: str


def ask(request: HttpRequest, account: Account, address: str, now: datetime) -> None:
    """Keep what is wanted, and write to both mailboxes. What was asked before is forgotten.

    An address that has an account is written to as well, and told so; the page says the same.
    Raises Unsettled where the former mailbox may still take back a move of a moment ago: else two
    requests at once would leave it nothing to take back.
    """
    itself = keeping.itself(request, account.pk)
    new, old = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    taken = registration.holder_of(address) is not None
    with keeping.changing(request, account.pk) as book:
        if unsettled_until(book, now) is not None:
            raise Unsettled
        row = Account.objects.get(pk=account.pk)
        was = gate.reveal(itself, Purpose.SELF, [row], ["email"])[row.pk]["email"]
        book.move = Move(address, was, _digest(new), _digest(old), now.isoformat())
    to_new = {"taken": taken, "link": _address("account_address_new", account.pk, new, _NEW)}
    _write(itself, address, "address_new", to_new, now, asks=True)
    _write(itself, was, "address_asked", {"link": _stop_link(account.pk, old)}, now)


def waiting(book: Book, now: datetime) -> Move | None:
    """What still waits for the new mailbox."""
    move = book.move
    if move is None or not move.waits or now - datetime.fromisoformat(move.asked) > CONFIRM:
        return None
    return move


def unsettled_until(book: Book, now: datetime) -> datetime | None:
    """Until when the former mailbox may take a move back, or what it refused is near; else None."""
    if book.move is None or book.move.waits:
        return None
    until = datetime.fromisoformat(book.move.stopped or book.move.done) + BACK
    return until if until > now else None


def carried(word: str, *, new: bool) -> Carried | None:
    """What a link of ours brings; None for any other."""
    account, _blank, secret = (links.open_(word, _NEW if new else _OLD) or "").partition(" ")
    return Carried(UUID(account), secret) if secret else None


def may_confirm(book: Book, link: Carried, now: datetime) -> bool:
    """Does this link of the new mailbox move the account now?"""
    move = waiting(book, now)
    return move is not None and not book.doubted and _same(move.new, link.secret)


def may_stop(book: Book, link: Carried, now: datetime) -> bool:
    """Does this link of the former mailbox stop it, or take it back?"""
    found = book.move if unsettled_until(book, now) else waiting(book, now)
    return found is not None and not found.stopped and _same(found.old, link.secret)


def confirm(request: HttpRequest, link: Carried, now: datetime) -> None:
    """The new mailbox answered: the account has that address, and is signed in to anew.

    NothingWaits; TakenMeanwhile where the address has an account. To be called standing in it.
    """
    with keeping.changing(request, link.account) as book:
        move = book.move
        if move is None or not may_confirm(book, link, now):
            raise NothingWaits(_("Ce lien ne sert plus. Demandez-en un autre, une fois connecté."))
        _put(request, link.account, move.to)
        book.move = Move(move.to, move.was, "", move.old, move.asked, now.isoformat())
        listed.end_all(book)
    itself = keeping.itself(request, link.account)
    until = now + BACK
    # The same secret: the link that the first message brought does the same.
    _write(itself, move.was, "address_done", {"until": until}, now)


def stop(request: HttpRequest, link: Carried, now: datetime) -> bool:
    """The former mailbox says no: nothing moves, or the account has its address again. Which.

    Whoever asked was signed in: all sessions end, and for two days no way in is added, unless the
    mailbox chooses another password (``reset``). NothingWaits, TakenMeanwhile.
    """
    with keeping.changing(request, link.account) as book:
        move = book.move
        if move is None or not may_stop(book, link, now):
            raise NothingWaits(_("Ce lien ne sert plus : il a servi, ou les deux jours ont passé."))
        if move.done:
            _put(request, link.account, move.was)
        book.move = Move(stopped=now.isoformat())
        listed.end_all(book)
    return bool(move.done)


def forget(book: Book, now: datetime) -> None:
    """What is over is kept no longer, the former address above all."""
    if waiting(book, now) is None and unsettled_until(book, now) is None:
        book.move = None


def _put(request: HttpRequest, account: UUID, address: str) -> None:
    """The alias, the sealed address, and for staff the one that their house writes to."""
    alias = addresses.alias_of(address)
    registration.forget_unconfirmed(alias)  # whoever typed it first never read the mailbox
    if registration.by_address(address) not in (None, account):
        raise TakenMeanwhile(_("Cette adresse a un autre compte. Rien n’a changé."))
    row = Account.objects.select_for_update().get(pk=account)
    itself, row.alias = keeping.itself(request, account), alias
    gate.seal(itself, Purpose.SELF, row, {"email": address}, subject=account, tenant=None)
    try:
        with transaction.atomic():
            row.save(update_fields=["alias", "email"])
            EmailAddress.objects.filter(user_id=account).update(email=alias, verified=True)
    except IntegrityError as taken:
        raise TakenMeanwhile(_("Cette adresse a un autre compte. Rien n’a changé.")) from taken
    _tell_house(account, address)


def _tell_house(account: UUID, address: str) -> None:
    """A colleague's house writes, and gives a lost access back, where they sign in with.

    Who writes nothing at the keeper, a trainee or a trustee, tells the house instead.
    """
    member = staff.member_of(account)
    if member is None or not house_follows(member):
        return
    here = member.establishment_id
    capability = gate.open_session("staff", member.pk, member.role, here, 1, "address")
    actor = Actor("staff", member.pk, member.role, here, "address", capability=capability)
    with tenancy.inside(tenant=here):
        values = {"email": address}
        gate.seal(actor, Purpose.ADMINISTRATION, member, values, subject=member.pk, tenant=here)
        member.save(update_fields=["email"])
    gate.close_session(capability)


def house_follows(member: StaffMember) -> bool:
    """Does the house's own note of a colleague's address change with theirs?"""
    return member.role not in (Role.TRAINEE, Role.TRUSTEE)


def _write(
    itself: Actor, address: str, template: str, context: dict[str, object], now: datetime,
    *, asks: bool = False,
) -> None:  # fmt: skip
    """Where the person wants to be written to, if they said; what ``asks`` goes to this mailbox and
    no other, for it is asked whether it is theirs. As neutral as they want either way."""
    subject = render_to_string(f"account/email/{template}_subject.txt", context)
    body = render_to_string(f"account/email/{template}_message.txt", context).strip()
    way = alerts.way(itself, address)
    letter = alerts.as_wished(Letter(" ".join(subject.split()), body + "\n"), template, way)
    there = address if asks else way.address if way.channel == "mail" else ""
    envelopes.put(itself, there, letter, now, neutral=way.neutral or way.bare)


def _stop_link(account: UUID, secret: str) -> str:
    return _address("account_address_stop", account, secret, _OLD)


def _address(name: str, account: UUID, secret: str, purpose: str) -> str:
    word = links.close(f"{account.hex} {secret}", purpose)
    return settings.PUBLIC_URL + reverse(name, kwargs={"word": word})


def _digest(secret: str) -> str:
    return hashlib.sha256(b"serment address\x00" + secret.encode()).hexdigest()


def _same(kept: str, secret: str) -> bool:
    return hmac.compare_digest(kept, _digest(secret))
