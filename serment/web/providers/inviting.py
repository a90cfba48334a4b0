"""Where an invitation's link leads: free hours with one practitioner, one of which is chosen, once.

Nobody is signed in, and nothing shows whose link it is or for what. A link that was used, withdrawn
or is over gets the answer of one that never was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.errors import Conflict, Refused
from serment.identity import policy
from serment.outbox import rendering
from serment.scheduling import inviting
from serment.scheduling.models import BookingInvitation
from serment.web import asked, wording
from serment.web.providers.unlisted import unlisted

_WHY = "a link that was given to one person: it shows free hours, and nothing of whose"
_DAYS_MAX: Final = 6
_HOURS_A_DAY_MAX: Final = 10


@policy.everybody(_WHY)
@unlisted
@cache_control(no_store=True)
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, secret: str) -> HttpResponse:
    """The page; only its button books, for a link is opened by programs too."""
    now = clock.now()
    row = inviting.of_link(secret, now)
    wanted = asked.instant(asked.given(request).get("heure", ""))
    refused = ""
    if request.method == "POST" and wanted is not None:
        try:
            inviting.take(row, wanted, now)
        except (Conflict, Refused) as why:
            refused, wanted = str(_(why.sentence)), None
        else:
            told = _told(row) | {"when": _spoken(wanted, row)}
            return render(request, "providers/invited.html", told)
    context = _told(row) | _times(row, wanted, now) | {"refused": refused}
    return render(request, "providers/invitation.html", context, status=409 if refused else 200)


def _told(row: BookingInvitation) -> dict[str, Any]:
    """What a message may say."""
    return {"role": row.role, "site": row.role.site, "ends_on": row.ends_on}


def _spoken(at: datetime, row: BookingInvitation) -> str:
    return rendering.spoken(at, row.role.site.timezone, get_language() or "fr")


def _times(row: BookingInvitation, wanted: datetime | None, now: datetime) -> dict[str, Any]:
    """The next days with free hours, and the one that was chosen."""
    zone = ZoneInfo(row.role.site.timezone)
    days: dict[Any, list[tuple[str, str, str]]] = {}
    for at in inviting.hours(row, now):
        day = at.astimezone(zone).date()
        if day not in days and len(days) == _DAYS_MAX:
            break
        if len(days.setdefault(day, [])) < _HOURS_A_DAY_MAX:
            there = urlencode({"heure": at.isoformat()})
            days[day].append((wording.hour(at, zone), _spoken(at, row), f"?{there}"))
    told = _spoken(wanted, row) if wanted is not None else ""
    return {"days": list(days.items()), "wanted": wanted, "told": told}
