"""Undoing what was settled in one go, while its messages wait: nobody hears of either.

Each by the act that undoes it one by one. What somebody changed since stays as they left it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from serment.disclosure import Actor
from serment.errors import Conflict, NotThere, Refused
from serment.scheduling import calls, cancelling, inviting, putting_back, refusals, shifting
from serment.scheduling.models import Appointment
from serment.scheduling.resettling import Became, Outcome, Round

WITHIN: Final = timedelta(seconds=60)
"""As long as every message of the round waits, counted from before the first was written."""


class TooLateToUndo(Refused):
    """Les messages sont partis : déplacez les rendez-vous de nouveau, un par un ou ensemble."""


class StillToCall(Refused):
    """Cette personne était déjà à rappeler avant : l’appel reste sur la liste."""


def undo_all(actor: Actor, done: Sequence[Outcome], since: datetime, now: datetime) -> Round:
    """Put each back where it was; the transaction stands in the establishment. Raises
    ``TooLateToUndo``. In the outcomes, one that could not be put back says why."""
    if now - since > WITHIN:
        raise TooLateToUndo
    undone = Round()
    for one in done:
        try:
            with transaction.atomic():
                undone.outcomes.append(_undo(actor, one, now))
        except (Conflict, Refused, NotThere) as refused:
            undone.outcomes.append(Outcome(one.id, one.was, why=str(_(refused.sentence))))
    return undone


def _undo(actor: Actor, one: Outcome, now: datetime) -> Outcome:
    if one.became is Became.TO_CALL:
        if one.to is not None:
            raise StillToCall
        calls.take_off(actor, calls.about(one.id, one.was.starts_at))
    elif one.became is Became.MOVED and one.to is not None:
        back = shifting.Place(one.was.role_id, one.was.starts_at, one.was.minutes, over=True)
        shifting.shift_back(actor, one.id, back, now, one.to)
    elif one.became in (Became.CANCELLED, Became.LINKED):
        _stand_again(actor, one, now)
    return Outcome(one.id, one.was, Became.MOVED, one.was)


def _stand_again(actor: Actor, one: Outcome, now: datetime) -> None:
    row = cancelling.seen(one.id)
    if row.status != Appointment.Status.CANCELLED:
        raise refusals.MovedSince
    if one.to is not None:
        inviting.withdraw(actor, one.to.role_id, now)
    if putting_back.put_back(actor, [row], now, over=True) is None:
        raise shifting.FileClosed
