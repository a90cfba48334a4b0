"""A visit that is noted as missed: what its person reads, saying that this is not so, and being
asked to call instead of booking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from serment import clock
from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.disclosure import Purpose
from serment.errors import Conflict
from serment.identity import accounts, policy
from serment.scheduling import missed, missed_limit
from serment.scheduling.missed_limit import Limit, Rule
from serment.scheduling.models import Appointment
from serment.web import asked, hours
from serment.web.patient import appointments
from serment.web.patient.appointments import Line

Missed = Appointment.Missed


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of one missed visit says."""

    state: str
    rule: Rule | None
    until: datetime | None
    """How long it counts; None where it does not."""
    objection: missed.Objection
    today: date

    @property
    def may_object(self) -> bool:
        """Whether one press says that this is not so."""
        return self.state == Missed.COUNTS


def shown(request: HttpRequest, line: Line) -> Shown | None:
    """None of a visit that was not missed."""
    visit = line.appointment
    if visit.status != Appointment.Status.NOSHOW:
        return None
    rule = missed.rule_of(visit.establishment_id)
    lapses = missed_limit.lapses_at(visit.starts_at, rule.months) if rule else None
    counts = visit.missed in missed.COUNTED and lapses is not None and lapses > clock.now()
    return Shown(
        visit.missed, rule, lapses if counts else None,
        missed.objection(accounts.actor_for(request), Purpose.SELF, visit), clock.now().date(),
    )  # fmt: skip


@policy.patient()
@require_POST
def contest(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """It is not so; with a few words or none. Said twice, it is said once."""
    line = appointments.own(request, appointment_id)
    words = asked.words(asked.sent(request).get("mot", ""), missed.WORDS_MAX)
    try:
        with transaction.atomic(), tenancy.inside(records=[line.appointment.id]):
            missed.object_to(accounts.actor_for(request), line.appointment.id, words)
    except Conflict:
        pass  # said before, or answered: the page says which
    return HttpResponseRedirect(reverse("patient:appointment", args=[appointment_id]))


def asked_to_call(request: HttpRequest, role: PractitionerRole, limit: Limit) -> HttpResponse:
    """Why, until when, whom to call, and where to say that it is not so; nothing was booked."""
    site, reader = ZoneInfo(role.site.timezone), hours.of_reader(request)
    now = clock.now()
    context = {
        "role": role,
        "site": role.site,
        "until": limit.until.astimezone(site).date(),
        "today": now.date(),
        "rule": limit.rule,
        "visits": [
            (one.id, hours.told_now(one.starts_at, site, reader, "in_person", now))
            for one in limit.visits
        ],
    }
    return render(request, "patient/asked_to_call.html", context, status=422)
