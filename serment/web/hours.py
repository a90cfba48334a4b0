"""By whose clock a page tells an hour: a visit in person by the place's, by video by the reader's.

The reader's is that of their browser where it is one of France (a cookie that ``page.js`` sets,
nothing else is read from it), else that of Paris. Where two clocks differ the page says whose
hour it tells, in words.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from serment.directory import zones
from serment.web import asked, wording

COOKIE = "fuseau"
"""Behind the prefix of all cookies (settings); written by the page's script alone."""


def of_reader(request: HttpRequest) -> ZoneInfo:
    """The reader's own clock."""
    named = asked.cookie(request, f"{settings.COOKIE_PREFIX}{COOKIE}")
    return ZoneInfo(named) if named in zones.KNOWN else zones.PARIS


def clock_of(mode: str, site: ZoneInfo, reader: ZoneInfo) -> ZoneInfo:
    """The clock by which a list of times is laid out: the reader's for video alone."""
    return reader if mode == "video" else site


def told(
    at: datetime, site: ZoneInfo, reader: ZoneInfo, mode: str, today: date | None = None
) -> str:
    """When, so that nobody mistakes it.

    ``mode``: ``in_person``, ``video``, or anything else while that is undecided. "demain à
    10 h 30" where the clocks agree; "demain à 10 h 30 (heure de La Réunion)" for a visit there;
    "demain à 7 h 30 chez vous (heure de Paris), 10 h 30 à La Réunion" for one that may be by video.
    """
    if zones.agree(site, reader, at):
        return wording.moment(at, reader, today)
    if mode == "in_person":
        return _("%(moment)s (%(whose)s)") % {
            "moment": wording.moment(at, site, today),
            "whose": zones.whose_hour(site),
        }
    there, here = at.astimezone(site).date(), at.astimezone(reader).date()
    return _("%(moment)s chez vous (%(whose)s), %(other)s %(where)s") % {
        "moment": wording.moment(at, reader, today),
        "whose": zones.whose_hour(reader),
        "other": wording.hour(at, site) if there == here else wording.moment(at, site),
        "where": zones.where(site),
    }


def told_now(at: datetime, site: ZoneInfo, reader: ZoneInfo, mode: str, now: datetime) -> str:
    """The same with "demain" by the clock that is told first."""
    first = site if mode == "in_person" else reader
    return told(at, site, reader, mode, now.astimezone(first).date())


def remark(at: datetime, site: ZoneInfo, reader: ZoneInfo, mode: str) -> str:
    """What stands beside a list of bare hours; nothing where the clocks agree."""
    if zones.agree(site, reader, at):
        return ""
    words = {"whose": zones.whose_hour(clock_of(mode, site, reader)), "where": zones.where(site)}
    if mode == "video":
        return _("Ce soignant est %(where)s : les heures sont celles de chez vous (%(whose)s).") % (
            words
        )
    return _("Les heures sont celles du lieu (%(whose)s).") % words
