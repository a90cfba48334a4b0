"""Accesses nobody uses are closed: a forgotten account is the one whose theft nobody notices.

A member of staff who has not signed in for 90 days stands nowhere until a manager opens the access
again; a message says so 14 days before. Kept is the week of the last sign-in, nothing finer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from smtplib import SMTPException
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from serment import clock
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import Actor, Purpose, SessionEnded, gate
from serment.errors import Refused
from serment.identity import rights, staff
from serment.identity.models import StaffMember

SLEEP_DAYS: Final = 90
"""Without a sign-in; counted from the end of the week of the last one."""

NOTICE_DAYS: Final = 14
_WEEK: Final = timedelta(days=7)
_TICKET_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Round:
    """What one day's look came to."""

    warned: int = 0
    closed: int = 0


def week_of(now: datetime) -> date:
    """The Monday of this week."""
    today = now.date()
    return today - timedelta(days=today.weekday())


def sleeps_on(member: StaffMember) -> date | None:
    """The day on which the access closes if nobody signs in; None where nobody can."""
    if member.seen_week is None or member.account_id is None or not member.active:
        return None
    return member.seen_week + _WEEK + timedelta(days=SLEEP_DAYS)


def seen(request: HttpRequest, account: UUID, actor: Actor | None) -> None:
    """At sign-in: this week somebody was here. Says to whoever is shut out why, and what to do."""
    member = staff.of_request(request)
    if member is None:
        if StaffMember.objects.filter(account_id=account, dormant=True).exists():
            messages.warning(
                request,
                _(
                    "Votre accès au cabinet s’est fermé faute de connexion depuis 90 jours."
                    " Demandez à la personne responsable de le rouvrir : c’est l’affaire d’un clic."
                ),
            )
        return
    this_week = week_of(clock.now())
    if member.seen_week != this_week and actor is not None:
        _note(actor, member, this_week)


def _note(actor: Actor, member: StaffMember, this_week: date) -> None:
    ticket = _ticket(actor, member.pk)
    with tenancy.inside(tenant=member.establishment_id):
        StaffMember.objects.filter(pk=member.pk).update(
            seen_week=this_week, notice_ticket=ticket, warned=False
        )


def _ticket(actor: Actor, member: UUID) -> bytes:
    """Lets the worker read this address in the days before the access closes, and no sooner."""
    begins = clock.now() + timedelta(days=SLEEP_DAYS - NOTICE_DAYS - 1)
    ends = begins + timedelta(days=_TICKET_DAYS)
    try:
        return gate.errand(actor, member, ["email"], Purpose.MESSAGE, begins, ends)
    except (Refused, SessionEnded):
        return b""  # frozen, say: the sign-in goes on, and the message will be missing


def reopen(actor: Actor, member_id: UUID, now: datetime) -> None:
    """A manager lets somebody in again, who then has 90 days to come. NotThere for others."""
    rights.require(actor, rights.Act.MANAGE_STAFF)
    member = staff.of_house(actor, member_id)
    week = week_of(now)
    ticket = _ticket(actor, member.pk)
    with tenancy.inside(tenant=actor.establishment):
        StaffMember.objects.filter(pk=member.pk, dormant=True).update(
            active=True, dormant=False, warned=False, seen_week=week, notice_ticket=ticket
        )


def close_unused(now: datetime) -> Round:
    """The worker's daily look at every house: warn in time, close what stayed unused."""
    done = Round()
    for house in Establishment.objects.only("pk", "name").iterator():
        with tenancy.inside(tenant=house.pk):
            done = _look(house, now, done)
    return done


def _look(house: Establishment, now: datetime, done: Round) -> Round:
    members = StaffMember.objects.filter(active=True, account__isnull=False)
    # Those who were here before weeks were kept: they are counted from now on.
    members.filter(seen_week=None).update(seen_week=week_of(now))
    closes = now.date() - timedelta(days=SLEEP_DAYS) - _WEEK
    closed = members.filter(seen_week__lte=closes, warned=True).update(active=False, dormant=True)
    warned = 0
    soon = closes + timedelta(days=NOTICE_DAYS)
    for member in members.filter(seen_week__lte=soon, warned=False):
        if not _warn(house, member, now):
            continue
        # Told today: closed no sooner than 14 days from now, however late the look is.
        seen_as = max(member.seen_week or soon, soon)
        StaffMember.objects.filter(pk=member.pk).update(warned=True, seen_week=seen_as)
        warned += 1
    return Round(done.warned + warned, done.closed + closed)


def _warn(house: Establishment, member: StaffMember, now: datetime) -> bool:
    """The message, where the ticket of the last sign-in still opens the address.

    False: the mail server did not take it; tomorrow again, and nothing closes before.
    """
    if not member.notice_ticket:
        return True
    try:
        opened = gate.reveal_with_ticket(
            bytes(member.notice_ticket), [member], ["email"], Purpose.MESSAGE
        )
    except Refused:
        return True
    address = opened[member.pk]["email"]
    if address:
        context = {"house": house.name, "on": now.date() + timedelta(days=NOTICE_DAYS)}
        subject = render_to_string("team/dormant_subject.txt", context)
        body = render_to_string("team/dormant_message.txt", context).strip()
        try:
            EmailMessage(" ".join(subject.split()), body + "\n", to=[address]).send()
        except (OSError, SMTPException):
            return False
    return True
