"""The waiting room: who waits, since when and for whom, by initials; and whose turn it is.

Without being asked it opens nothing: hours and practitioners. A screen on a wall shows the board
and nothing else: any other page locks its session (``kiosk_guard``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import Actor
from serment.errors import Conflict, NotThere
from serment.identity import accounts, policy, staff, unattended
from serment.identity.rights import Act, may
from serment.scheduling import attending, refusals
from serment.scheduling.attending import Status, Waiting
from serment.web import asked
from serment.web.practice import initials, team, urgent
from serment.web.practice.desk import Desk
from serment.web.practice.team import Member

LONG: Final = timedelta(minutes=30)
"""From then on a wait is shown as long."""
WALL_HOURS: Final = 12
_OPEN: Final = "board:names"


@dataclass(slots=True)
class Row:
    """One who is here, as the board shows them."""

    visit: Waiting
    member: Member
    who: str
    long: bool

    @property
    def zone(self) -> str:
        """The clock of the site."""
        return str(self.member.zone)


@dataclass(slots=True)
class Turn:
    """Whose turn it is with one practitioner: who is in the room, and who comes next."""

    member: Member
    own: bool
    in_room: Row | None
    coming: Row | None


@policy.staff_may(Act.SEE_AGENDA)
@never_cache
@require_GET
@urgent.closed_when_frozen
def board(request: HttpRequest) -> HttpResponse:
    """Who is here today; initials where this session opened them, or on a wall."""
    actor, now = accounts.actor_for(request), clock.now()
    everybody = team.members(team.establishment_of(actor))
    wall = unattended.on_a_wall(request.session)
    opened = may(actor, Act.OPEN_AGENDA_NAMES) and (wall or Desk(request, now).is_open(_OPEN))
    site = asked.query(request).get("lieu", "")
    sites = list({str(one.role.site_id): one.role.site for one in everybody}.items())
    shown = [one for one in everybody if site in ("", str(one.role.site_id))] or everybody
    rows = _rows(actor, shown, now, opened=opened)
    context = {
        "section": "board",
        "waiting": [row for row in rows if not row.visit.in_room],
        "in_room": [row for row in rows if row.visit.in_room],
        "turns": _turns(request, shown, rows),
        "opened": opened,
        "sites": sites if len(sites) > 1 else [],
        "site": site,
        "here": request.get_full_path(),
    }
    return render(request, "practice/wall.html" if wall else "practice/board.html", context)


def _rows(actor: Actor, members: Sequence[Member], now: datetime, *, opened: bool) -> list[Row]:
    if not members:
        return []
    found = attending.here([one.id for one in members], now)
    letters = initials.of_visits(actor, [one.id for one in found]) if opened and found else {}
    by_id = {one.id: one for one in members}
    return [
        Row(one, by_id[one.role_id], letters.get(one.id, ""), _is_long(one, now)) for one in found
    ]


def _is_long(one: Waiting, now: datetime) -> bool:
    """Long past the later of coming and the hour that was agreed."""
    if one.in_room or one.since is None:
        return False
    return now - max(one.since.arrived_at, one.starts_at) > LONG


def _turns(request: HttpRequest, members: Sequence[Member], rows: Sequence[Row]) -> list[Turn]:
    """One's own first; the others as the house orders them, where anybody is here."""
    me = staff.of_request(request)
    own = me.practitioner_role_id if me else None
    turns = []
    for member in sorted(members, key=lambda one: one.id != own):
        mine = [row for row in rows if row.member.id == member.id]
        in_room = next((row for row in mine if row.visit.in_room), None)
        coming = next((row for row in mine if not row.visit.in_room), None)
        if mine:
            turns.append(Turn(member, member.id == own, in_room, coming))
    return turns


@policy.staff_may(Act.OPEN_AGENDA_NAMES)
@require_POST
def show(request: HttpRequest) -> HttpResponse:
    """Show initials here for a while, close them, or leave the board on a wall until evening."""
    act, now = asked.sent(request).get("quoi", ""), clock.now()
    desk = Desk(request, now)
    if act == "mur":
        unattended.hang_on_wall(request.session, now + timedelta(hours=WALL_HOURS))
    elif act == "initiales":
        desk.open(_OPEN)
    else:
        desk.close("board")
    return _to_board(request)


@policy.staff_may(Act.SEE_AGENDA, Act.CANCEL)
@require_POST
def following(request: HttpRequest) -> HttpResponse:
    """The next one in: who was in the room is seen. The form says whom it saw as the next."""
    actor, sent, now = accounts.actor_for(request), asked.sent(request), clock.now()
    members = {str(one.id): one for one in team.members(team.establishment_of(actor))}
    member = members.get(sent.get("agenda", ""))
    if member is None:
        raise NotThere
    rows = _rows(actor, [member], now, opened=False)
    wanted, leaves = asked.uuid(sent.get("entre", "")), asked.uuid(sent.get("sort", ""))
    waiting = {row.visit.id for row in rows if not row.visit.in_room}
    inside = {row.visit.id for row in rows if row.visit.in_room}
    try:
        if (wanted and wanted not in waiting) or (leaves and leaves not in inside):
            raise refusals.MovedSince
        _turn(actor, leaves, wanted, now)
    except (Conflict, refusals.NotOffered):
        messages.error(request, _("Quelqu’un d’autre l’a déjà fait : voici où on en est."))
    return _to_board(request)


def _turn(actor: Actor, leaves: UUID | None, enters: UUID | None, now: datetime) -> None:
    if leaves:
        attending.mark(actor, leaves, Status.FULFILLED, now)
    if enters:
        attending.mark(actor, enters, Status.IN_ROOM, now)


def _to_board(request: HttpRequest) -> HttpResponseRedirect:
    site = asked.uuid(asked.sent(request).get("lieu", ""))
    home = reverse("practice:board")
    return HttpResponseRedirect(f"{home}?lieu={site}" if site else home)
