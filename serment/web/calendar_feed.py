"""The address a calendar program reads: when somebody is busy, and one word for all of it."""

from __future__ import annotations

from typing import Final

from allauth.core.internal import ratelimit
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from serment import clock
from serment.identity import policy
from serment.interchange import feed_text
from serment.scheduling import feeds

READS: Final = "60/h/key"
"""Of one address. Programs ask every quarter of an hour, a few of them at once."""
GUESSES: Final = "30/m/ip"
_WAIT_SECONDS: Final = 600


@policy.everybody("Whoever brings the address; without it there is nothing to find.")
@require_safe
def read(request: HttpRequest, token: str) -> HttpResponse:
    """The feed of an address that stands; the same 404 for every other."""
    if len(token) != feeds.TOKEN_LETTERS:
        raise Http404
    feed = feeds.found(token)
    if feed is None:
        if not _within(request, "calendar_guess", GUESSES):
            return _later()
        raise Http404
    if not _within(request, "calendar", READS, feeds.name_of(token)):
        return _later()
    now = clock.now()
    events = feeds.busy(token, feed, now)
    if events is None:
        raise Http404
    with override(feed.language):
        summary = _("Rendez-vous") if feed.account else _("Occupé")
    etag = feed_text.etag(events, summary)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(
            feed_text.text(events, summary, now), content_type="text/calendar; charset=utf-8"
        )
        answer["Content-Disposition"] = 'inline; filename="agenda.ics"'
    answer["ETag"] = quote_etag(etag)
    answer["Cache-Control"] = "private, no-cache"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _later() -> HttpResponse:
    answer = HttpResponse(status=429)
    answer["Retry-After"] = str(_WAIT_SECONDS)
    return answer


def _within(request: HttpRequest, action: str, rate: str, key: str | None = None) -> bool:
    return bool(
        ratelimit.consume(
            request, app="serment", action=action, config={action: rate}, key=key, limit_get=True
        )
    )
