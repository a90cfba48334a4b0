"""Tags and filters of every page: icons, times as people say them, phones, fees."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from serment.directory.models import Site
from serment.directory.words import fold
from serment.web import asked, hours, wording

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; decorative unless it has a label."""
    address = f"{static('vendor/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>',
            label,
            address,
        )
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"></use></svg>',
        address,
    )


@register.filter
def hour(instant: datetime, zone: str = "Europe/Paris") -> str:
    """``{{ slot.starts_at|hour:site.timezone }}``."""
    return wording.hour(instant, ZoneInfo(zone))


@register.filter
def moment(instant: datetime, zone: str = "Europe/Paris") -> str:
    """ "mardi 3 mars à 14 h 20" in the site's zone."""
    return wording.moment(instant, ZoneInfo(zone))


@register.simple_tag(takes_context=True)
def told(context: template.Context, at: datetime, zone: str, mode: str = "") -> str:
    """An instant by the clocks of a visit and of whoever reads: see ``hours``."""
    reader = hours.of_reader(context["request"])
    return hours.told(at, ZoneInfo(zone), reader, mode)


@register.simple_tag(takes_context=True)
def my_hour(context: template.Context, at: datetime) -> str:
    """ "8 h 40" by the reader's own clock."""
    return wording.hour(at, hours.of_reader(context["request"]))


@register.filter
def full_day(on: date, today: date | None = None) -> str:
    """ "mardi 3 mars"; with its year where that is not today's: "mardi 3 mars 2026"."""
    return wording.day(on, year=today is not None and on.year != today.year)


@register.filter
def sentence_case(text: str) -> str:
    """The same words, beginning with a capital."""
    return text[:1].upper() + text[1:]


@register.filter
def place_name(site: Site) -> str:
    """A site with its town, once: "Hôpital, Chamonix" lies in "Chamonix-Mont-Blanc"."""
    if site.city in site.name:
        return site.name
    name, _comma, town = site.name.rpartition(", ")
    shortened = bool(name) and f"{fold(site.city)} ".startswith(f"{fold(town)} ")
    return f"{name if shortened else site.name}, {site.city}"


@register.filter
def phone(number: str) -> str:
    """A telephone number in pairs."""
    return wording.phone(number)


@register.filter
def distance(kilometres: float | None) -> str:
    """ "800 m" or "6 km"."""
    return wording.distance(kilometres)


@register.filter
def money(cents: int) -> str:
    """An amount in euros."""
    return wording.money(cents)


@register.filter
def birth_date(kept: str) -> str:
    """A kept date in words."""
    return wording.birth_date(kept)


@register.simple_tag(takes_context=True)
def address_with(context: template.Context, **changes: object) -> str:
    """The present address with some of its query changed; an empty value leaves it out."""
    query = dict(asked.query(context["request"]))
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None):
            query[name] = str(value)
    return f"?{urlencode(list(query.items()))}"
