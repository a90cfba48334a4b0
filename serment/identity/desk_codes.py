"""Codes handed out at a desk: each links one file to one account, once, within a fortnight.

Whoever hands one out has looked at a document and says which. The row knows a keyed digest; what
the code stands for (file, card, printed sheet, the ticket that lets the keeper link) lies under a
key made of the code and of a secret the keeper gives, so a dump neither finds nor tries codes. The
file keeps, sealed, which were handed out and on what.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from allauth.core.internal import ratelimit
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext as _

from serment.disclosure import Actor, Purpose, gate, persons
from serment.errors import NotThere, Refused
from serment.identity import account_told, cards, handed, turned_away, walls
from serment.identity.desk_words import (
    Terms,
    as_kept,
    born,
    digest_of,
    drawn,
    midnight,
    sealed_terms,
    terms_in,
)
from serment.identity.handed import Handed, Standing
from serment.identity.ins import Document
from serment.identity.means import codes
from serment.identity.models import DeskCode, PatientFile
from serment.sightings.models import Kind

GOOD_DAYS: Final = 14
WRONG_MAX: Final = 5
"""So many wrong birth dates, and the code is worth nothing any more."""

TRIES: Final = "10/10m/ip,40/d/ip"
"""A source's; fifty random bits need no more than that to hold."""

KNOWN: Final = "known"
"""No document was shown: whoever handed it out knows this person."""

SEEN: Final = (*(one.value for one in Document), KNOWN)
LINK: Final = ["link"]
_KEPT_MAX: Final = 6
_CLOCKS_APART: Final = timedelta(minutes=5)


class CodeUnusable(Refused):
    """Ce code ne convient pas, ou ne sert plus."""


class HasAccount(Refused):
    """Un compte lit déjà ce dossier."""


class BirthDateMissing(Refused):
    """Complétez d’abord la date de naissance du dossier."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What is printed, once. ``sheet``: the second factor of whoever has no telephone for one."""

    code: str = field(repr=False)
    card: str = field(repr=False)
    sheet: list[str] = field(repr=False)
    until: date
    back: bool


def issue(
    actor: Actor, file_id: UUID, document: str, now: datetime, *, second: bool = False
) -> Issued:
    """Hand out a code for a file of the actor's house; a former one serves no more.

    Where an account reads the file already and is not the card's, its holder is told. ``second``:
    another account is to read it too, and somebody said so. Raises NotThere, BirthDateMissing,
    HasAccount, CodeUnusable for a document that is none.
    """
    if document not in SEEN:
        raise CodeUnusable(_("Choisissez ce que la personne a montré."))
    with transaction.atomic():
        file = _locked(file_id)
        opened = gate.reveal(actor, Purpose.RECEPTION, [file], ["birth_date", "desk_link"])
        values = opened[file_id]
        if not values["birth_date"]:
            raise BirthDateMissing(_("Complétez d’abord la date de naissance du dossier."))
        standing = handed.read(values["desk_link"])
        _must_be_meant(actor, file, standing, now, second=second)
        _withdraw(standing)
        until = midnight(now, GOOD_DAYS)
        since = now - _CLOCKS_APART
        # The keeper records who signed it: this is the line the patient reads.
        ticket = gate.errand(actor, file_id, LINK, Purpose.ADMINISTRATION, since, until)
        printed, digests = codes.sheet()
        standing.card = standing.card or cards.drawn()
        code = drawn()
        terms = Terms(
            file_id.hex, file.establishment_id.hex, ticket, born(values["birth_date"]),
            standing.card, digests, standing.opened,
        )  # fmt: skip
        _keep(code, terms, until)
        told = Handed(digest_of(code).hex(), now.date().isoformat(), until.date().isoformat(),
                      document, by=actor.id.hex)  # fmt: skip
        standing.codes = [*standing.codes, told][-_KEPT_MAX:]
        _write(actor, file, standing, Purpose.RECEPTION)
    spoken = f"{code[:5]}-{code[5:]}"
    return Issued(spoken, standing.card, printed, until.date(), standing.opened)


def _must_be_meant(
    actor: Actor, file: PatientFile, standing: Standing, now: datetime, *, second: bool
) -> None:
    """HasAccount where a second account would come of it unsaid. Of a card's own account, it is a
    way back; where the account does not read all that was joined, a code shows that it may."""
    held = persons.holders(actor, file.pk)
    if standing.opened or not held.people[0]:
        return
    if held.all_reached and not second:
        raise HasAccount(
            _("Un compte lit déjà ce dossier. Cochez la case si un deuxième doit le lire aussi.")
        )
    account_told.tell(account_told.SECOND, actor, file, now)


def withdraw(actor: Actor, file_id: UUID) -> None:
    """What was handed out and not used serves no more. Raises NotThere."""
    with transaction.atomic():
        file = _locked(file_id)
        opened = gate.reveal(actor, Purpose.RECEPTION, [file], ["desk_link"])
        standing = handed.read(opened[file_id]["desk_link"])
        if _withdraw(standing):
            _write(actor, file, standing, Purpose.RECEPTION)


def handed_by(actor: Actor, file_ids: Collection[UUID]) -> set[UUID]:
    """Those of these files for which the actor handed a code out; opened on record."""
    files = list(PatientFile.objects.filter(pk__in=file_ids, desk_link__isnull=False))
    opened = gate.reveal_openable(actor, Purpose.RECEPTION, files, ["desk_link"])
    return {
        file
        for file, values in opened.items()
        if any(one.by == actor.id.hex for one in handed.read(values["desk_link"]).codes)
    }


def check(request: HttpRequest, typed: str, birth_date: str, now: datetime) -> tuple[str, Terms]:
    """The code as kept and what it stands for, for whoever also knows the birth date (ISO 8601).

    One sentence for a code that never was, that served, was withdrawn, has expired, or whose birth
    date is another: CodeUnusable.
    """
    tries = _tries(request)
    if not tries:
        turned_away.noted(request, Kind.WRONG_DESK_CODE)
        raise CodeUnusable(_("Trop d’essais. Attendez quelques minutes avant de recommencer."))
    code = as_kept(typed)
    terms = _terms(code, now)
    if terms is not None and hmac.compare_digest(terms.born, born(birth_date)):
        tries.rollback()
        return code, terms
    if terms is not None:
        with walls.holding(digest_of(code)):
            DeskCode.objects.filter(digest=digest_of(code)).update(wrong=F("wrong") + 1)
    turned_away.noted(request, Kind.WRONG_DESK_CODE)
    raise CodeUnusable(
        _(
            "Ce code et cette date de naissance ne vont pas ensemble, ou le code ne sert plus."
            " Vérifiez-les, ou demandez un nouveau code à l’accueil."
        )
    )


def again(code: str, now: datetime) -> Terms:
    """What a code stands for that was looked at before. Raises CodeUnusable: it serves no more."""
    terms = _terms(code, now)
    if terms is None:
        raise CodeUnusable(_("Ce code ne sert plus. Demandez-en un nouveau à l’accueil."))
    return terms


def asked_back(actor: Actor, terms: Terms, until: datetime, now: datetime) -> None:
    """Nobody proved anything: the desk reads until when the account waits, its holder is told.

    By the account itself; the transaction stands in the file's house.
    """
    file = _locked(UUID(terms.file))
    known = gate.reveal(actor, Purpose.SELF, [file], ["desk_link"])[file.pk]["desk_link"]
    standing = handed.read(known)
    standing.back = until.isoformat()
    _write(actor, file, standing, Purpose.SELF)
    account_told.tell(account_told.BACK, actor, file, now)


def spent(actor: Actor, code: str, terms: Terms, *, opened: bool) -> None:
    """It has served: the row goes, and the file says so. ``opened``: its card has an account now.

    By the account the file was just linked to.
    """
    with walls.holding(digest_of(code)):
        DeskCode.objects.filter(digest=digest_of(code)).delete()
    file = _locked(UUID(terms.file))
    known = gate.reveal(actor, Purpose.SELF, [file], ["desk_link"])[file.pk]["desk_link"]
    standing = handed.read(known)
    standing.opened, standing.back = standing.opened or opened, ""
    for one in standing.codes:
        if one.digest == digest_of(code).hex():
            one.state = "used"
    _write(actor, file, standing, Purpose.SELF)


def _terms(code: str, now: datetime) -> Terms | None:
    digest = digest_of(code)
    with walls.holding(digest):
        good = DeskCode.objects.filter(digest=digest, expires_at__gt=now, wrong__lt=WRONG_MAX)
        # Held until the request ends: of guesses at once each sees what the one before it counted.
        sealed = good.select_for_update().values_list("sealed", flat=True).first()
    if sealed is None:
        return None
    return terms_in(code, bytes(sealed))


def _keep(code: str, terms: Terms, until: datetime) -> None:
    digest = digest_of(code)
    with walls.holding(digest):
        DeskCode.objects.create(digest=digest, sealed=sealed_terms(code, terms), expires_at=until)


def _withdraw(standing: Standing) -> bool:
    waiting = [one for one in standing.codes if one.state == "waiting"]
    for one in waiting:
        digest = bytes.fromhex(one.digest)
        with walls.holding(digest):
            DeskCode.objects.filter(digest=digest).delete()
        one.state = "withdrawn"
    return bool(waiting)


def _write(actor: Actor, file: PatientFile, standing: Standing, purpose: Purpose) -> None:
    values = {"desk_link": handed.write(standing)}
    gate.seal(actor, purpose, file, values, subject=file.pk, tenant=file.establishment_id)
    file.save(update_fields=["desk_link"])


def _locked(file_id: UUID) -> PatientFile:
    found = PatientFile.objects.select_for_update().filter(pk=file_id).first()
    if found is None:
        raise NotThere
    return found


def _tries(request: HttpRequest) -> Any:
    """One more of this source, false past the last; ``rollback`` gives it back."""
    wanted = {"desk_code": TRIES}
    return ratelimit.consume(request, app="serment", action="desk_code", config=wanted)
