"""Giving and taking: invitations, children added, somebody named, all of it ended at once.

An invitation is a word in an e-mail that opens nothing by itself: whoever accepts signs in with an
account of their own. It serves once and for a week. Declaring oneself a parent makes a new person
up; it opens nothing that was there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, acting, gate
from serment.disclosure.acting import Acting
from serment.errors import NotThere, Refused
from serment.identity import files, links
from serment.identity.models import Account, PatientFile
from serment.identity.relatives import people
from serment.identity.relatives.models import Dependant, Relation
from serment.identity.relatives.terms import (
    Measure,
    Terms,
    end_of,
    is_minor,
    majority,
    scopes_of,
)
from serment.identity.relatives.terms import Relation as Kind
from serment.outbox import envelopes
from serment.outbox.rendering import Letter

OFFERED_FOR: Final = timedelta(days=7)
DEPENDANTS_MAX: Final = 8
PURPOSE: Final = "relative"
_NAME: Final = ("given_name", "family_name")
_CLOCKS_APART: Final = timedelta(minutes=5)


class TooManyDependants(Refused):
    """Vous agissez déjà pour le plus grand nombre de personnes possible."""


class InvitationSpent(Refused):
    """Cette invitation a déjà servi, a été retirée ou a expiré."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the word of an e-mail carries: a keeper's token, and a ticket for one name."""

    token: bytes
    ticket: bytes
    person: UUID
    tenant: UUID | None
    relation: UUID | None = None
    """Which relation it is about; none in those of an earlier release."""

    def word(self) -> str:
        """For an address."""
        carried = [self.token.hex(), self.ticket.hex(), self.person.hex]
        ends = [one.hex if one else "" for one in (self.tenant, self.relation)]
        return links.close(json.dumps([*carried, *ends]), PURPOSE)

    @classmethod
    def read(cls, word: str) -> Invitation:
        """Raises ``InvitationSpent`` for a word that is none of ours."""
        try:
            token, ticket, person, *ends = json.loads(links.open_(word, PURPOSE) or "")
        except ValueError as none:
            raise InvitationSpent(_("Ce lien est incomplet, ou n’est pas d’ici.")) from none
        house, relation = [UUID(one) if one else None for one in (*ends, "")[:2]]
        return cls(bytes.fromhex(token), bytes.fromhex(ticket), UUID(person), house, relation)


def invite(
    actor: Actor, email: str, label: str, scopes: Collection[str], until: date | None, now: datetime
) -> None:
    """Offer to act for one's own account to whoever reads this mailbox."""
    terms = Terms(str(Kind.HELPER), label)
    relation = Relation()
    with tenancy.inside(records=[relation.pk]):
        _seal(actor, relation, {"terms": terms.as_json()}, actor.id, None)
        token = acting.offer(
            actor, actor.id, Kind.HELPER, scopes, relation.pk,
            end_of(until) if until else None, now + OFFERED_FOR,
        )  # fmt: skip
        relation.save(force_insert=True)
        ticket = _ticket(actor, actor.id, now)
    _send(actor, email, Invitation(token, ticket, actor.id, None, relation.pk), now)


def invite_to_file(
    actor: Actor, file: UUID, email: str, terms: Terms, until: datetime | None, now: datetime
) -> UUID:
    """Staff who saw the proof offer to act for a file of theirs; the relation's number."""
    tenant, relation = actor.establishment, Relation()
    if tenant is None or not PatientFile.objects.filter(pk=file).exists():
        raise NotThere
    with tenancy.inside(records=[relation.pk]):
        _seal(actor, relation, {"terms": terms.as_json()}, file, tenant)
        scopes = scopes_of(terms.relation, terms.measure)
        token = acting.offer(
            actor, file, terms.relation, scopes, relation.pk, until, now + OFFERED_FOR
        )
        relation.save(force_insert=True)
        ticket = _ticket(actor, file, now)
    _send(_nobody(), email, Invitation(token, ticket, file, tenant, relation.pk), now)
    return relation.pk


def _nobody() -> Actor:
    """Whose envelope of an establishment is nobody's: a number of its own, for this hour."""
    number = ids.new_id()
    capability = gate.open_session("patient", number, "", None, hours=1)
    return Actor(kind="patient", id=number, capability=capability)


def _ticket(actor: Actor, person: UUID, now: datetime) -> bytes:
    """So that whoever was invited reads for whom, before they accept; on record."""
    window = now - _CLOCKS_APART, now + OFFERED_FOR
    return gate.errand(actor, person, list(_NAME), Purpose.TRANSPARENCY, *window)


def _send(sender: Actor, email: str, invitation: Invitation, now: datetime) -> None:
    path = reverse("patient:relative_accept", kwargs={"word": invitation.word()})
    context = {"link": settings.PUBLIC_URL + path, "days": OFFERED_FOR.days}
    subject = render_to_string("patient/email/relative_subject.txt", context)
    body = render_to_string("patient/email/relative_message.txt", context)
    letter = Letter(" ".join(subject.split()), body.strip() + "\n")
    envelopes.put(sender, email, letter, now)


def named_in(actor: Actor, invitation: Invitation) -> str:
    """For whom one would act, in initials: whoever holds the link reads this much for a week, the
    name once they act. Raises ``InvitationSpent`` once the ticket is of no use."""
    person = invitation.person
    if invitation.tenant is None:
        with tenancy.inside(account=person):
            row: Account | PatientFile | None = Account.objects.filter(pk=person).first()
    else:
        with tenancy.inside(records=[person]):
            row = PatientFile.objects.filter(pk=person).first()
    if row is None:
        raise InvitationSpent(_spent())
    try:
        opened = gate.reveal_with_ticket(
            invitation.ticket, [row], list(_NAME), Purpose.TRANSPARENCY, actor
        )[row.pk]
    except NotYours as over:
        raise InvitationSpent(_spent()) from over
    return " ".join(f"{opened[name][:1]}." for name in _NAME if opened[name])


def is_taken(invitation: Invitation) -> bool:
    """Did somebody accept it already?"""
    if invitation.relation is None:
        return False
    with tenancy.inside(records=[invitation.relation]):
        taken = Relation.objects.filter(pk=invitation.relation, name__isnull=False)
        return taken.exists()


def _spent() -> str:
    return _(
        "Cette invitation a déjà servi, a été retirée ou a expiré. Demandez-en une autre à la"
        " personne qui vous l’a envoyée."
    )


def accept(actor: Actor, invitation: Invitation) -> Acting:
    """Act for that person from now on; they, and the houses concerned, read one's name."""
    name = people.own_name(actor)
    try:
        mandate = acting.accept(actor, invitation.token)
    except NotYours as over:
        raise InvitationSpent(_spent()) from over
    with tenancy.inside(records=[mandate.record]):
        relation = Relation.objects.get(pk=mandate.record)
        _seal(actor, relation, {"name": name}, mandate.person, invitation.tenant)
        relation.save(update_fields=["name"])
    return mandate


def add_dependant(
    actor: Actor, typed: Mapping[str, str], terms: Terms, until: date | None, now: datetime
) -> UUID:
    """Act for somebody without an account, on one's own word; the relation's number.

    Raises ``ValuesUnusable`` with a sentence for each field, or ``TooManyDependants``.
    """
    values = _cleaned(typed, terms, now)
    mine = [one for one in acting.of(actor, actor.id) if one.mine]
    if len(mine) >= DEPENDANTS_MAX:
        raise TooManyDependants(
            _("Un compte agit pour %(count)d personnes au plus.") % {"count": DEPENDANTS_MAX}
        )
    birth = date.fromisoformat(values["birth_date"])
    ends_at = majority(birth) if terms.relation == Kind.PARENT else end_of(until or now.date())
    dependant, relation = Dependant(), Relation()
    with transaction.atomic(), tenancy.inside(records=[dependant.pk, relation.pk]):
        gate.seal(actor, Purpose.SELF, dependant, dict(values), subject=dependant.pk, tenant=None)
        dependant.save(force_insert=True)
        scopes = scopes_of(terms.relation, terms.measure)
        acting.let(actor, dependant.pk, terms.relation, scopes, relation.pk, ends_at)
        words = {"terms": terms.as_json(), "name": people.own_name(actor)}
        _seal(actor, relation, words, dependant.pk, None)
        relation.save(force_insert=True)
    return relation.pk


def must_be_usable(typed: Mapping[str, str], terms: Terms, now: datetime) -> None:
    """Raises ``ValuesUnusable`` as ``add_dependant`` does; adds nobody."""
    _cleaned(typed, terms, now)


def _cleaned(typed: Mapping[str, str], terms: Terms, now: datetime) -> dict[str, str]:
    errors: dict[str, str] = {}
    values: dict[str, str | None] = {}
    try:
        values = files.cleaned({name: typed.get(name, "") for name in people.NAMES}, now.date())
    except files.ValuesUnusable as wrong:
        errors = dict(wrong.errors)
    birth = values.get("birth_date")
    if not typed.get("birth_date", "").strip():
        errors["birth_date"] = _("À écrire : elle dit jusqu’à quand vous pouvez agir.")
    if birth and is_minor(date.fromisoformat(birth), now) != (terms.relation == Kind.PARENT):
        errors["birth_date"] = (
            _("Cette personne est majeure : elle peut vous inviter elle-même.")
            if terms.relation == Kind.PARENT
            else _("Cette personne est mineure : ajoutez-la comme votre enfant.")
        )
    if terms.relation == Kind.GUARDIAN and terms.measure not in Measure.values:
        errors["measure"] = _("Choisissez la mesure.")
    if errors:
        raise files.ValuesUnusable(errors)
    return {name: value or "" for name, value in values.items()}


def name_somebody(actor: Actor, name: str) -> None:
    """The person of trust (CSP L1111-6): houses read the name, nothing is opened to them."""
    relation = Relation()
    terms = Terms(str(Kind.NAMED), name)
    with tenancy.inside(records=[relation.pk]):
        _seal(actor, relation, {"terms": terms.as_json()}, actor.id, None)
        acting.let(actor, actor.id, acting.NAMED, (), relation.pk)
        relation.save(force_insert=True)


def end(actor: Actor, relation: UUID) -> Acting:
    """End a mandate one gave or has. Raises ``NotThere`` for what is neither.

    What the law gave, the law takes: a child or a protected adult is told to ask a desk.
    """
    found = next((one for one in acting.of(actor, actor.id) if one.record == relation), None)
    if found is None:
        raise NotThere
    acting.end(actor, found.person, relation)
    return found


def _seal(
    actor: Actor, relation: Relation, values: Mapping[str, str], person: UUID, tenant: UUID | None
) -> None:
    gate.seal(actor, Purpose.ADMINISTRATION, relation, values, subject=person, tenant=tenant)
