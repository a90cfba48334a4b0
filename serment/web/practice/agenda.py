"""The agenda of a day or a week: time and state, and names where this session opened them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import Actor
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import agenda, closing
from serment.web import asked, wording
from serment.web.practice import (
    addresses,
    closed,
    grid,
    naming,
    panel_shown,
    shifting,
    team,
    urgent,
    whole,
)
from serment.web.practice import desk as desks
from serment.web.practice.desk import Desk
from serment.web.practice.team import Member

WEEK_DAYS = 7


@dataclass(slots=True)
class Shown:
    """One column: a practitioner's day, and what of it is open."""

    member: Member
    day: date
    drawn: grid.Drawn
    names_open: bool
    reasons_open: bool
    now_row: int | None
    closed: closed.Closed | None = None

    @property
    def heading(self) -> tuple[str, str]:
        """The day as a week's column heads it."""
        return wording.short_day(self.day)


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
@urgent.closed_when_frozen
def day(request: HttpRequest) -> HttpResponse:
    """The chosen practitioners side by side."""
    actor, desk, everybody, on = _asked(request)
    days = closing.around([one.id for one in everybody], on)
    receiving = days.open()
    chosen = team.shown(request, desk, everybody, asked.query(request).getlist("agenda"), receiving)
    columns: list[Shown] = []
    frame = None
    if chosen:
        zone = chosen[0].zone
        found = agenda.day(
            team.establishment_of(actor), [one.id for one in chosen], on, zone,
            cancelled="annules" in asked.query(request),
        )  # fmt: skip
        frame = grid.frame_of(found, zone)
        columns = _columns(actor, desk, chosen, found, frame, days)
    return _page(
        request, actor, desk, everybody, chosen, columns, frame, on, "day",
        receiving=receiving, next_open=_next_open(columns, days),
    )  # fmt: skip


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
@urgent.closed_when_frozen
def week(request: HttpRequest) -> HttpResponse:
    """The week of all who are shown, or of the one named (``de``)."""
    actor, desk, everybody, on = _asked(request)
    sent = asked.query(request)
    chosen = team.shown(request, desk, everybody, sent.getlist("agenda"), at_first=team.SHOWN_MAX)
    focus = next((one for one in chosen if str(one.id) == sent.get("de")), None)
    if focus is None and len(chosen) > 1:
        return _whole_week(request, actor, desk, everybody, chosen, on)
    columns: list[Shown] = []
    frame = None
    focus = focus or next(iter(chosen), None)
    if focus:
        monday = whole.monday_of(on)
        found = agenda.week(
            team.establishment_of(actor), [focus.id], monday, focus.zone,
            cancelled="annules" in sent,
        )  # fmt: skip
        days = [column for row in found.values() for column in row]
        while len(days) > whole.WORK_DAYS and not days[-1].openings and not days[-1].entries:
            days.pop()
        frame = grid.frame_of(days, focus.zone)
        rules = closing.around([focus.id], monday)
        columns = _columns(actor, desk, [focus], days, frame, rules)
    return _page(request, actor, desk, everybody, chosen, columns, frame, on, "week", focus=focus)


def _whole_week(
    request: HttpRequest, actor: Actor, desk: Desk, everybody: Sequence[Member],
    chosen: Sequence[Member], on: date,
) -> HttpResponse:  # fmt: skip
    """Everybody's week as a table, and the focused day beside it."""
    sent = asked.query(request)
    found = agenda.week(
        team.establishment_of(actor), [one.id for one in chosen], whole.monday_of(on),
        chosen[0].zone, cancelled="annules" in sent,
    )  # fmt: skip
    drawn = whole.draw(chosen, found, (sent.get("pour", ""), on), clock.now())
    beside = [one for one in found[drawn.day] if one.role_id == drawn.member.id]
    frame = grid.frame_of(beside, drawn.member.zone)
    rules = closing.around([drawn.member.id], drawn.day)
    columns = _columns(actor, desk, [drawn.member], beside, frame, rules)
    return _page(
        request, actor, desk, everybody, chosen, columns, frame, on, "week", drawn_week=drawn
    )


@policy.staff_may(Act.OPEN_AGENDA_NAMES)
@require_POST
def open_names(request: HttpRequest) -> HttpResponse:
    """Open the names of one practitioner's day, or close names and reasons."""
    member, on = _day_asked(request)
    desk = Desk(request, clock.now())
    if asked.sent(request).get("quoi", "") == "noms":
        desk.open(desks.names_of(member.id, on))
    else:
        desk.close("names")
        desk.close("reasons")
    return addresses.back(request)


@policy.staff_may(Act.OPEN_AGENDA_REASONS)
@require_POST
def open_reasons(request: HttpRequest) -> HttpResponse:
    """Open why the patients of one practitioner's day come."""
    member, on = _day_asked(request)
    Desk(request, clock.now()).open(desks.reasons_of(member.id, on))
    return addresses.back(request)


def _day_asked(request: HttpRequest) -> tuple[Member, date]:
    """Whose day a form names."""
    actor = accounts.actor_for(request)
    members = {str(one.id): one for one in team.members(team.establishment_of(actor))}
    member = members.get(asked.sent(request).get("agenda", ""))
    on = asked.day(asked.sent(request).get("jour", ""))
    if member is None or on is None:
        raise NotThere
    return member, on


@policy.staff_may(Act.SEE_AGENDA)
@require_POST
def discretion(request: HttpRequest) -> HttpResponse:
    """Initials instead of names, or names again."""
    Desk(request, clock.now()).show_initials(asked.sent(request).get("initiales") == "1")
    return addresses.back(request)


def _asked(request: HttpRequest) -> tuple[Actor, Desk, list[Member], date]:
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    now = clock.now()
    today = now.astimezone(everybody[0].zone).date() if everybody else now.date()
    return (
        actor,
        Desk(request, now),
        everybody,
        asked.day(asked.query(request).get("jour", "")) or today,
    )


def _columns(
    actor: Actor,
    desk: Desk,
    members: Sequence[Member],
    found: Sequence[agenda.Column],
    frame: grid.Frame,
    days: closing.Days,
) -> list[Shown]:
    now = clock.now()
    by_id = {one.id: one for one in members}
    today = now.astimezone(frame.zone).date()
    columns = []
    for column in found:
        drawn = grid.draw(column, frame, now)
        row = frame.row_of(now, column.day)
        shown = Shown(
            member=by_id[column.role_id],
            day=column.day,
            drawn=drawn,
            names_open=desk.is_open(desks.names_of(column.role_id, column.day)),
            reasons_open=desk.is_open(desks.reasons_of(column.role_id, column.day)),
            now_row=row if column.day == today and 0 < row < frame.rows else None,
            closed=closed.of(days, by_id[column.role_id], column),
        )
        _name(actor, desk, shown)
        columns.append(shown)
    return columns


def _next_open(columns: Sequence[Shown], days: closing.Days) -> date | None:
    """The next day on which one of those shown receives, when today nobody does or comes."""
    if not columns or any(not one.closed or one.drawn.column.booked_count for one in columns):
        return None
    return days.next_open([one.member.id for one in columns])


def _name(actor: Actor, desk: Desk, shown: Shown) -> None:
    """Put names and reasons on the entries where this session opened them."""
    visits = [one for one in shown.drawn.entries if one.is_appointment]
    ids = [one.entry.id for one in visits]
    people = naming.people(actor, ids) if shown.names_open and ids else {}
    opened = ids if shown.reasons_open else [i for i in ids if desk.is_open(desks.reason_of(i))]
    reasons = naming.reasons(actor, opened) if opened else {}
    for one in visits:
        person, why = people.get(one.entry.id), reasons.get(one.entry.id)
        one.file_closed = shown.names_open and person is None
        if person is not None:
            one.name = person.initials if desk.initials else person.name
        if why is not None:
            one.reason, one.video, one.first_visit = why.reason, why.video, why.first_visit


def _page(  # noqa: PLR0913, PLR0917 -- what the two pages share
    request: HttpRequest, actor: Actor, desk: Desk, everybody: Sequence[Member],
    chosen: Sequence[Member], columns: Sequence[Shown], frame: grid.Frame | None, on: date,
    view: str, *, focus: Member | None = None, receiving: Container[UUID] = (),
    next_open: date | None = None, drawn_week: whole.Whole | None = None,
) -> HttpResponse:  # fmt: skip
    now = clock.now()
    step = timedelta(days=1 if view == "day" else WEEK_DAYS)
    opened = panel_shown.build(actor, desk, asked.uuid(asked.query(request).get("rdv", "")), now)
    for column in columns:
        for one in column.drawn.entries:
            one.chosen = opened is not None and one.entry.id == opened.appointment.id
    today = now.astimezone(frame.zone).date() if frame else now.date()
    context: dict[str, Any] = {
        "section": "agenda",
        "view": view,
        "on": on,
        "monday": whole.monday_of(on),
        "is_today": on == today,
        "previous": on - step,
        "next": on + step,
        "today": today,
        "everybody": everybody,
        "groups": team.by_trade(everybody),
        "shown_max": team.SHOWN_MAX,
        "too_many": team.too_many(asked.query(request).getlist("agenda"), everybody),
        "receiving": receiving,
        "all_closed": bool(columns)
        and all(one.closed and not one.drawn.column.booked_count for one in columns),
        "next_open": next_open,
        "holiday": closed.holiday(chosen, on) if view == "day" else "",
        "chosen": chosen,
        "chosen_by_day": view == "day"
        and team.follows_the_day(request, desk, everybody, receiving),
        "chosen_ids": {one.id for one in chosen},
        "focus": focus,
        "whole": drawn_week,
        "columns": columns,
        "frame": frame,
        "desk": desk,
        "panel": opened,
        "here": request.get_full_path(),
        "kept": _kept(request, without=("rdv", *shifting.ACTS)),
        "said": addresses.SAID.get(asked.query(request).get("dit", "")),
        "said_hour": opened.hours if opened and asked.query(request).get("dit") == "change" else "",
        "no_such_day": _no_such_day(request),
        "shifted": shifting.told(request, list(everybody)),
        "said_undo": asked.query(request).get("dit", "").startswith("annule-"),
        "said_no": asked.query(request).get("dit") in addresses.REFUSED,
        "count": sum(column.drawn.column.booked_count for column in columns),
        "collisions": sum(column.drawn.collisions for column in columns),
        "with_cancelled": "annules" in asked.query(request),
    }
    return render(request, "practice/agenda.html", context)


def _no_such_day(request: HttpRequest) -> bool:
    """Whether the address names a day that does not exist, or none of this century."""
    named = asked.query(request).get("jour", "")
    return bool(named) and asked.day(named) is None


def _kept(request: HttpRequest, without: Sequence[str]) -> str:
    pairs = [
        (name, value)
        for name, values in asked.query(request).lists()
        for value in values
        if name not in without
    ]
    return urlencode(pairs)
