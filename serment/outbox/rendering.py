"""The words of a message, made while sending. Discreet: no specialty, no reason, neutral sender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.dateformat import format as dateformat

from serment.directory import zones
from serment.outbox import references
from serment.outbox.registry import Facts, Way

OPENLY = Way("mail")
SMS_KINDS: Final = frozenset(
    {"confirmation", "move", "cancellation", "reminder", "offer", "invitation", "missed"}
)


_COUNT: Final = frozenset({"counts", "upheld"})


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


def letter(
    kind: str, facts: Facts, language: str, way: Way = OPENLY, reference: str = ""
) -> Letter:
    """The message of a kind in the person's language. ``reference`` makes the link to answer by.

    To somebody who wants it neutral: what became of which hour, or of a bare one not even that.
    Neither house nor practitioner nor place nor a link, whose name may be the house's.
    """
    kind = kind.partition(".")[0]
    if way.neutral or way.bare:
        return _neutral(kind, facts, language, bare=way.bare)
    context = {
        "facts": facts,
        "when": told(facts, language),
        "besides": [told(one, language) for one in facts.besides],
        "each": _each(facts, language),
        "link": f"{settings.PUBLIC_URL}{facts.link}" if facts.link else "",
        "answer": _answer_link(reference),
    }
    with translation.override(language):
        subject = render_to_string(f"outbox/{kind}_subject.txt", context).strip()
        body = render_to_string(f"outbox/{kind}_message.txt", context).strip()
    return Letter(" ".join(subject.split()), body + "\n")


def _each(facts: Facts, language: str) -> list[tuple[str, str, str]]:
    """Of several visits that differ in more than their hour: when, with whom and where."""
    alike = {(one.with_whom, one.where, one.mode) for one in (facts, *facts.besides)}
    if len(alike) == 1:
        return []
    in_order = sorted((facts, *facts.besides), key=lambda one: one.starts_at)
    return [(told(one, language), one.with_whom, _place(one)) for one in in_order]


def _place(facts: Facts) -> str:
    return "" if facts.mode == "video" else facts.where


def mail(letter: Letter, way: Way, reference: str) -> EmailMessage:
    """The letter on its way: a neutral one comes from a sender without a name.

    Sent again it has the same Message-ID, so that a mailbox may know it for one; a provider also
    gets the reference as a tag, to say by it what became of it.
    """
    sender = settings.NEUTRAL_FROM_EMAIL if way.neutral or way.bare else None
    name = {"Message-ID": f"<{reference}@{settings.MAIL_DOMAIN}>"}
    made = EmailMessage(letter.subject, letter.body, sender, [way.address], headers=name)
    vars(made)["tags"] = [reference]  # anymail's; SMTP passes it over
    return made


def has_sms(kind: str) -> bool:
    """Whether a kind of message can be said in an SMS; others never go by one."""
    return kind.partition(".")[0] in SMS_KINDS


def sms(kind: str, facts: Facts, language: str, way: Way, reference: str) -> str:
    """The words of an SMS: the hour and a link, on a screen that lies on a table."""
    context = {
        "kind": kind.partition(".")[0],
        "when": told(facts, language),
        "bare": way.bare,
        "until": facts.until,
        "counts": facts.outcome in _COUNT,
        "answer": "" if way.neutral or way.bare else _answer_link(reference),
        "link": f"{settings.PUBLIC_URL}{facts.link}" if facts.link else "",
    }
    with translation.override(language):
        text = render_to_string("outbox/sms.txt", context)
    # Signs beyond the networks' own alphabet cost a message in two.
    return " ".join(text.replace("’", "'").split())


def _answer_link(reference: str) -> str:
    if not reference:
        return ""
    return f"{settings.PUBLIC_URL}/r/{references.secret_of(reference)}"


def _neutral(kind: str, facts: Facts, language: str, *, bare: bool) -> Letter:
    context = {
        "kind": "" if bare else kind,
        "when": told(facts, language),
        "counts": facts.outcome in _COUNT,
    }
    with translation.override(language):
        subject = render_to_string("outbox/neutral_subject.txt", context).strip()
        body = render_to_string("outbox/neutral_message.txt", context).strip()
    return Letter(subject, body + "\n")
