"""Appointments outside open time: moved, or their people told, in one go; and undone for a minute.

No name is opened: what is shown is when, with whom and which rule. Moving and cancelling go through
the same acts as one by one, each on record. What was done travels signed in the page that tells of
it: places in the agenda and no word about anybody, kept nowhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Actor
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import calls, orphans, resettling, unsettling
from serment.scheduling.resettling import Became, Outcome, Round, Way
from serment.scheduling.shifting import Place
from serment.web import asked, wording
from serment.web.practice import team
from serment.web.practice.timetable import settled_told, trying

_SALT: Final = "serment.practice.unsettled"
_UNDONE: Final = (Became.MOVED, Became.LINKED, Became.CANCELLED, Became.TO_CALL)


@policy.staff_may(Act.BOOK, Act.CANCEL)
@never_cache
@require_http_methods(["GET", "POST"])
def unsettled(request: HttpRequest) -> HttpResponse:
    """The list; POST settles those ticked and says what became of each."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    now = clock.now()
    done = None
    if request.method == "POST":
        done = _settle(request, actor, everybody, now)
        request.session.pop(trying.LEFT, None)
    return _show(request, everybody, now, done, undo=_signed(done, now) if done else "")


@policy.staff_may(Act.BOOK, Act.CANCEL)
@never_cache
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest) -> HttpResponse:
    """Put everything back while no message has left; looked at again, the list."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("practice:unsettled"))
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    now = clock.now()
    since, done = _read(asked.whole(request, "defaire"))
    try:
        undone = unsettling.undo_all(actor, done, since, now)
    except unsettling.TooLateToUndo as late:
        messages.error(request, str(_(late.sentence)))
        return HttpResponseRedirect(reverse("practice:unsettled"))
    back = {str(one.id) for one in undone.outcomes if one.became is not Became.STAYS}
    request.session[trying.LEFT] = sorted(back)
    return _show(request, everybody, now, undone, undone=True)


def _show(
    request: HttpRequest, everybody: list[team.Member], now: datetime, done: Round | None, *,
    undo: str = "", undone: bool = False,
) -> HttpResponse:  # fmt: skip
    found = orphans.of_now([one.id for one in everybody], now)
    # Those that the change just made left; without one, all that are there.
    just_now = set(request.session.get(trying.LEFT, ()))
    awaited = {one.id: calls.about(one.id, one.starts_at) for one in found}
    called = calls.standing(awaited.values())
    context: dict[str, Any] = {
        "section": "hours",
        "everybody": everybody,
        "left": [
            (line, seen_at, not just_now or str(line.id) in just_now, awaited[line.id] in called)
            for line, seen_at in trying.told_with_times(found, everybody, now)
        ],
        "done": done,
        "summary": settled_told.summary(done, undone=undone) if done else "",
        "outcomes": [settled_told.line(one, everybody, undone=undone) for one in done.outcomes]
        if done
        else [],
        "undo": undo,
        "undone": undone,
        "most": resettling.AT_ONCE_MAX,
    }
    return render(request, "practice/unsettled.html", context)


def _settle(
    request: HttpRequest, actor: Actor, everybody: list[team.Member], now: datetime
) -> Round:
    sent = asked.sent(request)
    wanted = dict(filter(None, map(_ticked, sent.getlist("rdv"))))
    if sent.get("quoi") == "annuler":
        why = _("Le soignant ne reçoit pas ce jour-là.")
        return resettling.cancel_all(actor, wanted, why, now)
    to = asked.uuid(sent.get("chez", ""))
    known = {one.id: one for one in everybody}
    way = Way.LINK if sent.get("quoi") == "lien" else Way.MOVE

    def why_called(was: Place) -> str:
        told = {"when": wording.moment(was.starts_at, known[was.role_id].zone)}
        return _("À déplacer : rendez-vous du %(when)s, le soignant ne reçoit pas.") % told

    to = to if to in known else None
    return resettling.settle_all(actor, wanted, way, now, to=to, why=why_called)


def _ticked(text: str) -> tuple[UUID, datetime | None] | None:
    """A visit, and when it began on the page it was ticked on."""
    visit, _sign, seen_at = text.partition("@")
    found = asked.uuid(visit)
    return None if found is None else (found, asked.instant(seen_at))


def _signed(done: Round, since: datetime) -> str:
    """What the button that undoes it sends; nothing where nothing was done."""
    kept = [one for one in done.outcomes if one.became in _UNDONE]
    if not kept:
        return ""
    value = [since.isoformat(), msgspec.to_builtins(kept)]
    return signing.dumps(value, salt=_SALT, compress=True)


def _read(signed: str) -> tuple[datetime, list[Outcome]]:
    """What this server signed. Raises ``TooLateToUndo`` for anything else, which nobody sends."""
    try:
        since, kept = signing.loads(signed, salt=_SALT)
    except signing.BadSignature:
        return datetime.min.replace(tzinfo=clock.now().tzinfo), []
    return datetime.fromisoformat(since), msgspec.convert(kept, list[Outcome])
