"""Handing a batch to providers: durable first, under a name of its own, and then written down.

Before a provider hears of a message a row says so (``HandOver``). What ended without an answer is
found by it: the provider is asked whether it has the message, and only where it has not, or cannot
be asked, is it sent again, under the same reference and marked as possibly twice.
"""

from __future__ import annotations

import logging
import smtplib
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import translation

from serment.directory import tenancy
from serment.errors import Broken, Refused
from serment.outbox import (
    besides,
    mailing,
    moments,
    references,
    registry,
    rendering,
    tallies,
    undelivered,
)
from serment.outbox.addressing import Parcel, addressed
from serment.outbox.models import AT_ONCE, Channel, HandOver, Message, State
from serment.outbox.registry import Way
from serment.outbox.sms import chosen
from serment.outbox.sms.port import NotTaken, Sms, Unsure

AT_RISK_MAX: Final = 40
"""Hand-overs under way at once: as many may have to be asked about after a crash."""
CLAIM_SECONDS: Final = 50.0
"""Within the shortest back-off: until then nobody else takes up what a batch claimed."""
_KEPT_DAYS = 62
_AT_THE_DESK = {"letter": Channel.LETTER, "call": Channel.CALL}
_log = logging.getLogger(__name__)
Outcome = tuple[Message, State]


def deliver(
    tenant: UUID,
    claimed: Sequence[Message],
    now: datetime,
    tries: int,
    senders: mailing.Senders,
) -> list[Outcome]:
    """One attempt at each; every outcome is written before this returns."""
    over = time.monotonic() + CLAIM_SECONDS
    parcels = [Parcel(message) for message in claimed]
    ended: dict[UUID, State] = {}
    with tenancy.inside(tenant=tenant):
        _find_facts(parcels, ended, now)
    standing = [one for one in parcels if one.message.pk not in ended]
    addressed(standing, tenant)
    for parcel in standing:
        _sort(parcel, ended)
    bound = [one for one in standing if one.message.pk not in ended]
    _end(tenant, [one for one in parcels if one.message.pk in ended], ended, {}, now, tries)
    for start in range(0, len(bound), AT_RISK_MAX):
        some = bound[start : start + AT_RISK_MAX]
        with senders.turn:
            former = _begin(tenant, some, now.date())
            fates = _handed(some, former, ended, senders, over)
            _end(tenant, some, ended, fates, now, tries)
    return [(one.message, ended[one.message.pk]) for one in parcels]


def _end(
    tenant: UUID, parcels: Sequence[Parcel], ended: dict[UUID, State],
    fates: dict[str, tuple[str, bool]], now: datetime, tries: int,
) -> None:  # fmt: skip
    if not parcels:
        return
    for parcel in parcels:
        state = ended[parcel.message.pk]
        if state == State.WAITING and parcel.message.attempts >= tries:
            ended[parcel.message.pk] = _given_up(parcel)
    known = {one.message.pk: ended[one.message.pk] for one in parcels}
    _write(tenant, parcels, known, fates, now)


def _given_up(parcel: Parcel) -> State:
    at_the_desk = parcel.message.channel != Channel.MAIL
    return State.WAITING if at_the_desk else State.FAILED


def _find_facts(parcels: Sequence[Parcel], ended: dict[UUID, State], now: datetime) -> None:
    """What each is about; a reminder wakes nobody, and of a visit that has begun there is none."""
    alike: dict[tuple[str, str], list[Parcel]] = {}
    for parcel in parcels:
        message = parcel.message
        alike.setdefault((message.kind.partition(".")[0], message.language), []).append(parcel)
    for (kind, language), some in alike.items():
        with translation.override(language):
            found = registry.facts_of_many(kind, [one.message.record_id for one in some])
            for parcel in some:
                known = found.get(parcel.message.record_id)
                parcel.facts = besides.told(parcel.message, known)
    asleep: dict[datetime, list[UUID]] = {}
    for parcel in parcels:
        if parcel.facts is None or (parcel.is_reminder and parcel.facts.starts_at <= now):
            ended[parcel.message.pk] = State.CANCELLED
        elif parcel.is_reminder and moments.is_quiet(now, parcel.facts.timezone):
            awake = moments.awake_again(now, parcel.facts.timezone)
            asleep.setdefault(awake, []).append(parcel.message.pk)
            ended[parcel.message.pk] = State.WAITING
    for awake, these in asleep.items():
        Message.objects.filter(pk__in=these).update(send_after=awake)


def _sort(parcel: Parcel, ended: dict[UUID, State]) -> None:
    """What goes to no provider ends here: left to the desk, or not sent at all."""
    message, way = parcel.message, parcel.way
    if parcel.fault is not None:
        ended[message.pk] = outcome_of_fault(parcel.fault, message.pk)
    elif way is None or way.channel == "none":
        ended[message.pk] = State.CANCELLED
    elif way.channel in _AT_THE_DESK:
        message.channel = _AT_THE_DESK[way.channel]
        ended[message.pk] = State.WAITING


def outcome_of_fault(fault: Exception, name: UUID) -> State:
    """Put off by what may pass, or failed for good. The log has no person in it."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        for_good = all(code >= 500 for code, _said in fault.recipients.values())
        return State.FAILED if for_good else State.WAITING
    if isinstance(fault, (OSError, Broken)):
        _log.warning("message %s put off: %s", name, type(fault).__name__)
        return State.WAITING
    if isinstance(fault, Refused):
        # The errand's window has closed, or its ticket was withdrawn: no later attempt may open.
        _log.warning("message %s refused: %s", name, type(fault).__name__)
        return State.FAILED
    raise fault


def _begin(tenant: UUID, bound: Sequence[Parcel], today: date) -> dict[str, str]:
    """Write down what is about to be handed over; what an earlier attempt left behind, by
    reference. Durable when this returns."""
    if not bound:
        return {}
    references_of = {one: references.reference_of(one.message.pk, one.provider) for one in bound}
    former = dict(
        HandOver.objects.filter(reference__in=list(references_of.values())).values_list(
            "reference", "state"
        )
    )
    until = (today.replace(day=1) + timedelta(days=_KEPT_DAYS)).replace(day=1)
    HandOver.objects.bulk_create(
        [
            HandOver(
                reference=reference,
                answer_key=references.answer_key(references.secret_of(reference)),
                establishment_id=tenant,
                message_id=one.message.pk,
                provider=one.provider,
                state=HandOver.State.UNDER_WAY,
                until=until,
            )
            for one, reference in references_of.items()
        ],
        update_conflicts=True,
        unique_fields=["reference"],
        update_fields=["state"],
    )
    return former


def _handed(
    bound: Sequence[Parcel], former: dict[str, str], ended: dict[UUID, State],
    senders: mailing.Senders, over: float,
) -> dict[str, tuple[str, bool]]:  # fmt: skip
    """Hand each over; what became of it by reference, and whether somebody may read it twice."""
    fates: dict[str, tuple[str, bool]] = {}

    def hand(post: mailing.Post, parcel: Parcel) -> None:
        message = parcel.message
        reference = references.reference_of(message.pk, parcel.provider)
        lost = former.get(reference) == HandOver.State.UNDER_WAY
        try:
            if time.monotonic() > over:
                raise NotTaken  # another worker may have claimed it by now
            twice = _hand(parcel, reference, post, lost=lost)
        except Unsure as fault:
            ended[message.pk] = outcome_of_fault(fault, message.pk)
            fates[reference] = HandOver.State.UNDER_WAY, False
        except (OSError, Broken, Refused) as fault:
            ended[message.pk] = outcome_of_fault(fault, message.pk)
            # What was lost earlier stays lost, until the provider can be asked.
            state = HandOver.State.UNDER_WAY if lost else HandOver.State.NOT_TAKEN
            fates[reference] = state, False
        else:
            ended[message.pk] = State.SENT
            fates[reference] = HandOver.State.TAKEN, twice

    senders.each(hand, bound)
    return fates


def _hand(parcel: Parcel, reference: str, post: mailing.Post, *, lost: bool) -> bool:
    """Hand one over; True where it may be the second time."""
    way, facts, message = parcel.way, parcel.facts, parcel.message
    assert way is not None  # noqa: S101 -- parcels without a way were sorted out
    assert facts is not None  # noqa: S101
    if way.channel == "mail":
        letter = rendering.letter(message.kind, facts, message.language, way, reference)
        post.send(rendering.mail(letter, way, reference))
        return lost
    provider = chosen.provider()
    assert provider is not None  # noqa: S101 -- only a provider that is set makes a way
    sms = _sms(parcel, way, reference, provider.name)
    if lost and provider.knows(sms):
        return False
    provider.send(sms)
    return False


def _sms(parcel: Parcel, way: Way, reference: str, provider: str) -> Sms:
    assert parcel.facts is not None  # noqa: S101
    message = parcel.message
    text = rendering.sms(message.kind, parcel.facts, message.language, way, reference)
    token = references.hook_token(provider, reference)
    return Sms(
        way.address, text, reference,
        f"{settings.PUBLIC_URL}/-/messages/{provider}/{reference}/{token}/",
    )  # fmt: skip


def _write(
    tenant: UUID, parcels: Sequence[Parcel], ended: dict[UUID, State],
    fates: dict[str, tuple[str, bool]], now: datetime,
) -> None:  # fmt: skip
    """Write the outcomes; a ticket has done its work and goes, and so does the time."""
    with tenancy.inside(tenant=tenant):
        several = {one.message.pk for one in parcels if besides.tells_several(one.message)}
        for state in (State.SENT, State.FAILED, State.CANCELLED):
            these = [pk for pk, how in ended.items() if how == state]
            # What comes back becomes a letter, and that is to name all of them too.
            kept = [pk for pk in these if pk in several and state != State.CANCELLED]
            if kept:
                _waiting(kept).update(state=state, ticket=b"", send_after=AT_ONCE)
            _waiting(these).update(state=state, ticket=b"", send_after=AT_ONCE, before=b"")
        failed = [pk for pk, how in ended.items() if how == State.FAILED]
        closed = {one.message.pk for one in parcels if isinstance(one.fault, Refused)}
        # What no longer opens for a message does not for a letter either.
        undelivered.to_desk([pk for pk in failed if pk not in closed], now)
        for channel in _AT_THE_DESK.values():
            these = [one.message.pk for one in parcels if one.message.channel == channel]
            _waiting(these).update(channel=channel, ticket=b"", send_after=AT_ONCE)
        for fate in set(fates.values()):
            known = HandOver.objects.filter(
                reference__in=[one for one, found in fates.items() if found == fate]
            )
            known.update(state=fate[0], **({"possibly_twice": True} if fate[1] else {}))
        tallies.add(tenant, now.date(), _counted(parcels, ended, fates))


def _waiting(these: list[UUID]) -> models.QuerySet[Message]:
    return Message.objects.filter(pk__in=these, state=State.WAITING)


def _counted(
    parcels: Sequence[Parcel], ended: dict[UUID, State], fates: dict[str, tuple[str, bool]]
) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for parcel in parcels:
        if not parcel.provider:
            continue
        state = ended[parcel.message.pk]
        found[parcel.provider, "sent" if state == State.SENT else str(state)] += 1
        reference = references.reference_of(parcel.message.pk, parcel.provider)
        if fates.get(reference, ("", False))[1]:
            found[parcel.provider, tallies.TWICE] += 1
    return found
