"""The demo's relatives: a child of two parents, and a mother whom her son may act for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Purpose, acting, gate
from serment.drills.demo import named
from serment.drills.demo.people import Person
from serment.drills.demo.planting import Planted
from serment.identity.relatives.models import Dependant, Relation
from serment.identity.relatives.terms import Relation as Kind
from serment.identity.relatives.terms import Terms, end_of, majority, scopes_of


def let_act(
    people: Sequence[Person], houses: Sequence[Planted], accounts: Mapping[int, UUID], today: date
) -> None:
    """Those without an account, as a parent or guardian adds them; their files are theirs."""
    for one in named.RELATIVES:
        dependant = _made(people[one.person])
        for house in houses:
            if one.person in house.files:
                gate.link(SYSTEM, account=dependant, patient_file=house.files[one.person])
        kind = Kind.GUARDIAN if one.measure else Kind.PARENT
        ends_at = _until(people[one.person], today, measure=one.measure)
        for relative in one.by:
            name = f"{people[relative].given_name} {people[relative].family_name}"
            terms = Terms(str(kind), measure=one.measure)
            _let(accounts[relative], dependant, terms, name, ends_at)


def _made(person: Person) -> UUID:
    dependant = Dependant()
    values = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "birth_date": person.birth_date.isoformat(),
    }
    with tenancy.inside(records=[dependant.pk]):
        gate.seal(SYSTEM, Purpose.IMPORT, dependant, values, subject=dependant.pk, tenant=None)
        dependant.save(force_insert=True)
    return dependant.pk


def _until(person: Person, today: date, *, measure: str) -> datetime:
    if not measure:
        return majority(person.birth_date)
    return end_of(today + timedelta(days=named.MEASURE_DAYS))


def _let(account: UUID, dependant: UUID, terms: Terms, name: str, until: datetime) -> None:
    relation = Relation()
    with tenancy.inside(records=[relation.pk]):
        values = {"terms": terms.as_json(), "name": name}
        gate.seal(SYSTEM, Purpose.IMPORT, relation, values, subject=dependant, tenant=None)
        scopes = scopes_of(terms.relation, terms.measure)
        acting.let(SYSTEM, dependant, terms.relation, scopes, relation.pk, until, account)
        relation.save(force_insert=True)
