"""How somebody may be reached: the channels they allow, safe ways of their own, and how little a
message may say. Pure, but for what the outbox is told at the end.

Sealed whole in the file and in the account (``safe_contact``), padded: a dump tells neither an
address nor whether one sheet says more than another. Where nothing was said, everything is as the
file has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from serment.errors import Unusable
from serment.identity import addresses, phones, plain_text
from serment.outbox.registry import Asked, Way, Ways

FIELD: Final = "safe_contact"
_PAD: Final = 1024
HOURS_LETTERS_MAX: Final = 60
CHANNELS: Final = ("mail", "letter", "phone")
QUIET: Final = ("no_messages", "shared", "neutral", "bare")
SAFE: Final = ("email", "number", "address")
REMINDERS: Final = ("", "mail", "sms", "none")


class Wishes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody said of how to reach them.

    ``email``, ``number``, ``address``: ways of their own, which take the place of what the file or
    the account has. ``no_messages``: nothing on a voice mail. ``shared``: others read the usual
    mailbox. ``neutral``: no practice, no practitioner, no place. ``bare``: no day nor hour either.
    """

    mail: bool = True
    letter: bool = True
    phone: bool = True
    email: str = ""
    number: str = ""
    address: str = ""
    no_messages: bool = False
    shared: bool = False
    neutral: bool = False
    bare: bool = False
    hours: str = ""
    texts: bool | None = None
    """Whether SMS may be sent; None: never asked, so only where nothing else was said either."""
    reminders: str = ""
    """By which way to be reminded (``REMINDERS``); empty: as for any message."""

    @property
    def takes_texts(self) -> bool:
        """Whether an SMS is as good as another way. Sheets written before there were any say
        nothing of them: who asked for care then gets none by a new way."""
        if self.texts is not None:
            return self.texts
        return msgspec.structs.replace(self, reminders="") == NOTHING_SAID

    @property
    def discreet(self) -> bool:
        """Whether messages are neutral: asked for, or a shared mailbox is all there is."""
        return self.neutral or self.bare or (self.shared and not self.email)


NOTHING_SAID: Final = Wishes()


class WishesUnusable(Unusable):
    """Un champ au moins est à corriger."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(_("Un champ au moins est à corriger."))
        self.errors = dict(errors)
        """Field name → the sentence to show beside it."""


@dataclass(frozen=True, slots=True)
class Calling:
    """What stands before a telephone number: which to call, if any, when, and how."""

    number: str
    """Empty: nobody is called, or there is none."""
    not_this: str = ""
    """The number of the file, which must not be called."""
    hours: str = ""
    no_messages: bool = False
    forbidden: bool = False
    """They said that nobody is to call: not that no number is known."""

    @property
    def warns(self) -> bool:
        """Whether anything has to be said before the number."""
        said = bool(self.not_this or self.hours or self.no_messages)
        return self.forbidden or (bool(self.number) and said)


def read(text: str) -> Wishes:
    """The sealed text once opened."""
    return msgspec.json.decode(text, type=Wishes) if text else NOTHING_SAID


def write(wishes: Wishes) -> str:
    """The text to seal; empty where everything is as usual."""
    if wishes == NOTHING_SAID:
        return ""
    text = msgspec.json.encode(wishes).decode()
    return text + " " * (-len(text.encode()) % _PAD)


def as_shared(wishes: Wishes) -> Wishes:
    """The same, and others read the usual mailbox."""
    return msgspec.structs.replace(wishes, shared=True)


def nothing_said(wishes: Wishes) -> bool:
    """Whether no person ever said how to reach them: a house notes by itself that an address is
    shared."""
    return wishes in (NOTHING_SAID, as_shared(NOTHING_SAID))


def cleaned(typed: Mapping[str, str]) -> Wishes:
    """From a form's fields, a box being there or not. Raises ``WishesUnusable``."""
    errors: dict[str, str] = {}
    kept: dict[str, str] = {}
    checks = {"email": addresses.normalise, "number": phones.normalise}
    named = {"email": "email", "number": "phone", "address": "address"}
    for name in SAFE:
        try:
            written = plain_text.kept(named[name], typed.get(name, ""))
            kept[name] = checks.get(name, str)(written) if written else ""
        except Unusable as error:
            errors[name] = error.sentence
    kept["hours"] = typed.get("hours", "").strip()
    if len(kept["hours"]) > HOURS_LETTERS_MAX or not kept["hours"].isprintable():
        errors["hours"] = _("Soixante signes au plus, par exemple « de 9 h à 12 h ».")
    if errors:
        raise WishesUnusable(errors)
    boxes = {name: name in typed for name in (*CHANNELS, *QUIET, "texts")}
    kept["reminders"] = typed.get("reminders", "")
    if kept["reminders"] not in REMINDERS:
        kept["reminders"] = ""
    said = msgspec.convert({**boxes, **kept}, Wishes)
    usual = msgspec.structs.replace(said, texts=None) == NOTHING_SAID
    return NOTHING_SAID if said.texts and usual else said


def way(wishes: Wishes, usual_email: str) -> Way:
    """How a written message goes: by mail, else by letter, else by the list of calls, else not."""
    address = wishes.email or usual_email
    if wishes.mail and address:
        return Way("mail", address, neutral=wishes.discreet, bare=wishes.bare)
    if wishes.letter:
        return Way("letter", neutral=wishes.discreet, bare=wishes.bare)
    return Way("call" if wishes.phone else "none")


def calling(wishes: Wishes, usual: str) -> Calling:
    """Which number to call."""
    number = (wishes.number or usual) if wishes.phone else ""
    not_this = usual if usual and usual != number else ""
    return Calling(number, not_this, wishes.hours, wishes.no_messages, not wishes.phone)


def postal(wishes: Wishes, usual: str) -> str | None:
    """Where a letter goes; None where none may be sent."""
    return (wishes.address or usual) if wishes.letter else None


def choose(said: str, asked: Asked) -> Way:
    """For the outbox: how a message goes, its address still closed."""
    wishes = read(said)
    wants = wishes.reminders if asked.reminder else ""
    if wants == "none":
        return Way("none")
    number = bool(wishes.number) or asked.phone
    texting = asked.texts and number and (wishes.takes_texts or wants == "sms")
    mailing = wishes.mail and (bool(wishes.email) or asked.email)
    if texting and (wants == "sms" or (not mailing and wants != "mail")):
        channel, source = "sms", FIELD if wishes.number else "phone"
    elif mailing:
        channel, source = "mail", FIELD if wishes.email else "email"
    elif wishes.letter and not asked.reminder:
        channel, source = "letter", ""
    else:
        return Way("call" if wishes.phone and not asked.reminder else "none")
    return Way(channel, neutral=wishes.discreet, bare=wishes.bare, source=source)


def address_in(way: Way, value: str) -> str:
    """The address a message goes to, in the value that was opened for it."""
    if way.source != FIELD:
        return value
    wishes = read(value)
    return wishes.number if way.channel == "sms" else wishes.email


def all_of(opened: Mapping[str, str]) -> list[str]:
    """Every address and number that a file's opened fields hold."""
    wishes = read(opened.get(FIELD, ""))
    found = (opened.get("email", ""), opened.get("phone", ""), wishes.email, wishes.number)
    return [one for one in found if one]


WAYS: Final = Ways(choose, address_in, phones.is_mobile, all_of)
