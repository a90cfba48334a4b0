"""The words of a message, made while sending. Discreet: no specialty, no reason, neutral sender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.dateformat import format as dateformat

from serment.directory import zones
from serment.outbox.registry import Facts, Way

OPENLY = Way("mail")


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject and body, ready for an envelope of any kind."""

    subject: str
    body: str


def spoken(instant: datetime, zone: str, language: str) -> str:
    """An instant as one says it there: ``mardi 3 mars à 14 h 20``, ``Tuesday 3 March at 14:20``."""
    local = instant.astimezone(ZoneInfo(zone))
    with translation.override(language):
        day = dateformat(local, "l j F")
    if language.startswith("fr"):
        first = day.replace(" 1 ", " 1er ")
        return f"{first} à {local.hour} h {local:%M}"
    return f"{day} at {local:%H:%M}"


def told(facts: Facts, language: str) -> str:
    """When, with whose hour that is wherever Paris has another; a worker knows no reader's clock.

    By video Paris comes first: most who are seen from afar live there.
    """
    at, site = facts.starts_at, ZoneInfo(facts.timezone)
    there = spoken(at, facts.timezone, language)
    with translation.override(language):
        if zones.agree(site, zones.PARIS, at):
            return there
        if facts.mode == "in_person":
            return f"{there} ({zones.whose_hour(site)})"
        here = spoken(at, zones.PARIS.key, language)
        return f"{here}, {zones.whose_hour(zones.PARIS)} ({there}, {zones.whose_hour(site)})"


def letter(kind: str, facts: Facts, language: str, way: Way = OPENLY) -> Letter:
    """The message of a kind in the person's language.

    To somebody who wants it neutral: what became of which hour, or of a bare one not even that.
    Neither house nor practitioner nor place nor a link, whose name may be the house's.
    """
    if way.neutral or way.bare:
        return _neutral(kind, facts, language, bare=way.bare)
    context = {
        "facts": facts,
        "when": told(facts, language),
        "link": f"{settings.PUBLIC_URL}{facts.link}" if facts.link else "",
    }
    with translation.override(language):
        subject = render_to_string(f"outbox/{kind}_subject.txt", context).strip()
        body = render_to_string(f"outbox/{kind}_message.txt", context).strip()
    return Letter(" ".join(subject.split()), body + "\n")


def mail(letter: Letter, way: Way) -> EmailMessage:
    """The letter on its way: a neutral one comes from a sender without a name."""
    sender = settings.NEUTRAL_FROM_EMAIL if way.neutral or way.bare else None
    return EmailMessage(letter.subject, letter.body, from_email=sender, to=[way.address])


def _neutral(kind: str, facts: Facts, language: str, *, bare: bool) -> Letter:
    context = {"kind": "" if bare else kind, "when": told(facts, language)}
    with translation.override(language):
        subject = render_to_string("outbox/neutral_subject.txt", context).strip()
        body = render_to_string("outbox/neutral_message.txt", context).strip()
    return Letter(subject, body + "\n")
