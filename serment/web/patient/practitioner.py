"""A practitioner's public page: who, where, what for, how much, and the next free times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from serment import clock
from serment.directory.models import Practitioner, PractitionerRole
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.scheduling import audience, explain, search
from serment.scheduling.models import VisitReason
from serment.scheduling.recurrence import Public
from serment.web import asked, hours, wording
from serment.web.patient import slots

DAYS = 7
WEEKS_AHEAD_MAX = 52


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a role's week; empty days are shown as closed."""

    on: date
    weekday: str
    short: str
    slots: list[slots.Offered]


@dataclass(frozen=True, slots=True)
class Week:
    """One place where the practitioner works, its reasons, and a week of free times."""

    role: PractitionerRole
    noun: str
    reasons: list[VisitReason]
    chosen: VisitReason | None
    days: list[Day]
    any_slot: bool
    next_slot: search.Slot | None
    next_words: str
    next_week: int
    languages: list[str]
    remark: str
    """By whose clock the hours are told, where it matters."""

    @property
    def is_awaited(self) -> bool:
        """Whether one may wait for the chosen reason: nobody waits for several visits at once."""
        one = self.chosen
        return one is None or not (one.steps or one.sessions > 1)

    @property
    def said(self) -> str:
        """What a screen reader says once another reason is chosen."""
        number = sum(len(day.slots) for day in self.days)
        return (
            ngettext("%(n)s créneau affiché", "%(n)s créneaux affichés", number) % {"n": number}
            if number
            else _("Aucun créneau affiché")
        )


def _languages(role: PractitionerRole) -> list[str]:
    from serment.directory.models import Language

    known = dict(Language.choices)
    return [str(known.get(code, code)) for code in role.languages]


@policy.everybody(policy.DIRECTORY)
@require_GET
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything published about one practitioner."""
    practitioner = Practitioner.objects.filter(slug=slug).first()
    roles = list(
        PractitionerRole.objects.select_related(
            "practitioner", "site", "specialty", "profession", "establishment"
        )
        .filter(practitioner__slug=slug, active=True)
        .order_by("position")
    )
    if practitioner is None or not roles:
        raise NotThere
    now = clock.now()
    wanted = asked.uuid(asked.query(request).get("motif", ""))
    week = asked.number(asked.query(request).get("semaine", ""), WEEKS_AHEAD_MAX) or 0
    reader = hours.of_reader(request)
    weeks = [_week(request, role, wanted, week, reader, now) for role in roles]
    context = {
        "practitioner": practitioner,
        "weeks": weeks,
        "week": week,
        "initials": wording.initials(practitioner.given_name, practitioner.family_name),
    }
    return render(request, "patient/practitioner.html", context)


@policy.everybody(policy.DIRECTORY)
@require_GET
def why_not(request: HttpRequest, slug: str) -> HttpResponse:
    """Why a time is not offered, in one sentence that names the rule."""
    roles = list(
        PractitionerRole.objects.select_related("site", "practitioner")
        .filter(practitioner__slug=slug, active=True)
        .order_by("position")
    )
    place = asked.query(request).get("lieu", "")
    chosen = next((role for role in roles if str(role.id) == place), next(iter(roles), None))
    if chosen is None:
        raise NotThere
    zone = ZoneInfo(chosen.site.timezone)
    typed = f"{asked.query(request).get('jour', '')}T{asked.query(request).get('heure', '')}"
    local = asked.local_instant(typed)
    when = local.replace(tzinfo=zone) if local else None
    explanation = None
    if when is not None:
        reason = asked.uuid(asked.query(request).get("motif", ""))
        explanation = explain.why_not(chosen.id, reason, when, clock.now())
    context = {
        "role": chosen,
        "practitioner": chosen.practitioner,
        "explanation": explanation,
        "asked": when,
        "day": asked.query(request).get("jour", ""),
        "hour": asked.query(request).get("heure", ""),
        "unreadable": bool(asked.query(request).get("jour")) and when is None,
    }
    return render(request, "patient/why_not.html", context)


def _week(
    request: HttpRequest,
    role: PractitionerRole,
    wanted: UUID | None,
    week: int,
    reader: ZoneInfo,
    now: datetime,
) -> Week:
    site = ZoneInfo(role.site.timezone)
    reasons = list(role.reasons.filter(active=True, by_invitation=False).order_by("position"))
    chosen = next((reason for reason in reasons if reason.id == wanted), None)
    if chosen is None and reasons:
        chosen = next((reason for reason in reasons if reason.new_patients), reasons[0])
    mode = _mode(chosen)
    zone = hours.clock_of(mode, site, reader)
    today = now.astimezone(zone).date()
    first = today + timedelta(days=DAYS * week)
    start = max(now, datetime.combine(first, datetime.min.time(), zone))
    end = datetime.combine(first + timedelta(days=DAYS), datetime.min.time(), zone)
    public = _public(request, role, now)
    found = _slots(role, chosen, (start, end), now, public)
    following = [] if found or chosen is None else _following(role, chosen, end, now, public)
    next_slot = following[0] if following else None
    return Week(
        role=role,
        noun=role.person(get_language() or "fr"),
        reasons=reasons,
        chosen=chosen,
        days=_days(first, slots.by_day(found, site, reader)),
        any_slot=bool(found),
        next_slot=next_slot,
        next_words=hours.told_now(next_slot.starts_at, site, reader, mode, now)
        if next_slot
        else "",
        next_week=(next_slot.starts_at.astimezone(zone).date() - today).days // DAYS
        if next_slot
        else 0,
        languages=_languages(role),
        remark=hours.remark(start, site, reader, mode),
    )


def _mode(reason: VisitReason | None) -> str:
    """As a slot of this reason says it."""
    if reason is None or not reason.video:
        return "in_person"
    return "either" if reason.in_person else "video"


def _slots(
    role: PractitionerRole,
    reason: VisitReason | None,
    window: tuple[datetime, datetime],
    now: datetime,
    public: Public,
) -> list[search.Slot]:
    if reason is None:
        return []
    return search.next_slots([role.id], reason.id, window, now, 10_000, audience=public)[role.id]


def _following(
    role: PractitionerRole, reason: VisitReason, after: datetime, now: datetime, public: Public
) -> list[search.Slot]:
    window = (after, now + timedelta(days=reason.horizon_days + 1))
    return search.next_slots([role.id], reason.id, window, now, 1, audience=public)[role.id]


def _public(request: HttpRequest, role: PractitionerRole, now: datetime) -> Public:
    """Whose hours are shown: some are kept for those who came before."""
    if not request.user.is_authenticated:
        return Public.EVERYONE
    actor = accounts.actor_for(request)
    return audience.of_reader(actor, role.id, role.establishment_id, now)


def _days(first: date, by_day: dict[date, list[slots.Offered]]) -> list[Day]:
    days = []
    for ahead in range(DAYS):
        on = first + timedelta(days=ahead)
        weekday, short = wording.short_day(on)
        days.append(Day(on, weekday, short, by_day.get(on, [])))
    return days
