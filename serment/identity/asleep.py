"""Accounts that nobody signs in to close after three years: told twice before, and never erased.

A forgotten account is the one whose theft nobody notices: its password leaked somewhere long ago.
Closed, it has no password any more, and every way in leads to asking it back by the mailbox or a
desk's sheet; a second factor it had is then demanded as ever, for a mailbox that somebody else has
by now must not be enough. Files are the practices' and stay. Whose person a house cares for, or
somebody acts for, is not closed: the keeper says which (``disclosure.use``), and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Purpose, SessionEnded, gate, use
from serment.errors import Refused
from serment.identity import alerts, contact, halves
from serment.identity.means import keeping, telling
from serment.identity.models import Account
from serment.outbox import delivery, mailing, references, rendering
from serment.outbox.models import State
from serment.outbox.rendering import Letter

HALVES: Final = 6
"""Three years without a sign-in, counted from the end of the half-year of the last one."""

FIRST_DAYS: Final = 30
SECOND_DAYS: Final = 7
BATCH: Final = 100
"""Accounts a day: of those last seen in one half-year all are due on one day."""

_TEMPLATE: Final = "account/email/asleep"
_FIELDS: Final = ("email", contact.FIELD)
_OPENS_BEFORE: Final = timedelta(days=60)
_OPENS_FOR: Final = timedelta(days=5 * 365)


@dataclass(slots=True)
class Round:
    """What one day's look came to."""

    told: int = 0
    closed: int = 0
    used: int = 0


def seen(request: HttpRequest, account: Account) -> None:
    """At sign-in: in this half-year somebody was here. A closed account is open again, and told."""
    half, was_closed = halves.this_one(), account.closed
    known = account.used_half == half and account.sleep_ticket
    if known and not account.sleep_told and not was_closed:
        return
    account.used_half, account.sleep_told, account.closes_on = half, 0, None
    account.closed, account.sleep_ticket = False, _ticket(request, account, half)
    kept = ["used_half", "sleep_told", "closes_on", "closed", "sleep_ticket"]
    account.save(update_fields=kept)
    if was_closed:
        messages.success(request, _("Votre compte, fermé faute de connexion, est rouvert."))
        telling.tell(request, account, _("Votre compte, fermé faute de connexion, est rouvert."))


def to_ask_back(request: HttpRequest) -> HttpResponse:
    """For whoever showed a passkey or an identity of a closed account."""
    messages.warning(
        request,
        _(
            "Votre compte s’est fermé : personne ne s’y est connecté depuis trois ans. Redemandez"
            " ici un mot de passe pour le rouvrir ; rien n’a été effacé."
        ),
    )
    return HttpResponseRedirect(reverse("account_reset_password"))


def _ticket(request: HttpRequest, account: Account, half: date) -> bytes:
    """Lets the worker read this address once the account sleeps, years from now and no sooner."""
    ends = datetime.combine(halves.after(half, HALVES + 1), time(), UTC)
    begins = ends - _OPENS_BEFORE
    itself = keeping.itself(request, account.pk)
    try:
        return gate.errand(
            itself, account.pk, list(_FIELDS), Purpose.MESSAGE, begins, begins + _OPENS_FOR
        )
    except (Refused, SessionEnded):
        return b""  # frozen, say: the sign-in goes on, and the messages will be missing


def close_asleep(now: datetime) -> Round:
    """The worker's daily look at some of those whose three years are nearly over."""
    done = Round()
    ids = _due(now.date())
    used = use.in_use(ids) if ids else set()
    for one in ids:
        _look(one, now.date(), done, is_used=one in used)
    return done


def _due(today: date) -> list[UUID]:
    """The wall shows the worker accounts that sleep, and no others; a few at random each day, so
    that one whose message does not leave keeps nobody waiting."""
    ends = halves.after(halves.half_of(today + timedelta(days=FIRST_DAYS)), -(HALVES + 1))
    first = Q(sleep_told=0, used_half__lte=ends)
    second = Q(sleep_told=1, closes_on__lte=today + timedelta(days=SECOND_DAYS))
    due = Account.objects.filter(first | second | Q(sleep_told=2, closes_on__lte=today))
    return list(due.filter(closed=False).order_by("?").values_list("pk", flat=True)[:BATCH])


def _look(account: UUID, today: date, done: Round, *, is_used: bool) -> None:
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
    becomes = Account(closes_on=row.closes_on, used_half=row.used_half, password=row.password)
    if is_used:
        becomes.used_half, becomes.closes_on = halves.after(row.used_half, 1), None
        done.used += 1
    elif row.sleep_told <= 1:
        days = SECOND_DAYS if row.sleep_told else FIRST_DAYS
        # However late the look is: closed no sooner than so many days from now.
        becomes.closes_on = max(row.closes_on or today, today + timedelta(days=days))
        becomes.sleep_told = row.sleep_told + 1
        if not _told(row, becomes.closes_on):
            return
        done.told += 1
    else:
        # A session holds a digest of the password: any that is left ends with it.
        becomes.set_unusable_password()
        becomes.closes_on, becomes.closed = None, True
        done.closed += 1
    _keep(row, becomes)


def _keep(row: Account, becomes: Account) -> None:
    """Unless somebody signed in meanwhile."""
    with tenancy.inside(account=row.pk):
        as_read = Account.objects.filter(
            pk=row.pk, used_half=row.used_half, sleep_told=row.sleep_told, password=row.password
        )
        as_read.update(
            used_half=becomes.used_half, sleep_told=becomes.sleep_told,
            closes_on=becomes.closes_on, closed=becomes.closed, password=becomes.password,
        )  # fmt: skip


def _told(row: Account, on: date) -> bool:
    """Whether the message left, or never will: its ticket is too old, the mailbox is gone, its
    person wants no mail or has none. False: tomorrow again, and nothing closes before."""
    name = UUID(bytes=references.digest("asleep", row.pk, on, row.sleep_told))
    return delivery.outcome_of(partial(_send, row, on, name), name, 0) != State.WAITING


def _send(row: Account, on: date, name: UUID) -> State:
    opened = gate.reveal_with_ticket(
        bytes(row.sleep_ticket), [row], _FIELDS, Purpose.MESSAGE, recipient=settings.MAIL_PROVIDER
    )[row.pk]
    way = contact.way(contact.read(opened[contact.FIELD]), opened["email"])
    if way.channel == "mail":
        context = {"on": on, "site": settings.PUBLIC_URL}
        with translation.override(row.language):
            subject = render_to_string(f"{_TEMPLATE}_subject.txt", context)
            body = render_to_string(f"{_TEMPLATE}_message.txt", context).strip()
            letter = alerts.as_wished(
                Letter(" ".join(subject.split()), body + "\n"), _TEMPLATE, way
            )
        reference = references.reference_of(name, settings.MAIL_PROVIDER)
        with mailing.Post() as post:
            post.send(rendering.mail(letter, way, reference))
    return State.SENT
