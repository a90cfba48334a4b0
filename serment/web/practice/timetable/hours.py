"""Adding weekly hours, and changing or taking away one date, what follows, or all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.errors import NotThere, Refused
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import already_open, editing, fruitless, two_places
from serment.scheduling.editing import Hours, Scope
from serment.scheduling.models import OpeningException, WeeklyOpening
from serment.scheduling.recurrence import WEEKS_APART_MAX, Public
from serment.web import asked
from serment.web.practice import team
from serment.web.practice.timetable import page, trying

URGENT_MINUTES_MAX = 20_160


@dataclass(slots=True)
class Form:
    """Hours as typed; ``errors`` are sentences by field."""

    weekdays: list[int]
    starts: time | None
    ends: time | None
    first: date | None = None
    last: date | None = None
    every: int = 1
    every_typed: str = ""
    """As written, for the page to show again; likewise ``urgent_typed``."""
    anchor: date | None = None
    reasons: list[UUID] = field(default_factory=list)
    public: int = Public.EVERYONE
    holidays: bool = False
    urgent: int | None = None
    urgent_typed: str = ""
    scope: Scope = Scope.ALL
    on: date | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, row: WeeklyOpening | None, today: date) -> Form:
        """As the rule stands, or a new one."""
        if row is None:
            return cls([], None, None, anchor=today)
        return cls(
            [row.weekday], row.starts, row.ends, row.valid_from, row.valid_until,
            every=row.every_weeks, anchor=row.anchor or today, reasons=list(row.reasons),
            public=row.public, holidays=not row.closed_on_holidays,
            urgent=row.late_release_minutes,
        )  # fmt: skip

    @classmethod
    def read(cls, sent: asked.Given, today: date) -> Form:
        """As typed; what cannot be read is said beside its field."""
        form = cls(
            weekdays=[n for n in map(_digit, sent.getlist("jours")) if n is not None and n < 7],
            starts=time_of(sent.get("de", "")),
            ends=time_of(sent.get("a", "")),
            first=asked.day(sent.get("du", "")),
            last=asked.day(sent.get("au", "")),
            every_typed=sent.get("semaines", ""),
            anchor=asked.day(sent.get("comptees", "")) or today,
            reasons=[one for one in map(asked.uuid, sent.getlist("motifs")) if one],
            public=asked.number(sent.get("public", ""), int(Public.INVITED)) or 0,
            holidays=sent.get("feries", "") == "oui",
            urgent_typed=sent.get("urgence", ""),
            scope=_scope(sent.get("portee", "")),
            on=asked.day(sent.get("jour", "")),
        )
        form._check(sent)
        return form

    def _check(self, sent: asked.Given) -> None:
        if not self.weekdays:
            self.errors["weekdays"] = _("Choisissez au moins un jour.")
        if self.starts is None or self.ends is None:
            self.errors["hours"] = _("Écrivez une heure de début et une heure de fin.")
        every = weeks_apart(self.every_typed)
        if every is None:
            self.errors["every"] = weeks_unreadable()
        self.every = every or 1
        self.urgent = asked.within(self.urgent_typed, 0, URGENT_MINUTES_MAX)
        if self.urgent_typed.strip() and self.urgent is None:
            self.errors["urgent"] = _(
                "Gardé pour l’urgence : écrivez un nombre de minutes, de 0 à %(most)d."
            ) % {"most": URGENT_MINUTES_MAX}
        for name, value in (("du", self.first), ("au", self.last)):
            if sent.get(name) and value is None:
                self.errors["dates"] = _("Cette date ne peut pas être lue.")
        if self.scope is not Scope.ALL and self.on is None:
            self.errors["scope"] = _("Dites de quelle date il s’agit.")

    def hours(self) -> list[Hours]:
        """One for each weekday. Raises ``Refused`` with what to put right."""
        if self.starts is None or self.ends is None:
            raise Refused(_("Écrivez une heure de début et une heure de fin."))
        one = Hours(
            weekday=0, starts=self.starts, ends=self.ends, valid_from=self.first,
            valid_until=self.last, every_weeks=self.every, anchor=self.anchor,
            reasons=tuple(self.reasons), closed_on_holidays=not self.holidays,
            late_release_minutes=self.urgent, public=self.public,
        )  # fmt: skip
        return [editing.checked(replace(one, weekday=weekday)) for weekday in self.weekdays]


@policy.staff_may(Act.SET_OPENINGS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """The form of new hours, or of those named; what it would do is said before it is done."""
    given = asked.given(request)
    row = rule(given.get("regle", "")) if given.get("regle") else None
    member = _member(request, row)
    today = clock.now().astimezone(member.zone).date()
    if request.method != "POST":
        form = Form.of(row, today)
        form.on = _next_date(row, today) if row else None
        form.scope = Scope.ALL
        return _show(request, member, row, form)
    form = Form.read(asked.sent(request), today)
    if row is not None and form.scope is Scope.ONE:
        form.weekdays = form.weekdays or [row.weekday]
        form.errors.pop("weekdays", None)
    if form.errors:
        return _show(request, member, row, form, status=422)
    return _save(request, member, row, form)


def _save(
    request: HttpRequest, member: team.Member, row: WeeklyOpening | None, form: Form
) -> HttpResponse:
    now = clock.now()
    try:
        many = form.hours()
        act = _act(member, row, form, many)
        orphaned = trying.tried([member.id], act, now)
    except Refused as refused:
        form.errors["all"] = str(_(refused.sentence))
        return _show(request, member, row, form, status=422)
    said = {fruitless.hours(member.id, one.opening, now) for one in many} - {""}
    twice = {two_places.overlap(member.id, one.opening, now) for one in many} - {""}
    today = now.astimezone(member.zone).date()
    known = already_open.already(member.id, many, today, row.id if row else None)
    trial = trying.Trial(orphaned, sorted(said), [*sorted(twice), *known])
    if not trial.accepted(request):
        return _show(request, member, row, form, trial=trial)
    act()
    actor = accounts.actor_for(request)
    return trying.saved(request, actor, trial, _("Les heures sont enregistrées."), member)


def _act(
    member: team.Member, row: WeeklyOpening | None, form: Form, many: list[Hours]
) -> Callable[[], object]:
    if row is None:
        return lambda: editing.add(member.role.establishment_id, member.id, many)
    # Of a rule that stands the first weekday is its own; more of them are rules beside it.
    changed, more = many[0], many[1:]

    def act() -> None:
        editing.change(row.id, changed, form.scope, form.on)
        editing.add(member.role.establishment_id, member.id, more)

    return act


@policy.staff_may(Act.SET_OPENINGS)
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take hours away, of one date, from a date on, or altogether; a single date likewise."""
    sent = asked.sent(request)
    if sent.get("date"):
        return _remove_date(request, sent.get("date", ""))
    row = rule(sent.get("regle", ""))
    member, now = _member(request, row), clock.now()
    scope, on = _scope(sent.get("portee", "")), asked.day(sent.get("jour", ""))

    def act() -> None:
        editing.change(row.id, None, scope, on)

    try:
        trial = trying.Trial(trying.tried([member.id], act, now))
    except Refused as refused:
        form = Form.of(row, now.astimezone(member.zone).date())
        form.scope, form.on = scope, on
        form.errors["scope"] = str(_(refused.sentence))
        return _show(request, member, row, form, status=422)
    if not trial.accepted(request):
        form = Form.of(row, now.astimezone(member.zone).date())
        form.scope, form.on = scope, on
        return _show(request, member, row, form, trial=trial, removing=True)
    act()
    actor = accounts.actor_for(request)
    return trying.saved(request, actor, trial, _("Ces heures sont retirées."), member)


def _remove_date(request: HttpRequest, text: str) -> HttpResponse:
    house, wanted = team.establishment_of(accounts.actor_for(request)), asked.uuid(text)
    dates = OpeningException.objects.filter(establishment_id=house)
    found = dates.filter(id=wanted).first() if wanted else None
    if found is None:
        raise editing.NoSuchRule
    role = found.role_id
    found.delete()
    return HttpResponseRedirect(f"{reverse('practice:hours')}?agenda={role}")


def rule(text: str) -> WeeklyOpening:
    """Hours of this house by their id; the wall lets no other be written, and none is shown."""
    wanted = asked.uuid(text)
    found = WeeklyOpening.objects.filter(id=wanted).first() if wanted else None
    if found is None:
        raise editing.NoSuchRule
    return found


def _member(request: HttpRequest, row: WeeklyOpening | None) -> team.Member:
    everybody = team.members(team.establishment_of(accounts.actor_for(request)))
    if row is not None:
        found = next((one for one in everybody if one.id == row.role_id), None)
    else:
        found = page.chosen(request, everybody)
    if found is None:
        raise NotThere
    return found


def _show(
    request: HttpRequest, member: team.Member, row: WeeklyOpening | None, form: Form, *,
    status: int = 200, trial: trying.Trial | None = None, removing: bool = False,
) -> HttpResponse:  # fmt: skip
    language = get_language() or "fr"
    reasons = member.role.reasons.filter(active=True).order_by("position", "name_fr")
    context: dict[str, Any] = {
        "section": "hours",
        "member": member,
        "row": row,
        "form": form,
        "weekdays": [(n, str(WEEKDAYS[n]), n in form.weekdays) for n in range(7)],
        "reasons": [(one.id, one.name(language), one.id in form.reasons) for one in reasons],
        "publics": WeeklyOpening._meta.get_field("public").choices,
        "every_max": WEEKS_APART_MAX,
        "urgent_max": URGENT_MINUTES_MAX,
        "trial": trial,
        "left": trying.by_day(trial.orphaned, [member]) if trial else (),
        "orphaned": len(trial.orphaned) if trial else 0,
        "removing": removing,
    }
    return render(request, "practice/hours_edit.html", context, status=status)


def _next_date(row: WeeklyOpening, today: date) -> date | None:
    opening = Hours.of(row).opening
    return fruitless.first_date(opening, max(today, row.valid_from or today))


def _scope(text: str) -> Scope:
    return Scope(text) if text in set(Scope) else Scope.ALL


def _digit(text: str) -> int | None:
    return asked.number(text, 9)


def weeks_apart(text: str) -> int | None:
    """Every how many weeks; each one where nothing is written, None where it is no such number."""
    return asked.within(text, 1, WEEKS_APART_MAX) if text.strip() else 1


def weeks_unreadable() -> str:
    """What to write instead."""
    told = _("« Toutes les … semaines » : écrivez un nombre de 1 à %(most)d.")
    return told % {"most": WEEKS_APART_MAX}


def time_of(text: str) -> time | None:
    """A time of day as a browser writes it."""
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None
