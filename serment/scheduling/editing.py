"""Changing weekly hours: one date of them, one date and those after, or all.

What a change does is worked out on values (``split``), so that it can be held against every date of
a calendar; then the rows are written. All must run inside a transaction that stands in the
establishment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from serment import ids
from serment.errors import NotThere, Refused
from serment.scheduling import wall_clock
from serment.scheduling.models import RecurringAbsence, WeeklyOpening
from serment.scheduling.recurrence import Opening, Public, week_of

LASTS_MIN = 5


class Scope(StrEnum):
    """How much of a rule is changed."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


class NoSuchRule(NotThere):
    """Cette règle n’existe pas ou n’existe plus."""


class NotThatDate(Refused):
    """Ces heures ne tombent pas sur cette date."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly hours as their row keeps them; ``reasons`` empty means all."""

    weekday: int
    starts: time
    ends: time
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1
    anchor: date | None = None
    skipped: tuple[date, ...] = ()
    reasons: tuple[UUID, ...] = ()
    closed_on_holidays: bool = True
    late_release_minutes: int | None = None
    public: int = Public.EVERYONE

    @classmethod
    def of(cls, row: WeeklyOpening) -> Hours:
        """As the row stands."""
        values = {name: getattr(row, name) for name in cls.__slots__}
        listed = {name: tuple(values[name]) for name in ("skipped", "reasons")}
        return cls(**(values | listed))

    @property
    def opening(self) -> Opening:
        """The same for the engine."""
        return Opening(
            weekday=self.weekday,
            starts=wall_clock.time_of_day(self.starts),
            ends=wall_clock.time_of_day(self.ends, end=True),
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            every=self.every_weeks,
            anchor=week_of(self.anchor) if self.anchor else 0,
            skipped=frozenset(self.skipped),
            reasons=frozenset(self.reasons),
            closed_on_holidays=self.closed_on_holidays,
            late_release=self.late_release_minutes,
            public=Public(self.public),
        )


def split(
    rule: Hours, changed: Hours | None, scope: Scope, on: date | None
) -> tuple[Hours | None, Hours | None]:
    """What is left of the rule, and what stands beside it; ``changed`` None takes it away.

    Raises ``NotThatDate`` where one date, or a date to begin with, is not one of the rule's.
    """
    if scope is Scope.ALL:
        return (replace(changed, skipped=rule.skipped) if changed else None), None
    if on is None or not rule.opening.falls_on(on):
        raise NotThatDate
    if scope is Scope.ONE:
        left = replace(rule, skipped=tuple(sorted({*rule.skipped, on})))
        return left, _on_one_date(changed, on) if changed else None
    earlier = tuple(day for day in rule.skipped if day < on)
    kept: Hours | None = replace(rule, valid_until=on - timedelta(days=1), skipped=earlier)
    if kept is not None and not _ever(kept, on):
        kept = None
    if changed is None:
        return kept, None
    later = tuple(day for day in rule.skipped if day >= on)
    return kept, replace(changed, valid_from=on, skipped=later)


def _on_one_date(changed: Hours, on: date) -> Hours:
    return replace(
        changed, weekday=on.weekday(), valid_from=on, valid_until=on, every_weeks=1, anchor=None,
        skipped=(),
    )  # fmt: skip


def _ever(rule: Hours, before: date) -> bool:
    """Whether the rule has a beginning that lies before its end."""
    return rule.valid_from is None or rule.valid_from < before


def checked(hours: Hours) -> Hours:
    """The hours, if they make sense by themselves. Raises ``Refused`` with what to put right."""
    starts = wall_clock.time_of_day(hours.starts)
    if wall_clock.time_of_day(hours.ends, end=True) < starts + LASTS_MIN:
        raise Refused(_("La fin doit venir après le début."))
    if hours.valid_from and hours.valid_until and hours.valid_until < hours.valid_from:
        raise Refused(_("La dernière date doit venir après la première."))
    return replace(hours, anchor=None) if hours.every_weeks == 1 else hours


def add(establishment: UUID, role: UUID, many: Sequence[Hours]) -> list[WeeklyOpening]:
    """New hours, one row for each weekday."""
    rows = [_row(establishment, role, one) for one in many]
    return WeeklyOpening.objects.bulk_create(rows)


def change(rule_id: UUID, changed: Hours | None, scope: Scope, on: date | None) -> None:
    """Change hours, or with None take them away; in the row's own establishment."""
    row = WeeklyOpening.objects.select_for_update().filter(id=rule_id).first()
    if row is None:
        raise NoSuchRule
    left, beside = split(Hours.of(row), changed, scope, on)
    if beside is not None:
        add(row.establishment_id, row.role_id, [beside])
    if left is None:
        row.delete()
        return
    for name, value in _columns(left).items():
        setattr(row, name, value)
    row.save()


def stop_recurring(absence_id: UUID, scope: Scope, on: date | None) -> None:
    """Take a recurring absence away: on one date, from a date on, or altogether."""
    row = RecurringAbsence.objects.select_for_update().filter(id=absence_id).first()
    if row is None:
        raise NoSuchRule
    names = [name for name in Hours.__slots__ if hasattr(row, name)]
    rule = Hours(**{name: getattr(row, name) for name in names} | {"skipped": tuple(row.skipped)})
    left, _beside = split(rule, None, scope, on)
    if left is None:
        row.delete()
        return
    row.skipped, row.valid_until = list(left.skipped), left.valid_until
    row.save(update_fields=["skipped", "valid_until"])


def _row(establishment: UUID, role: UUID, hours: Hours) -> WeeklyOpening:
    return WeeklyOpening(
        id=ids.new_id(), establishment_id=establishment, role_id=role, **_columns(hours)
    )


def _columns(hours: Hours) -> dict[str, object]:
    return asdict(hours) | {"skipped": list(hours.skipped), "reasons": list(hours.reasons)}
