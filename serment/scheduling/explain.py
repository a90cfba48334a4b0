"""Why a slot is not offered, in one sentence that names the rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import reduce
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from serment.directory import spoken
from serment.scheduling import (
    counting,
    groups,
    linked,
    linked_times,
    outside_calendars,
    rules,
    wall_clock,
)
from serment.scheduling.availability import GRID_MINUTES, Public
from serment.scheduling.diagnosis import Finding, Rule, diagnose
from serment.scheduling.models import VisitReason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MINUTE = timedelta(minutes=1)
STEP_CLOSED = "step"
"""The name of what closes a time of which only a later step has no place."""
REASON_CLOSED, NO_SESSION, SESSION_FULL = "reason_closed", "no_session", "session_full"
_LOOKED_AT = 24 * 60
LASTING = 1 << 31
"""As ``rule_rows`` writes the end of what has none."""
_SENTENCES: dict[Rule, _StrPromise] = {
    Rule.OFFERED: gettext_lazy("Ce créneau est proposé à la réservation."),
    Rule.PAST: gettext_lazy("Cette heure est déjà passée."),
    Rule.NOTICE: gettext_lazy(
        "Il est trop tard pour réserver ce créneau en ligne : appelez le cabinet."
    ),
    Rule.HORIZON: gettext_lazy("Cette date n’est pas encore ouverte à la réservation."),
    Rule.HOUSE_CLOSED: gettext_lazy("Le cabinet est fermé à ce moment."),
    Rule.ABSENCE: gettext_lazy("Le soignant est absent à ce moment."),
    Rule.RECURRING_ABSENCE: gettext_lazy("Le soignant est absent chaque semaine à cette heure."),
    Rule.CLOSED_DATE: gettext_lazy("Le soignant ne reçoit pas à cette date, par exception."),
    Rule.HOLIDAY: gettext_lazy("C’est un jour férié et le soignant ne reçoit pas."),
    Rule.SKIPPED: gettext_lazy("Ces heures ne valent pas ce jour-là, par exception."),
    Rule.OTHER_WEEK: gettext_lazy("Ces heures reviennent d’autres semaines que celle-ci."),
    Rule.NOT_YET: gettext_lazy("Ces heures n’ont pas encore commencé à cette date."),
    Rule.ENDED: gettext_lazy("Ces heures ont pris fin avant cette date."),
    Rule.RESERVED: gettext_lazy("Ces heures sont réservées à certaines personnes."),
    Rule.OTHER_REASON: gettext_lazy("Ces heures sont réservées à d’autres motifs."),
    Rule.TOO_LONG: gettext_lazy("La consultation finirait après la fermeture."),
    Rule.MIDNIGHT: gettext_lazy("Une consultation ne passe pas minuit."),
    Rule.OUTSIDE_OPENINGS: gettext_lazy("Le soignant ne reçoit pas à cette heure."),
    Rule.TAKEN: gettext_lazy("Ce temps est déjà pris."),
    Rule.ELSEWHERE: gettext_lazy("Le soignant est pris ailleurs, d’après un autre de ses agendas."),
    Rule.SUBSTITUTE_BUSY: gettext_lazy("La personne qui remplace ce soignant n’est pas libre."),
    Rule.NO_ROOM: gettext_lazy("La salle ou l’appareil qu’il faut n’est pas libre."),
    Rule.DAY_FULL: gettext_lazy("Ce motif est complet ce jour-là."),
    Rule.OFF_GRID: gettext_lazy("Les créneaux de ce jour commencent à d’autres heures."),
}
_FOR_WHOM: dict[Public, _StrPromise] = {
    Public.KNOWN: gettext_lazy("Ces heures sont réservées aux personnes déjà venues ici."),
    Public.INVITED: gettext_lazy(
        "Ces heures se prennent sur invitation : c’est le cabinet qui les donne."
    ),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The rule's name for programs, and its sentence for people."""

    rule: str
    sentence: str

    @property
    def offered(self) -> bool:
        """Whether the time can be booked after all."""
        return self.rule == Rule.OFFERED


def why_not(
    role_id: UUID,
    reason_id: UUID | None,
    instant: datetime,
    now: datetime,
    *,
    using: str = "search",
    audience: Public = Public.EVERYONE,
    inside: bool = False,
) -> Explanation:
    """Why a visit for this reason cannot start at this instant; ``offered`` if it can.

    ``inside``: to somebody of the house. Nobody else is told that a time is taken by a calendar of
    the practitioner's own, which is their private life, and not by patients.
    """
    window = instant, instant + MINUTE
    ((_instant, explanation),) = day(
        role_id, reason_id, window, MINUTE, now, audience, using=using, inside=inside
    )
    return explanation


def day(
    role_id: UUID,
    reason_id: UUID | None,
    window: tuple[datetime, datetime],
    step: timedelta,
    now: datetime,
    audience: Public,
    *,
    using: str = "default",
    inside: bool = False,
) -> list[tuple[datetime, Explanation]]:
    """The same for every step of a window, asked of the database once."""
    count = -(-(window[1] - window[0]) // step)
    instants = [window[0] + n * step for n in range(count)]
    present = wall_clock.minute_of(now)
    span = wall_clock.minute_of(window[0]), wall_clock.minute_after(window[1])
    plan = rules.plans([role_id], span, using=using).get(role_id)
    reason = plan.reason(reason_id, audience=audience) if plan else None
    if plan is None or reason is None:
        closed = _("Ce motif n’est pas ouvert à la réservation en ligne.")
        none = Explanation("no_role", nobody()) if plan is None else None
        return [(one, none or Explanation(REASON_CLOSED, closed)) for one in instants]
    reason = reason.seen_by(audience)
    if reason.in_groups:
        return [(one, _in_group(plan, reason, one, now, using)) for one in instants]
    taken = rules.taken([plan], span, present, using=using)
    full = counting.full_days({role_id: (plan.calendar, reason.visit)}, span, using=using)
    limits = plan.limits(reason, taken, full.get(role_id, rules.NO_DAYS))
    if inside:
        own = outside_calendars.taken(plan.establishment_id, role_id, window, using=using)
        limits = replace(limits, elsewhere=own)
    busy = taken.get(role_id, [])
    ways = linked.ways_of([reason], span, present, using=using)
    found = []
    for one in instants:
        minute = wall_clock.minute_of(one)
        finding = diagnose(plan.calendar, reason.visit, busy, minute, present, limits)
        told = Explanation(finding.rule.value, sentence(finding, plan))
        if reason.steps and finding.rule is Rule.OFFERED:
            broken = next_steps(plan, reason, minute, present, ways)
            told = Explanation(STEP_CLOSED, broken) if broken else told
        found.append((one, told))
    return found


def next_steps(
    plan: rules.Plan, reason: rules.Reason, minute: int, now: int, ways: linked.Ways
) -> str:
    """Which step after the first has no place if that one is at this minute, and the rule that
    closes it; nothing where all can be had."""
    layers, first = linked.layers(reason.steps, ways), linked.way(plan, reason)
    at = linked_times.At(first, minute)
    found = linked_times.chain(at, reason.steps, layers)
    if not isinstance(found, linked_times.Broken):
        return ""
    step = reason.steps[found.step]
    told = {"number": found.step + 2, "what": _named(step)}
    if found.within is None:
        return (
            _(
                "L’étape %(number)d (%(what)s) est sur un autre site : le trajet est plus long que"
                " l’attente permise."
            )
            % told
        )
    zone = plan.calendar.zone
    told |= {"from": _moment(found.within[0], zone), "to": _moment(found.within[1] - 1, zone)}
    said = _("L’étape %(number)d (%(what)s) n’a pas de place entre %(from)s et %(to)s.") % told
    judged = [ways[one] for one in step.ways if one in ways]
    why = _why_closed(judged[0], found.within, now) if len(judged) == 1 else ""
    return f"{said} {why}".strip()


def _named(step: linked_times.Step) -> str:
    """What the step is, and with whom; what only invited people know of is not named."""
    rows = VisitReason.objects.filter(
        id__in=[reason for _role, reason in step.ways], by_invitation=False
    )
    told = [
        _("%(what)s, %(who)s")
        % {"what": one.name(get_language() or "fr"), "who": one.role.practitioner}
        for one in rows.select_related("role__practitioner").order_by("role__position", "id")
    ]
    if not told:
        return _("sur invitation")
    return reduce(lambda one, other: _("%(one)s ou %(other)s") % {"one": one, "other": other}, told)


def _day_and_time(minute: int, zone: ZoneInfo) -> dict[str, str]:
    """The two words that a sentence about a moment has gaps for."""
    instant = wall_clock.instant_of(minute)
    on = instant.astimezone(zone).date()
    return {"day": spoken.day(on), "time": spoken.hour(instant, zone)}


def _moment(minute: int, zone: ZoneInfo) -> str:
    return _("%(day)s à %(time)s") % _day_and_time(minute, zone)


def _why_closed(judged: linked.Judged, within: tuple[int, int], now: int) -> str:
    """The first rule met between these minutes that is more than "at another minute"."""
    for minute in range(within[0], min(within[1], within[0] + _LOOKED_AT), GRID_MINUTES):
        finding = diagnose(
            judged.plan.calendar, judged.visit, judged.busy, minute, now, judged.limits
        )
        if finding.rule not in (Rule.OFF_GRID, Rule.OFFERED):
            return sentence(finding, judged.plan)
    return ""


def _in_group(
    plan: rules.Plan, reason: rules.Reason, instant: datetime, now: datetime, using: str
) -> Explanation:
    try:
        session = groups.at(plan.role_id, reason.visit.id, instant, now, using=using)
    except groups.NoSuchSession as none:
        return Explanation(NO_SESSION, none.sentence)
    closed = groups.shut(plan, reason.visit, wall_clock.minute_of(instant))
    if closed is not None:
        return Explanation(closed.rule.value, sentence(closed, plan))
    if not session.left:
        return Explanation(SESSION_FULL, _("Cette séance est complète."))
    return Explanation(Rule.OFFERED, str(_SENTENCES[Rule.OFFERED]))


def nobody() -> str:
    """Of a practitioner who is not shown, or not any more."""
    return _("Ce soignant ne prend pas de rendez-vous en ligne.")


def sentence(finding: Finding, plan: rules.Plan) -> str:
    """The finding for a person, in the language of the moment and the zone of the site."""
    zone = plan.calendar.zone
    if finding.rule is Rule.KEPT and finding.released_at is not None:
        told = _("Ce créneau est gardé pour les urgences et s’ouvre le %(day)s à %(time)s.")
        return told % _day_and_time(finding.released_at, zone)
    if finding.rule is Rule.NO_ROOM and finding.name:
        return _("Aucune place libre à ce moment : %(what)s.") % {"what": finding.name}
    said = str(_FOR_WHOM.get(finding.public) or _SENTENCES[finding.rule])
    more = _more(finding, zone)
    return f"{said} {more}" if more else said


def _more(finding: Finding, zone: ZoneInfo) -> str:
    """Until when, from when, of what: the part of the rule that tells when to try again."""
    if finding.until is not None and finding.until < LASTING:
        until = wall_clock.instant_of(finding.until).astimezone(zone)
        if until.time() == time():  # whole days: nobody says "until Saturday at midnight"
            last = until.date() - timedelta(days=1)
            return _("Jusqu’au %(day)s compris.") % {"day": spoken.day(last)}
        return _("Jusqu’au %(day)s à %(time)s.") % _day_and_time(finding.until, zone)
    if finding.day is not None:
        told = {"day": spoken.day(finding.day, year=True)}
        if finding.rule is Rule.ENDED:
            return _("Leur dernier jour : %(day)s.") % told
        return _("La prochaine fois : %(day)s.") % told
    if finding.cap is not None:
        return ngettext(
            "Le soignant en prend %(count)d par jour.",
            "Le soignant en prend %(count)d par jour.",
            finding.cap,
        ) % {"count": finding.cap}
    return ""
