"""For whom an account acts, and who acts for it: names opened on record, by the account itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, acting, gate
from serment.disclosure.acting import Acting
from serment.errors import NotThere
from serment.identity.models import Account, PatientFile
from serment.identity.relatives.models import Dependant, Relation
from serment.identity.relatives.terms import Relation as Kind
from serment.identity.relatives.terms import Scope, Terms

NAMES: Final = ("given_name", "family_name", "birth_date")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a relation: the keeper's mandate, and the sealed words about it."""

    mandate: Acting
    terms: Terms
    name: str
    """Of the account that took it up, as that account calls itself; empty before."""

    @property
    def called(self) -> str:
        """The name to show for who acts."""
        return self.name or self.terms.label


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the reader acts for; ``house``: known at this establishment only."""

    mandate: Acting
    given_name: str
    family_name: str
    birth_date: str
    house: UUID | None = None
    has_account: bool = False

    @property
    def name(self) -> str:
        """Given name and family name."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def born(self) -> date | None:
        """The birth date, where it is known."""
        return date.fromisoformat(self.birth_date) if self.birth_date else None

    def may(self, scope: Scope) -> bool:
        """Does the mandate cover it?"""
        return str(scope) in self.mandate.scopes


def acted_for(actor: Actor) -> list[Person]:
    """Everybody the account acts for at this instant, by name."""
    mandates = [one for one in acting.of(actor, actor.id) if one.mine]
    return persons(actor, mandates)


def one_acted_for(actor: Actor, relation: UUID) -> Person:
    """The person of one mandate. Raises ``NotThere`` for any other number."""
    mandates = [one for one in acting.of(actor, actor.id) if one.mine and one.record == relation]
    found = persons(actor, mandates)
    if not found:
        raise NotThere
    return found[0]


def persons(actor: Actor, mandates: Sequence[Acting]) -> list[Person]:
    """The persons of these mandates, each name opened on record."""
    if not mandates:
        return []
    ids = [one.person for one in mandates]
    with tenancy.inside(records=ids):
        made = {row.pk: row for row in Dependant.objects.filter(pk__in=ids)}
        files = {row.pk: row for row in PatientFile.objects.filter(pk__in=ids)}
    accounts = {one: _account(one) for one in ids if one not in made and one not in files}
    rows = [*made.values(), *files.values(), *(row for row in accounts.values() if row)]
    opened = gate.reveal_openable(actor, Purpose.SELF, rows, NAMES)
    found = [
        Person(
            mandate=one,
            **{name: opened[one.person][name] for name in NAMES},
            house=files[one.person].establishment_id if one.person in files else None,
            has_account=one.person in accounts,
        )
        for one in mandates
        if one.person in opened
    ]
    return sorted(found, key=lambda person: person.name.casefold())


def _account(account: UUID) -> Account | None:
    with tenancy.inside(account=account):
        return Account.objects.filter(pk=account).first()


def acting_for_me(actor: Actor) -> list[Known]:
    """Who acts, acted, was asked to act or was named for the account; the latest first.

    Who added the person before the file was theirs is told without a name: the words of that are
    not the account's to open.
    """
    mandates = [one for one in acting.of(actor, actor.id) if not one.mine]
    found = in_words(actor, mandates, Purpose.SELF)
    told = {one.mandate.record for one in found}
    law = {Kind.PARENT, Kind.GUARDIAN}
    found += [
        Known(one, Terms(one.relation), "")
        for one in mandates
        if one.record not in told and one.relation in law and not one.state
    ]
    return sorted(found, key=lambda one: one.mandate.since, reverse=True)


def in_words(actor: Actor, mandates: Iterable[Acting], purpose: Purpose) -> list[Known]:
    """The sealed words of each mandate, opened on record."""
    wanted = list(mandates)
    ids = list({one.record for one in wanted})
    if not ids:
        return []
    with tenancy.inside(records=ids):
        rows = list(Relation.objects.filter(pk__in=ids))
    opened = gate.reveal_openable(actor, purpose, rows, ["terms", "name"])
    return [_known(one, opened[one.record]) for one in wanted if one.record in opened]


def _known(mandate: Acting, opened: Mapping[str, str]) -> Known:
    return Known(mandate, Terms.read(opened["terms"]), opened["name"])


def own_values(actor: Actor, fields: Sequence[str] = NAMES) -> dict[str, str]:
    """The account's own values; its own opening, on record."""
    with tenancy.inside(account=actor.id):
        account = Account.objects.get(pk=actor.id)
    return gate.reveal(actor, Purpose.SELF, [account], list(fields))[account.pk]


def own_name(actor: Actor) -> str:
    """Given name and family name of the account."""
    values = own_values(actor, ("given_name", "family_name"))
    return f"{values['given_name']} {values['family_name']}".strip()


def may_keep_to_oneself(actor: Actor, born: str, now: datetime) -> bool:
    """Is there anybody a visit could be kept from: parents of a minor, or whoever acts for one?"""
    from serment.identity.relatives.terms import is_minor

    if born and is_minor(date.fromisoformat(born), now):
        return True
    mandates = acting.of(actor, actor.id)
    return any(not one.mine and one.stands(now) and one.relation != Kind.NAMED for one in mandates)
