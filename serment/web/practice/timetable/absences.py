"""Times away: once or each week, of one practitioner, of a site or of the whole house; who stands
in; and what that leaves without open time, before it is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.directory.models import Site
from serment.errors import NotThere, Refused
from serment.identity import accounts, policy, rights
from serment.identity.rights import Act
from serment.scheduling import editing, reached
from serment.scheduling.models import Absence, Closure, RecurringAbsence, Substitution
from serment.scheduling.recurrence import WEEKS_APART_MAX
from serment.web import asked
from serment.web.practice import team
from serment.web.practice.timetable import hours as reading
from serment.web.practice.timetable import page, settled_told, trying

NOTE_LETTERS_MAX = 120
HOUSE, MEMBER = "maison", "soignant"
_SORTS: dict[str, type[Model]] = {
    "absence": Absence,
    "closure": Closure,
    "recurring": RecurringAbsence,
    "substitution": Substitution,
}


@dataclass(slots=True)
class Form:
    """A time away as typed."""

    whose: str = MEMBER
    """``soignant``, ``maison``, or the id of a site."""
    again: bool = False
    first: date | None = None
    last: date | None = None
    starts: time | None = None
    ends: time | None = None
    weekday: int = 0
    every: int = 1
    every_typed: str = ""
    """As written, for the page to show again."""
    note: str = ""
    stand_in: UUID | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, sent: asked.Given, today: date) -> Form:
        """As typed; what cannot be used is said beside its field."""
        form = cls(
            whose=sent.get("qui", MEMBER),
            again=sent.get("quand", "") == "semaine",
            first=asked.day(sent.get("du", "")),
            last=asked.day(sent.get("au", "")),
            starts=reading.time_of(sent.get("de", "")),
            ends=reading.time_of(sent.get("a", "")),
            weekday=min(asked.number(sent.get("jour", ""), 6) or 0, 6),
            every_typed=sent.get("semaines", ""),
            note=asked.words(sent.get("mot", ""), NOTE_LETTERS_MAX),
            stand_in=asked.uuid(sent.get("remplace", "")),
        )
        form._check(today)
        form._check_written(sent)
        return form

    def _check_written(self, sent: asked.Given) -> None:
        """What is written and cannot be read would else count as left empty."""
        dates = (("du", "first", self.first), ("au", "last", self.last))
        times = (("de", "hours", self.starts), ("a", "hours", self.ends))
        for name, field_name, value in dates:
            if sent.get(name) and value is None:
                self.errors[field_name] = _("Cette date ne peut pas être lue.")
        for name, field_name, at in times:
            if sent.get(name) and at is None:
                self.errors[field_name] = _("Cette heure ne peut pas être lue.")

    def _check(self, today: date) -> None:
        if self.first is None:
            self.errors["first"] = _("Écrivez la première date.")
        elif self.last is not None and self.last < self.first:
            self.errors["last"] = _("La dernière date doit venir après la première.")
        elif not self.again and (self.last or self.first) < today:
            self.errors["last"] = _(
                "Cette absence est déjà finie : elle ne fermerait rien. Vérifiez l’année."
            )
        every = reading.weeks_apart(self.every_typed)
        if self.again and every is None:
            self.errors["every"] = reading.weeks_unreadable()
        self.every = every or 1
        if self.again and (self.starts is None or self.ends is None):
            self.errors["hours"] = _("Écrivez une heure de début et une heure de fin.")
        if self.again and self.starts and self.ends and time(0) != self.ends <= self.starts:
            self.errors["hours"] = _("La fin doit venir après le début.")
        if self.stand_in and (self.again or self.whose != MEMBER):
            self.errors["stand_in"] = _(
                "On remplace un soignant pour une absence qui ne revient pas."
            )

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From the first to the last, whole days where no hour is written. ``Refused``."""
        if self.first is None:
            raise Refused(_("Écrivez la première date."))
        last = self.last or self.first
        start = datetime.combine(self.first, self.starts or time(0), zone)
        after = last + timedelta(days=1) if self.ends in (None, time(0)) else last
        end = datetime.combine(after, self.ends or time(0), zone)
        if end <= start:
            raise Refused(_("La fin doit venir après le début."))
        return start, end


@policy.staff_may(Act.SET_OPENINGS)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The form of a new time away; what it would leave without open time is said first."""
    house = team.establishment_of(accounts.actor_for(request))
    everybody = team.members(house)
    member = page.chosen(request, everybody)
    if member is None:
        raise NotThere
    today = clock.now().astimezone(member.zone).date()
    if request.method != "POST":
        return _show(request, everybody, member, Form(first=today))
    form = Form.read(asked.sent(request), today)
    if form.errors:
        return _show(request, everybody, member, form, status=422)
    now = clock.now()
    try:
        act, roles = _act(house, everybody, member, form)
        known = _known(house, member, form)
        trial = trying.Trial(trying.tried(roles, act, now), twice=[known] if known else [])
    except Refused as refused:
        form.errors["all"] = str(_(refused.sentence))
        return _show(request, everybody, member, form, status=422)
    except IntegrityError:
        form.errors["stand_in"] = _("Quelqu’un remplace déjà ce soignant à ces dates.")
        return _show(request, everybody, member, form, status=409)
    if not trial.accepted(request):
        return _show(request, everybody, member, form, trial=trial)
    act()
    actor = accounts.actor_for(request)
    return trying.saved(request, actor, trial, _("C’est enregistré."), member)


def _act(
    house: UUID, everybody: list[team.Member], member: team.Member, form: Form
) -> tuple[Callable[[], object], list[UUID]]:
    """What is to be written, and whose appointments it may touch."""
    site = asked.uuid(form.whose)
    if site is not None and not Site.objects.filter(id=site, establishment_id=house).exists():
        raise NotThere
    for_house = form.whose == HOUSE or site is not None
    roles = [one.id for one in everybody if not for_house or site in (None, one.role.site_id)]
    if not for_house:
        roles = [member.id]
    if form.again:
        return (lambda: _recurring(house, member, form, site, for_house=for_house)), roles
    span = form.span(member.zone)

    def act() -> None:
        # In a savepoint: two substitutes at one time are refused by the database.
        with transaction.atomic():
            if for_house:
                Closure.objects.create(
                    establishment_id=house, site_id=site, span=span, public_note=form.note
                )
                return
            Absence.objects.create(
                establishment_id=house, role_id=member.id, span=span, public_note=form.note
            )
            if form.stand_in is not None:
                _substitute(house, everybody, member, form)

    return act, roles


def _known(house: UUID, member: team.Member, form: Form) -> str:
    """That this time away is written already; nothing where it is new."""
    if form.again:
        return ""
    span = form.span(member.zone)
    absences = Absence.objects.filter(role_id=member.id, span__contains=span)
    closures = Closure.objects.filter(
        Q(site_id=None) | Q(site_id=asked.uuid(form.whose)),
        establishment_id=house,
        span__contains=span,
    )
    known = absences.exists() if form.whose == MEMBER else closures.exists()
    return _("Cette absence est déjà inscrite.") if known else ""


def _substitute(house: UUID, everybody: list[team.Member], member: team.Member, form: Form) -> None:
    known = {one.id for one in everybody} - {member.id}
    if form.stand_in not in known or form.first is None:
        raise NotThere
    Substitution.objects.create(
        establishment_id=house,
        role_id=member.id,
        substitute_id=form.stand_in,
        first_day=form.first,
        last_day=form.last or form.first,
    )


def _recurring(
    house: UUID, member: team.Member, form: Form, site: UUID | None, *, for_house: bool
) -> None:
    if form.starts is None or form.ends is None:
        raise Refused(_("Écrivez une heure de début et une heure de fin."))
    RecurringAbsence.objects.create(
        establishment_id=house,
        role_id=None if for_house else member.id,
        site_id=site,
        weekday=form.weekday,
        starts=form.starts,
        ends=form.ends,
        valid_from=form.first,
        valid_until=form.last,
        every_weeks=form.every,
        anchor=form.first if form.every > 1 else None,
        public_note=form.note,
    )


@policy.staff_may(Act.SET_OPENINGS)
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take a time away back: it opens again. Of one that comes back, one date or all."""
    sent = asked.sent(request)
    model, wanted = _SORTS.get(sent.get("sorte", "")), asked.uuid(sent.get("id", ""))
    house = team.establishment_of(accounts.actor_for(request))
    if model is None or wanted is None:
        raise editing.NoSuchRule
    row = model._default_manager.filter(pk=wanted, establishment_id=house).first()
    if row is None:
        raise editing.NoSuchRule
    day = asked.day(sent.get("jour", ""))
    if isinstance(row, RecurringAbsence) and day is not None:
        editing.stop_recurring(row.id, editing.Scope.ONE, day)
    else:
        row.delete()
    messages.success(request, _("C’est retiré : ces heures sont de nouveau ouvertes."))
    agenda = asked.uuid(sent.get("agenda", ""))
    query = f"?agenda={agenda}" if agenda else ""
    return HttpResponseRedirect(reverse("practice:hours") + query)


def _reach(request: HttpRequest, trial: trying.Trial | None) -> dict[str, Any]:
    """How those who would be left could be told, for whoever may settle it; one opening of all."""
    actor = accounts.actor_for(request)
    if trial is None or not trial.orphaned or not rights.may(actor, Act.BOOK):
        return {}
    try:
        found = reached.of_visits(actor, [one.id for one in trial.orphaned])
    except Refused as refused:
        return {"unreached": str(_(refused.sentence))}
    return {"ways": settled_told.ways(found)}


def _show(
    request: HttpRequest, everybody: list[team.Member], member: team.Member, form: Form, *,
    status: int = 200, trial: trying.Trial | None = None,
) -> HttpResponse:  # fmt: skip
    sites = Site.objects.filter(establishment_id=member.role.establishment_id).order_by("name")
    context: dict[str, Any] = {
        "section": "hours",
        "member": member,
        "everybody": everybody,
        "others": [one for one in everybody if one.id != member.id],
        "sites": [(str(one.id), one.name) for one in sites],
        "form": form,
        "weekdays": [(n, str(WEEKDAYS[n])) for n in range(7)],
        "every_max": WEEKS_APART_MAX,
        "note_max": NOTE_LETTERS_MAX,
        "trial": trial,
        **_reach(request, trial),
        "left": trying.by_day(trial.orphaned, everybody) if trial else (),
        "orphaned": len(trial.orphaned) if trial else 0,
        "most_ways": reached.AT_ONCE_MAX,
    }
    return render(request, "practice/absence.html", context, status=status)
