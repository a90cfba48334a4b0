"""What a desk's code does once it is typed: an account without e-mail, one's own file, a way back.

Runs inside the request's transaction. The keeper links with the ticket that the desk signed and
forgets the ticket with it: whatever becomes of the rows here, it serves once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.errors import Refused
from serment.identity import account_told, accounts, cards, desk_codes, reaching, walls
from serment.identity.desk_codes import CodeUnusable
from serment.identity.desk_words import Terms
from serment.identity.means import keeping, listed, proofs, rescue, strength
from serment.identity.models import Account, PatientFile

PROOFS: Final = "5/15m/key,20/d/key"
"""Guesses at a former password or sheet, for one account."""

_COPIED: Final = ("given_name", "family_name", "birth_date", "phone", "safe_contact")


class StillWaiting(Refused):
    """L’accès est redemandé ; il sera rendu dans trois jours."""

    def __init__(self, until: datetime) -> None:
        super().__init__(_("L’accès est redemandé ; il sera rendu dans trois jours."))
        self.until = until


def open_account(request: HttpRequest, code: str, terms: Terms, password: str) -> Account:
    """An account that signs in with its card's number, a password and the printed sheet.

    Raises CodeUnusable when the card has one already, or the code served meanwhile.
    """
    account = Account(alias=cards.alias_of(terms.card), language=get_language() or "fr")
    account.set_password(password)
    itself = accounts.acting_for_itself(request, account.pk)
    values = _linked(itself, account.pk, terms)
    gate.seal(itself, Purpose.SELF, account, values, subject=account.pk, tenant=None)
    tenancy.stand_in(account=account.pk)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
            # The library asks for a confirmed address; this one is nobody's mailbox.
            EmailAddress.objects.create(
                user_id=account.pk, email=account.alias, verified=True, primary=True
            )
    except IntegrityError as error:
        raise CodeUnusable(_("Ce code a déjà servi.")) from error
    with keeping.changing(request, account.pk) as book:
        book.paper, book.codes = True, list(terms.sheet)
    with tenancy.inside(tenant=UUID(terms.house)):
        desk_codes.spent(itself, code, terms, opened=True)
    strength.prove(request, account, strength.PASSWORD)
    return account


def link_own(actor: Actor, code: str, terms: Terms) -> None:
    """One more file for an account that is signed in. Raises CodeUnusable.

    A way back serves its own card only: by any other account nobody would have to wait.
    """
    if terms.back:
        raise CodeUnusable(
            _(
                "Ce code sert à retrouver le compte de la carte de votre feuille."
                " Déconnectez-vous, puis choisissez « J’ai une feuille avec un code »."
            )
        )
    account = Account.objects.get(pk=actor.id)
    values = _linked(actor, actor.id, terms)
    _reached_alike(actor, account, terms, values["safe_contact"])
    with tenancy.inside(tenant=UUID(terms.house)):
        desk_codes.spent(actor, code, terms, opened=False)


def _reached_alike(actor: Actor, account: Account, terms: Terms, of_file: str | None) -> None:
    """What only one of the two says of how to reach the person, the other says from now on."""
    if account.safe_contact is None and of_file:
        said = {"safe_contact": of_file}
        gate.seal(actor, Purpose.SELF, account, said, subject=account.pk, tenant=None)
        account.save(update_fields=["safe_contact"])
    elif account.safe_contact is not None and not of_file:
        house = UUID(terms.house)
        wishes = reaching.of_account(actor)
        with tenancy.inside(tenant=house):
            reaching.say_of_own(actor, UUID(terms.file), wishes, house)


def come_back(
    request: HttpRequest, code: str, terms: Terms, password: str, proof: str, now: datetime
) -> Account:
    """A new password and a new sheet for the account of a card that was lost.

    ``proof``: the former password, or a code of the former sheet. With it at once; without, after
    three days in which any true sign-in ends it (``rescue``): whoever has the new card alone, or
    hands it to themself, has to wait where the owner looks. Raises CodeUnusable, StillWaiting.
    """
    with walls.looking_for(cards.alias_of(terms.card)):
        account = Account.objects.filter(alias=cards.alias_of(terms.card), is_active=True).first()
    if account is None:
        raise CodeUnusable(_("Ce code ne sert plus. Demandez-en un nouveau à l’accueil."))
    tenancy.stand_in(account=account.pk)
    until = None if _proves(request, account, proof) else _waits_until(request, account, terms, now)
    if until is not None:
        raise StillWaiting(until)
    with keeping.changing(request, account.pk) as book:
        book.drop_factors()
        book.paper, book.codes = True, list(terms.sheet)
        listed.end_all(book)
    account.set_password(password)
    account.save(update_fields=["password"])
    itself = accounts.acting_for_itself(request, account.pk)
    with tenancy.inside(tenant=UUID(terms.house)):
        desk_codes.spent(itself, code, terms, opened=True)
    strength.prove(request, account, strength.PASSWORD)
    return account


def _linked(actor: Actor, account: UUID, terms: Terms) -> dict[str, str | None]:
    """Link, and open what the house knows of the person: from here on it is theirs to read."""
    file_id = UUID(terms.file)
    try:
        gate.link(actor, account=account, patient_file=file_id, ticket=terms.ticket)
    except NotYours as gone:
        raise CodeUnusable(_("Ce code ne sert plus. Demandez-en un nouveau à l’accueil.")) from gone
    with tenancy.inside(tenant=UUID(terms.house)):
        file = PatientFile.objects.get(pk=file_id)
    opened = gate.reveal(actor, Purpose.SELF, [file], list(_COPIED))[file_id]
    return {name: opened[name] or None for name in _COPIED}


def _proves(request: HttpRequest, account: Account, proof: str) -> bool:
    """The former password, or a code of the former sheet that is not crossed out; a few tries.

    Counted for the account: whoever holds a new code gets no more guesses at the former password.
    """
    if not proof:
        return False
    config, name = {"card_proof": PROOFS}, str(account.pk)
    tries = ratelimit.consume(request, app="serment", action="card_proof", key=name, config=config)
    if not tries:
        raise CodeUnusable(_("Trop d’essais. Attendez quelques minutes avant de recommencer."))
    if account.check_password(proof):
        tries.rollback()
        return True
    try:
        proofs.check_code(request, account.pk, proof)
    except ValidationError:
        return False
    return True


def _waits_until(
    request: HttpRequest, account: Account, terms: Terms, now: datetime
) -> datetime | None:
    """Begin the wait and have it told, or say when it ends; None once it is over."""
    with keeping.changing(request, account.pk) as book:
        state = rescue.state_of(book, now)
        if state == "ready":
            return None
        if state == "none":
            book.asked_back = now.isoformat()
        until = datetime.fromisoformat(book.asked_back) + rescue.WAIT
    if state == "none":
        itself = accounts.acting_for_itself(request, account.pk)
        with tenancy.inside(tenant=UUID(terms.house)):
            desk_codes.asked_back(itself, terms, until, now)
        _tell_elsewhere(itself, UUID(terms.file), now)
    return until


def _tell_elsewhere(itself: Actor, asked_at: UUID, now: datetime) -> None:
    """Every other house of the account tells its person too: at the one that handed the code out,
    whoever did so says how they are reached and posts the letters."""
    for file_id, house in reaching.own_files(itself):
        if file_id != asked_at:
            with tenancy.inside(tenant=house):
                file = PatientFile.objects.get(pk=file_id)
                account_told.tell(account_told.BACK, itself, file, now)
