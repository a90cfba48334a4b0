"""Whether a chosen time may be booked: checked again at the moment of booking, never trusted.

The rules are public and read before the act's transaction; the time taken is read inside it, in
the practitioner's establishment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from serment.directory.pipeline import Rows, Statement
from serment.scheduling import (
    availability,
    counting,
    explain,
    groups,
    linked,
    red_flags,
    refusals,
    rules,
    wall_clock,
)
from serment.scheduling.availability import Limits, Need, Public, Span
from serment.scheduling.diagnosis import Finding, Rule, diagnose, too_early_or_late
from serment.scheduling.occupying import Claim
from serment.scheduling.search import Slot

USING = "default"
NEAREST_SLOTS = 4
NEAREST_HOURS_BEFORE = 4
NEAREST_DAYS_AFTER = (3, 30)
_ERRORS: dict[Rule, type[refusals.NotOffered]] = {
    Rule.PAST: refusals.PastTime,
    Rule.NOTICE: refusals.NoticeTooShort,
    Rule.HORIZON: refusals.BeyondHorizon,
    Rule.DAY_FULL: refusals.DayFull,
}
# Somebody else has it: the practitioner's time, the last room, the substitute's time.
_GONE = frozenset({Rule.TAKEN, Rule.NO_ROOM, Rule.SUBSTITUTE_BUSY})
# What the desk's own judgement overrules: rules made for booking online.
_DESK_MAY = frozenset({Rule.OFFERED, Rule.NOTICE, Rule.HORIZON, Rule.KEPT, Rule.OFF_GRID})
_DESK_MAY_OVERBOOK = frozenset(Rule) - {Rule.PAST}
# A person who stands at the desk is booked at the quarter that has just begun.
DESK_PAST_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """A time somebody wants, and the rules about it; no reason where that is closed."""

    plan: rules.Plan
    reason: rules.Reason | None
    starts_at: datetime

    @property
    def minute(self) -> int:
        """When, in minutes since the epoch."""
        return wall_clock.minute_of(self.starts_at)

    @property
    def claim(self) -> Claim:
        """The time it would take; raises ``ReasonClosed``."""
        return _claim(self.plan, _open_reason(self), self.minute)

    def taken_statement(self, now: datetime) -> Statement:
        """Asks for the time taken that decides; its rows are what ``check`` wants."""
        window = (self.minute, self.minute + 1)
        return rules.taken_statement([self.plan], window, wall_clock.minute_of(now))


@dataclass(frozen=True, slots=True)
class Offer:
    """A time that may be booked, and what the booking takes."""

    plan: rules.Plan
    reason: rules.Reason
    claim: Claim
    minute: int
    at_desk: bool
    needs: tuple[Need, ...] = ()
    """Of which one each is taken with it."""
    session: groups.Session | None = None
    """Of which a seat is taken, and no time."""
    over_another: bool = False
    """Somebody has some of that time; the constraint passes over one who was booked over."""

    @property
    def day(self) -> counting.Day:
        """What is counted where the reason has a cap."""
        on = wall_clock.local_date(self.minute, self.plan.calendar.zone)
        return counting.Day(self.plan.role_id, self.reason.visit.id, on)

    @property
    def ends_at(self) -> datetime:
        """When the visit ends, buffers not counted; in a group with its session, as it was set."""
        if self.session is not None:
            return self.session.ends_at
        return wall_clock.instant_of(self.minute + self.reason.visit.duration)

    def nearest(self, now: datetime) -> list[Slot]:
        """Free slots nearest to this time, as they are now."""
        return nearest(self.plan, self.reason, self.minute, wall_clock.minute_of(now))


def wish(role_id: UUID, reason_id: UUID, starts_at: datetime) -> Wish:
    """Read the rules; raises ``NoSuchReason`` where nobody may be booked at that role."""
    minute = wall_clock.minute_of(starts_at)
    days_after = NEAREST_DAYS_AFTER[-1] * wall_clock.DAY_MINUTES
    window = (minute - wall_clock.DAY_MINUTES, minute + days_after)
    plan = rules.plans([role_id], window, using=USING, at_once=True).get(role_id)
    if plan is None:
        raise refusals.NoSuchReason(_("Ce motif n’existe pas ou n’existe plus."))
    return Wish(plan, plan.reasons.get(reason_id), starts_at)


def check(wish: Wish, taken: Rows, now: datetime, audience: Public = Public.EVERYONE) -> Offer:
    """The offer, if the slot can be derived at this moment; else raises ``NotOffered`` or
    ``SlotTaken`` with the nearest slots."""
    plan, reason = wish.plan, _open_reason(wish, audience).seen_by(audience)
    minute, present = wish.minute, wall_clock.minute_of(now)
    if reason.in_groups:
        return _seat(wish, reason, reason.visit, present)
    limits = _limits(plan, reason, taken, minute)
    rule, sentence = _rule(plan, reason.visit, taken, minute, present, limits)
    between = wall_clock.instant_of(minute) != wish.starts_at
    if between or (rule is Rule.TAKEN and not _a_slot(plan, reason, taken, minute, present)):
        rule = Rule.OFF_GRID
    if rule is Rule.OFF_GRID:
        sentence = _(
            "Cette heure n’est pas proposée : les créneaux de ce jour commencent à d’autres heures."
        )
    if rule is not Rule.OFFERED:
        near = nearest(plan, reason, minute, present)
        if rule in _GONE:
            raise refusals.SlotTaken(_("Ce créneau vient d’être pris."), near)
        raise _ERRORS.get(rule, refusals.NotOffered)(sentence, near)
    return _offer(plan, reason, minute, limits, at_desk=False)


def check_at_desk(wish: Wish, taken: Rows, now: datetime, *, overbook: bool) -> Offer:
    """The offer for a booking by staff, who may ignore notice, horizon, grid and late release.

    Taken time, absences and closed hours need ``overbook``. Raises ``PastTime`` when the time has
    been over for more than ``DESK_PAST_MINUTES``.
    """
    plan, reason = wish.plan, _open_reason(wish)
    minute, present = wish.minute, wall_clock.minute_of(now)
    if minute <= present - DESK_PAST_MINUTES:
        raise refusals.PastTime(_("Cette heure est déjà passée."))
    # As if asked just before: what has begun a moment ago is judged by all other rules.
    asked = min(present, minute - 1)
    if reason.in_groups:
        visit = reason.visit.for_desk()
        return _seat(wish, reason, visit, asked, at_desk=True, overbook=overbook)
    limits = _limits(plan, reason, taken, minute)
    rule, sentence = _rule(plan, reason.visit.for_desk(), taken, minute, asked, limits)
    if rule not in (_DESK_MAY_OVERBOOK if overbook else _DESK_MAY):
        near = nearest(plan, reason, minute, present)
        if rule is Rule.TAKEN:
            raise refusals.SlotTaken(_("Ce temps est déjà pris."), near)
        raise _ERRORS.get(rule, refusals.NotOffered)(sentence, near)
    offer = _offer(plan, reason, minute, limits, at_desk=True)
    return replace(offer, over_another=rule is Rule.TAKEN)


def _seat(
    wish: Wish, reason: rules.Reason, visit: availability.Visit, now: int, *,
    at_desk: bool = False, overbook: bool = False,
) -> Offer:  # fmt: skip
    """The session at that very time, if somebody holds it and it is not too early or too late."""
    minute, plan = wish.minute, wish.plan
    session = groups.at(plan.role_id, visit.id, wish.starts_at, wall_clock.instant_of(now))
    early = too_early_or_late(plan.calendar, visit, minute, now)
    finding = Finding(early) if early is not None else groups.shut(plan, visit, minute)
    if finding is not None and (early is not None or not overbook):
        raise _ERRORS.get(finding.rule, refusals.NotOffered)(explain.sentence(finding, plan))
    return Offer(plan, reason, _claim(plan, reason, minute), minute, at_desk, (), session)


def check_person(
    offer: Offer, *, mode: str, first_visit: bool | None, red_flags_denied: Collection[str]
) -> None:
    """The rules about who comes and how; raises the one that is broken. ``first_visit`` None: who
    may come was decided by the reason that this one is a step of."""
    reason = offer.reason
    if red_flags.unanswered(reason.red_flags, red_flags_denied):
        raise refusals.RedFlagUnanswered(_("Répondez d’abord aux questions de sécurité."))
    if not reason.allows(mode):
        raise refusals.ModeRefused(_("Ce motif ne se fait pas de cette manière."))
    if first_visit and not reason.new_patients:
        raise refusals.NewPatientsRefused(
            _("Ce soignant ne prend pas de nouveaux patients pour ce motif.")
        )
    if first_visit is False and not reason.known_patients:
        raise refusals.KnownPatientsRefused(_("Ce motif est réservé à une première consultation."))


def _open_reason(wish: Wish, audience: Public = Public.INVITED) -> rules.Reason:
    """One that these people may not know of is refused as one that is not there."""
    if wish.reason is None or not wish.reason.is_for(audience):
        raise refusals.ReasonClosed(_("Ce motif n’est pas ouvert à la réservation en ligne."))
    return wish.reason


def _a_slot(plan: rules.Plan, reason: rules.Reason, taken: Rows, minute: int, now: int) -> bool:
    """Whether the time would be offered if nobody stood in its way: 9 h 01 never would."""
    visit, start = reason.visit, minute - reason.visit.buffer_before
    elsewhere = [
        span
        for span in rules.spans(taken).get(plan.role_id, [])
        if span[1] <= start or start + visit.block <= span[0]
    ]
    window = (minute, minute + 1)
    return minute in availability.slots(plan.calendar, visit, elsewhere, window, now)


def _limits(plan: rules.Plan, reason: rules.Reason, taken: Rows, minute: int) -> Limits:
    """Rooms, the substitute and the day's count, at that time."""
    asked = {plan.role_id: (plan.calendar, reason.visit)}
    full = counting.full_days(asked, (minute, minute + 1), using=USING)
    return plan.limits(reason, rules.spans(taken), full.get(plan.role_id, rules.NO_DAYS))


def _rule(
    plan: rules.Plan,
    visit: availability.Visit,
    taken: Rows,
    minute: int,
    now: int,
    limits: Limits,
) -> tuple[Rule, str]:
    busy = rules.spans(taken).get(plan.role_id, [])
    finding = diagnose(plan.calendar, visit, busy, minute, now, limits)
    return finding.rule, explain.sentence(finding, plan)


def _offer(
    plan: rules.Plan, reason: rules.Reason, minute: int, limits: Limits, *, at_desk: bool
) -> Offer:
    claim = _claim(plan, reason, minute)
    block = wall_clock.minute_of(claim.starts_at), wall_clock.minute_of(claim.ends_at)
    needs = tuple(need for need in limits.needs if need.concerns(block))
    return Offer(plan, reason, claim, minute, at_desk, needs)


def _claim(plan: rules.Plan, reason: rules.Reason, minute: int) -> Claim:
    start = minute - reason.visit.buffer_before
    return Claim(
        tenant=plan.establishment_id,
        claimant=plan.role_id,
        starts_at=wall_clock.instant_of(start),
        ends_at=wall_clock.instant_of(start + reason.visit.block),
    )


def nearest(plan: rules.Plan, reason: rules.Reason, minute: int, now: int) -> list[Slot]:
    start = minute - NEAREST_HOURS_BEFORE * 60
    found: list[int] = []
    for days in NEAREST_DAYS_AFTER:
        found = free_minutes(plan, reason, (start, minute + days * wall_clock.DAY_MINUTES), now)
        if len(found) >= NEAREST_SLOTS:
            break
    near = sorted(sorted(found, key=lambda at: abs(at - minute))[:NEAREST_SLOTS])
    return [_slot(plan, reason, at) for at in near]


def free_minutes(plan: rules.Plan, reason: rules.Reason, window: Span, now: int) -> list[int]:
    """The slots of a reason within a window, as they are now, seen from the transaction."""
    taken = rules.taken([plan], window, now, using=USING)
    if reason.in_groups:
        role = plan.role_id
        return groups.starts({role: (plan, reason)}, window, now, using=USING)[role]
    asked = {plan.role_id: (plan.calendar, reason.visit)}
    full = counting.full_days(asked, window, using=USING).get(plan.role_id, rules.NO_DAYS)
    limits = plan.limits(reason, taken, full)
    busy = taken.get(plan.role_id, [])
    starts = availability.slots(plan.calendar, reason.visit, busy, window, now, limits)
    ways = linked.ways_of([reason], window, now, using=USING)
    return list(linked.fitting(plan, reason, starts, ways))


def _slot(plan: rules.Plan, reason: rules.Reason, minute: int) -> Slot:
    starts_at = wall_clock.instant_of(minute)
    ends_at = starts_at + timedelta(minutes=reason.visit.duration)
    return Slot(plan.role_id, reason.visit.id, starts_at, ends_at, reason.mode)
