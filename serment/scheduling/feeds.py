"""Addresses at which a calendar program reads when somebody is busy, and nothing else of them.

The address is a secret of 256 bits, shown once. The row knows it by a keyed digest and holds what
the feed is of closed under the address itself; whoever made it finds it by a keyed tag. So a dump
ties an address to no account, no practitioner and no visit; and where the web's own secret is
changed, all feeds end.

A practitioner's feed reads time taken and opens nothing personal. A patient's has to know which
visits are theirs: the keeper says it to a session of the feed's own, on record like any other.
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.directory.pipeline import together
from serment.disclosure import Actor, SessionEnded, gate
from serment.scheduling.models import Appointment, CalendarFeed, Occupancy

SETTING: Final = "serment.feed"
TOKEN_LETTERS: Final = 43
BACK: Final = timedelta(days=31)
AHEAD: Final = timedelta(days=400)
SESSION_HOURS: Final = 720.0
_PAD: Final = 512
_NONCE: Final = 12
_SHOWN: Final = (Occupancy.Kind.APPOINTMENT, Occupancy.Kind.IMPORT, Occupancy.Kind.BLOCK)
"""Not what other calendars take: it would come back to where it came from."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What an address shows: a practitioner's time (``role``, ``tenant``), a patient's visits."""

    language: str
    role: UUID | None = None
    tenant: UUID | None = None
    account: UUID | None = None
    session: str = ""
    capability: bytes = field(default=b"", repr=False)

    def actor(self) -> Actor:
        """Of a patient's: as whom the keeper is asked."""
        if self.account is None:
            raise ValueError("A practitioner's feed asks the keeper for nothing.")
        return Actor(
            "patient", self.account, session=self.session, client="calendar",
            capability=self.capability,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Busy:
    """One event: ``mark`` is the same for the same visit, and says nothing about it."""

    mark: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool = False


def make(owner: Feed) -> str:
    """A new address for that practitioner or patient; the former one ends. Shown here only."""
    token = secrets.token_urlsafe(32)
    tag, digest = _tag(owner), _digest(token)
    if owner.account is not None:
        owner = _signed_in(owner)
    values = {"tag": tag, "digest": digest, "sealed": _closed(token, owner)}
    with _standing(tag):
        together([(_KEEP, values)])
    return token


def end(owner: Feed) -> bool:
    """The address shows nothing from now on; was there one?"""
    tag = _tag(owner)
    with _standing(tag):
        gone, _kinds = CalendarFeed.objects.filter(tag=tag).delete()
    return bool(gone)


def stands(owner: Feed) -> bool:
    """Is there an address for that practitioner or patient?"""
    tag = _tag(owner)
    with _standing(tag):
        return CalendarFeed.objects.filter(tag=tag).exists()


def found(token: str) -> Feed | None:
    """What this address shows; None where it is no address, or was ended."""
    digest = _digest(token)
    with _standing(digest):
        sealed = CalendarFeed.objects.filter(digest=digest).values_list("sealed", flat=True).first()
    return None if sealed is None else _opened(token, bytes(sealed))


def name_of(token: str) -> str:
    """What the address is called where its readings are counted."""
    return _digest(token).hex()


def busy(token: str, feed: Feed, now: datetime) -> list[Busy] | None:
    """What the address shows, by time; None where whom it is of works here no more."""
    if feed.role is None or feed.tenant is None:
        return _own_visits(token, feed, now)
    return _time_taken(feed.tenant, feed.role, now)


_NAME = f"SELECT set_config('{SETTING}', %s, true)"
_KEEP = """
INSERT INTO scheduling_calendarfeed (tag, digest, sealed)
VALUES (%(tag)s, %(digest)s, %(sealed)s)
ON CONFLICT (tag) DO UPDATE SET digest = excluded.digest, sealed = excluded.sealed
"""


def _time_taken(tenant: UUID, role: UUID, now: datetime) -> list[Busy] | None:
    window = now - BACK, now + AHEAD
    with tenancy.inside(tenant=tenant):
        roles = PractitionerRole.objects.filter(pk=role, establishment_id=tenant, active=True)
        if not roles.exists():
            return None
        rows = Occupancy.objects.filter(
            establishment_id=tenant, claimant_id=role, span__overlap=window,
            kind__in=_SHOWN,
        ).values_list("span", "appointment_id", "id")  # fmt: skip
        whose = _tag(Feed("", role=role, tenant=tenant))
        taken = [
            Busy(_mark(whose, visit or row), span.lower, span.upper) for span, visit, row in rows
        ]
        gone = Appointment.objects.filter(
            establishment_id=tenant, role_id=role, starts_at__range=window,
            status=Appointment.Status.CANCELLED,
        )  # fmt: skip
        return _in_order([*taken, *_visits(gone, whose)])


def _own_visits(token: str, feed: Feed, now: datetime) -> list[Busy]:
    try:
        records = gate.records_of(feed.actor(), feed.actor().id, "appointment")
    except SessionEnded:
        # Thirty days are over, or another of the account's sessions took its place.
        feed = _signed_in(feed)
        digest = _digest(token)
        with _standing(digest):
            known = CalendarFeed.objects.filter(digest=digest)
            known.update(sealed=_closed(token, feed))
        records = gate.records_of(feed.actor(), feed.actor().id, "appointment")
    if not records:
        return []
    with tenancy.inside(records=records):
        mine = Appointment.objects.filter(
            id__in=records, starts_at__range=(now - BACK, now + AHEAD)
        )
        return _in_order(_visits(mine, _tag(feed)))


def _visits(rows: QuerySet[Appointment], whose: bytes) -> Iterator[Busy]:
    found = rows.values_list("id", "starts_at", "ends_at", "status")
    for pk, starts_at, ends_at, status in found:
        gone = status == Appointment.Status.CANCELLED
        yield Busy(_mark(whose, pk), starts_at, ends_at, gone)


def _in_order(events: Iterable[Busy]) -> list[Busy]:
    return sorted(events, key=lambda one: (one.starts_at, one.mark))


def _signed_in(feed: Feed) -> Feed:
    """With a session of its own: it is told apart in the record, and ends without any other."""
    if feed.account is None:
        return feed
    session = f"calendar-{secrets.token_hex(8)}"
    capability = gate.open_session("patient", feed.account, "", None, SESSION_HOURS, session)
    return replace(feed, session=session, capability=capability)


def _mark(whose: bytes, row: UUID) -> str:
    """By which programs know an event again; keyed, so that no id can be tried against it. Another
    in each owner's feed: the company that keeps a patient's calendar and a practitioner's would
    else read with whom the patient has the visit."""
    named = f"{whose.hex()} {row.hex}"
    return salted_hmac("serment.scheduling.feeds.event", named, algorithm="sha256").hexdigest()[:32]


def _tag(owner: Feed) -> bytes:
    whose = f"account {owner.account}" if owner.account else f"role {owner.tenant} {owner.role}"
    return salted_hmac("serment.scheduling.feeds.tag", whose, algorithm="sha256").digest()


def _digest(token: str) -> bytes:
    return salted_hmac("serment.scheduling.feeds.digest", token, algorithm="sha256").digest()


@contextmanager
def _standing(name: bytes) -> Iterator[None]:
    """A transaction to which the row of that tag or digest, and no other, shows."""
    with transaction.atomic():
        together([(_NAME, [name.hex()])])
        yield
        together([(_NAME, [""])])  # the rest of the transaction sees none


def _cipher(token: str) -> AESGCM:
    key = HKDF(SHA256(), 32, salt=None, info=b"serment calendar feed v1")
    return AESGCM(key.derive(token.encode()))


def _closed(token: str, feed: Feed) -> bytes:
    told = {
        "language": feed.language,
        "role": feed.role.hex if feed.role else "",
        "tenant": feed.tenant.hex if feed.tenant else "",
        "account": feed.account.hex if feed.account else "",
        "session": feed.session,
        "capability": b64encode(feed.capability).decode(),
    }
    nonce = os.urandom(_NONCE)
    return nonce + _cipher(token).encrypt(nonce, json.dumps(told).ljust(_PAD).encode(), None)


def _opened(token: str, blob: bytes) -> Feed | None:
    try:
        told = json.loads(_cipher(token).decrypt(blob[:_NONCE], blob[_NONCE:], None))
    except (InvalidTag, ValueError):
        return None
    return Feed(
        language=told["language"],
        role=UUID(told["role"]) if told["role"] else None,
        tenant=UUID(told["tenant"]) if told["tenant"] else None,
        account=UUID(told["account"]) if told["account"] else None,
        session=told["session"],
        capability=b64decode(told["capability"]),
    )
