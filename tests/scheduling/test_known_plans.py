"""Rules are remembered between searches, and a change of any of them is seen by the next one."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from importlib import import_module
from uuid import UUID

import pytest
from django.db import connections, transaction

from serment import ids
from serment.directory import tenancy
from serment.scheduling import known_plans, soonest, wall_clock
from tests.scheduling.practice import NOW, TUESDAY, Practice, days, make_practice, make_role, paris

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])

EYES, PLACE = "SM38", (48.86, 2.37)
TABLES = import_module("serment.scheduling.migrations.0016_rules_have_a_version").TABLES
START = wall_clock.minute_of(NOW)
WINDOW = (START, START + 365 * wall_clock.DAY_MINUTES)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    known_plans.forget()
    yield
    known_plans.forget()


def test_every_table_that_rules_are_read_from_gives_their_house_another_version() -> None:
    """One that a statement reads from now on, and that tells nobody of its changes, fails here."""
    from serment.scheduling import rule_rows, rules

    statements = (*rules._RULES, rule_rows.OTHERS)
    read = {name for sql in statements for name in re.findall(r"(?:FROM|JOIN)\s+(\w+_\w+)", sql)}
    assert read == set(TABLES)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE tgname LIKE 'rules\\_changed\\_by\\_%%' GROUP BY 1"
        )
        assert dict(cursor.fetchall()) == dict.fromkeys(TABLES, 3)


def _changes(practice: Practice, other: UUID) -> dict[str, Callable[[], object]]:
    """By table, what a house may do to it."""
    from serment.directory.models import PractitionerRole, Site
    from serment.scheduling import models as made

    house, role = practice.establishment, practice.role
    of = {"establishment_id": house, "role_id": role}
    reasons = made.VisitReason.objects.filter(role_id=role)
    kind = ids.new_id()
    hours = {"starts": time(9), "ends": time(10)}
    week = (NOW, NOW + days(7))
    return {
        "directory_practitionerrole": lambda: PractitionerRole.objects.filter(id=role).update(
            takes_new_patients=False
        ),
        "directory_site": lambda: Site.objects.filter(id=practice.site).update(
            timezone="Indian/Reunion"
        ),
        "scheduling_absence": lambda: made.Absence.objects.create(**of, span=week),
        "scheduling_closure": lambda: made.Closure.objects.create(
            establishment_id=house, span=(NOW + days(7), NOW + days(8))
        ),
        "scheduling_openingexception": lambda: made.OpeningException.objects.create(
            **of, day=TUESDAY, kind="closed", **hours
        ),
        "scheduling_recurringabsence": lambda: made.RecurringAbsence.objects.create(
            **of, weekday=3, **hours
        ),
        "scheduling_resourcekind": lambda: made.ResourceKind.objects.create(
            id=kind, establishment_id=house, name_fr="Salle"
        ),
        "scheduling_visitreason": lambda: reasons.update(needs=[kind]),
        "scheduling_resource": lambda: made.Resource.objects.create(
            establishment_id=house, site_id=practice.site, kind_id=kind, name="Salle 1"
        ),
        "scheduling_substitution": lambda: made.Substitution.objects.create(
            **of, substitute_id=other, first_day=TUESDAY, last_day=TUESDAY
        ),
        "scheduling_weeklyopening": lambda: made.WeeklyOpening.objects.filter(
            role_id=role, weekday=4
        ).delete(),
    }


def _told(roles: list[UUID]) -> list[str]:
    """All that is known of some roles, as text."""
    return [_text(one) for one in known_plans.read(roles, WINDOW, using="search")]


def _text(one: known_plans.Known) -> str:
    # Holidays are a function, whose address says nothing.
    return re.sub(r" at 0x\w+", "", repr(one.plan))


def test_a_change_of_any_rule_is_seen_by_the_next_search(practice: Practice) -> None:
    with tenancy.inside(practice.establishment):
        other = make_role(practice.establishment, practice.site)
    changes = _changes(practice, other)
    assert set(changes) == set(TABLES)
    roles = [practice.role, other]
    for table, change in changes.items():
        before = _told(roles)
        assert _told(roles) == before
        with tenancy.inside(practice.establishment):
            change()
        after = _told(roles)
        known_plans.forget()
        assert after == _told(roles), table
        if table != "scheduling_resourcekind":  # a kind that nothing is of yet decides nothing
            assert after != before, table


def test_what_is_remembered_is_used_and_without_the_version_would_be_stale(
    practice: Practice,
) -> None:
    """The control: a change that tells nobody goes unseen."""
    from serment.scheduling.models import Absence

    roles = [practice.role]
    first = known_plans.read(roles, WINDOW, using="search")
    assert known_plans.read(roles, WINDOW, using="search")[0] is first[0]
    later = (WINDOW[0] + 60, WINDOW[1] + 60)
    assert known_plans.read(roles, later, using="search")[0] is first[0]
    with tenancy.inside(practice.establishment):
        version = _version(practice.establishment)
        Absence.objects.create(
            establishment_id=practice.establishment, role_id=practice.role,
            span=(NOW, NOW + days(7)),
        )  # fmt: skip
        assert _version(practice.establishment) != version
        _give_version(practice.establishment, version)
    assert known_plans.read(roles, WINDOW, using="search")[0] is first[0]
    assert not first[0].plan.calendar.absences


def _version(house: UUID) -> UUID:
    from serment.scheduling.models import RulesVersion

    return RulesVersion.objects.get(establishment_id=house).version


def _give_version(house: UUID, version: UUID) -> None:
    from serment.scheduling.models import RulesVersion

    RulesVersion.objects.filter(establishment_id=house).update(version=version)


def test_a_substitute_of_another_house_who_is_away_is_seen_too(practice: Practice) -> None:
    from serment.scheduling.models import Absence, Substitution

    elsewhere = make_practice(1)
    with tenancy.inside(practice.establishment):
        Substitution.objects.create(
            establishment_id=practice.establishment, role_id=practice.role,
            substitute_id=elsewhere.role, first_day=TUESDAY, last_day=TUESDAY,
        )  # fmt: skip
    before = _told([practice.role])
    with tenancy.inside(elsewhere.establishment):
        Absence.objects.create(
            establishment_id=elsewhere.establishment, role_id=elsewhere.role,
            span=(paris(TUESDAY, 9), paris(TUESDAY, 12)),
        )  # fmt: skip
    assert _told([practice.role]) != before


def test_a_house_writes_no_other_houses_version(practice: Practice) -> None:
    other = make_practice(1)
    version = _version(practice.establishment)
    with tenancy.inside(other.establishment):
        _give_version(practice.establishment, ids.new_id())
    assert _version(practice.establishment) == version


def test_who_was_read_longest_ago_is_forgotten_first(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [make_practice(n).role for n in range(1, 4)]
    monkeypatch.setattr(known_plans, "ROLES_MAX", 2)
    for role in (practice.role, *others):
        known_plans.read([role], WINDOW, using="search")
    assert list(known_plans._known["search"]) == others[1:]


def _something_happens(draw: random.Random, practice: Practice) -> None:
    """A rule is changed or time is taken, as it comes."""
    from serment.scheduling import models as made
    from serment.scheduling import occupying

    of = {"establishment_id": practice.establishment, "role_id": practice.role}
    day = NOW.date() + timedelta(days=draw.randrange(12))
    hour = draw.randrange(8, 17)
    start = paris(day, hour, draw.choice((0, 0, 10, 25)))
    stretch = {"starts": time(hour), "ends": time(hour + 1)}
    hours = made.WeeklyOpening.objects.filter(role_id=practice.role, weekday=day.weekday())
    reasons = made.VisitReason.objects.filter(role_id=practice.role)
    match draw.randrange(12):
        case 0:
            made.Absence.objects.create(**of, span=(start, start + days(draw.randrange(1, 9))))
        case 1:
            kind = draw.choice(("opened", "closed"))
            made.OpeningException.objects.create(**of, day=day, kind=kind, **stretch)
        case 2:
            hours.update(every_weeks=draw.choice((1, 2)), anchor=day)
        case 3:
            hours.update(late_release_minutes=draw.choice((None, 120, 1440)))
        case 4:
            reasons.update(
                buffer_before_minutes=draw.choice((0, 5)), buffer_after_minutes=draw.choice((0, 10))
            )
        case 5:
            reasons.update(notice_minutes=draw.choice((0, 60, 1500)))
        case _:
            minutes = draw.choice((20, 30, 30, 45, 200, 3 * 1440, 9 * 1440))
            end = start + timedelta(minutes=minutes)
            claim = occupying.Claim(practice.establishment, practice.role, start, end)
            occupying.take(claim, NOW, kind="block", exclusive=False)


def _the_house_changes(draw: random.Random, practice: Practice) -> None:
    """What is not one practitioner's alone, or ends something."""
    from serment.directory.models import PractitionerRole, Site
    from serment.scheduling import models as made

    of = {"establishment_id": practice.establishment}
    day = NOW.date() + timedelta(days=draw.randrange(12))
    start = paris(day, draw.randrange(8, 17))
    match draw.randrange(5):
        case 0:
            made.Closure.objects.create(**of, span=(start, start + days(draw.randrange(1, 4))))
        case 1:
            made.RecurringAbsence.objects.create(
                **of, role_id=practice.role, weekday=day.weekday(), valid_from=day,
                starts=time(9), ends=time(12), every_weeks=draw.choice((1, 2)),
                anchor=day,
            )  # fmt: skip
        case 2:
            zone = draw.choice(("Europe/Paris", "Indian/Reunion", "America/Cayenne"))
            Site.objects.filter(id=practice.site).update(timezone=zone)
        case 3:
            for rows in (made.Absence, made.Closure, made.RecurringAbsence):
                first = rows.objects.filter(**of).first()
                if first is not None:
                    first.delete()
        case _:
            active = draw.random() < 0.7
            PractitionerRole.objects.filter(id=practice.role).update(active=active)


def _differences(seed: int, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """When a question to the few, from what is remembered, had another answer than the same put to
    everybody, all rules read anew."""
    from serment.scheduling import search

    draw = random.Random(seed)
    practices = [make_practice(n) for n in range(9)]
    monkeypatch.setattr(soonest, "AT_ONCE", 2)

    def asked(many_from: int, now: datetime, limit: int) -> search.Results:
        monkeypatch.setattr(soonest, "MANY_ROLES", many_from)
        return search.around(EYES, *PLACE, 10, now, limit=limit)

    unlike = []
    for _round in range(8):
        for practice in draw.choices(practices, k=6):
            with tenancy.inside(practice.establishment):
                _something_happens(draw, practice)
                if draw.random() < 0.3:
                    _the_house_changes(draw, practice)
        for _ask in range(4):
            now = NOW + timedelta(minutes=draw.randrange(5 * 1440))
            limit = draw.choice((1, 3, 9))
            if asked(0, now, limit) != asked(1000, now, limit):
                unlike.append(now)
    return unlike


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_in_between_few_asked_answer_as_all_asked_anew(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _differences(seed, monkeypatch) == []


def test_the_comparison_finds_rules_that_nobody_reads_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what is remembered is held to be good whatever its houses' versions say."""
    monkeypatch.setattr(known_plans, "_valid", lambda states, _using: set(states))
    assert _differences(0, monkeypatch)


def test_a_change_that_is_taken_back_is_forgotten_with_it(practice: Practice) -> None:
    from serment.scheduling.models import Absence

    def away() -> bool:
        (known,) = known_plans.read([practice.role], WINDOW, using="default")
        return bool(known.plan.calendar.absences)

    assert not away()
    with tenancy.inside(practice.establishment), transaction.atomic():
        Absence.objects.create(
            establishment_id=practice.establishment, role_id=practice.role,
            span=(NOW, NOW + days(7)),
        )  # fmt: skip
        assert away(), "remembered under a version that nobody else will see"
        transaction.set_rollback(True)
    assert not away()
