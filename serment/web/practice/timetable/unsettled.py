"""Appointments outside open time: moved, or their people told, in one go.

No name is opened: what is shown is when, with whom and which rule. Moving and cancelling go through
the same acts as one by one, each on record.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Actor
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import orphans, resettling
from serment.scheduling.resettling import Outcome
from serment.web import asked, wording
from serment.web.practice import team
from serment.web.practice.timetable import trying


@policy.staff_may(Act.BOOK, Act.CANCEL)
@require_http_methods(["GET", "POST"])
def unsettled(request: HttpRequest) -> HttpResponse:
    """The list; POST settles those ticked and says what became of each."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    outcomes: list[Outcome] = []
    if request.method == "POST":
        outcomes = _settle(request, actor, everybody)
        request.session.pop(trying.LEFT, None)
    now = clock.now()
    found = orphans.of_now([one.id for one in everybody], now)
    # Those that the change just made left; without one, all that are there.
    just_now = set(request.session.get(trying.LEFT, ()))
    context: dict[str, Any] = {
        "section": "hours",
        "everybody": everybody,
        "left": [
            (line, not just_now or str(line.id) in just_now)
            for line in trying.told(found, everybody, now)
        ],
        "outcomes": [_told(one, everybody) for one in outcomes],
        "most": resettling.AT_ONCE_MAX,
    }
    return render(request, "practice/unsettled.html", context)


def _settle(request: HttpRequest, actor: Actor, everybody: list[team.Member]) -> list[Outcome]:
    sent, now = asked.sent(request), clock.now()
    wanted = [one for one in map(asked.uuid, sent.getlist("rdv")) if one is not None]
    if sent.get("quoi") == "annuler":
        return resettling.cancel_all(actor, wanted, _("Le soignant ne reçoit pas ce jour-là."), now)
    to = asked.uuid(sent.get("chez", ""))
    known: set[UUID] = {one.id for one in everybody}
    return resettling.move_all(actor, wanted, now, to=to if to in known else None)


def _told(one: Outcome, everybody: list[team.Member]) -> tuple[str, str, bool]:
    """When it was, what became of it, and whether that is well."""
    member = next((m for m in everybody if m.id == one.role_id), everybody[0])
    was = wording.moment(one.was, member.zone)
    if one.cancelled:
        return was, _("annulé, la personne est prévenue"), True
    if one.moved_to is None:
        return was, _("reste où il est : %(why)s") % {"why": _(one.why)}, False
    now_at = wording.moment(one.moved_to, member.zone)
    told = {"when": now_at, "who": member.name}
    return was, _("déplacé : %(when)s, avec %(who)s. La personne est prévenue.") % told, True
