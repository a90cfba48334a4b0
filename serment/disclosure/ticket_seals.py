"""Sealing what a ticket names for whoever is signed in as nobody: once, and nothing is opened."""

from __future__ import annotations

import hashlib

from django.db import models

from serment.disclosure.actors import SYSTEM
from serment.disclosure.fields import SealedValue
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.keeper import wire
from serment.keeper.ticket_seals import SealByTicketAsk


def seal(ticket: bytes, obj: models.Model, field: str, value: str, purpose: Purpose) -> None:
    """Seal ``value`` into ``obj`` (not saved).

    By the ticket alone the keeper decides which field of which record it is; ``field`` must be that
    one. Raises ``NotYours`` where the ticket does not, or not any more, let it.
    """
    former = getattr(obj, field)
    before = hashlib.sha256(former.sealed).digest() if isinstance(former, SealedValue) else b""
    asked = SealByTicketAsk(value, before)
    answer = ask("seal_by_ticket", SYSTEM, wire.SealAnswer, asked, purpose=purpose, errand=ticket)
    ((sealed,),) = answer.sealed
    assert sealed is not None  # noqa: S101 -- a value was given
    setattr(obj, field, SealedValue(sealed))
