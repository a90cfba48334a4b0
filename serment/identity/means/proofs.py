"""Digits or a recovery code typed: is it right, and does it still count? A few tries, then none."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from allauth.core.internal import ratelimit
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from serment import clock
from serment.identity import turned_away
from serment.identity.means import codes, keeping, strength, totp
from serment.sightings.models import Kind

TRIES: Final = "5/5m/key,20/d/key"
"""Three codes of a million are right at any moment: 6 chances in 100,000 a day for a thief."""


def check_code(request: HttpRequest, account: UUID, typed: str) -> str:
    """How it was proved. Raises ``ValidationError`` in words for the field."""
    tries = ratelimit.consume(
        request,
        app="serment",
        action="second_step",
        config={"second_step": TRIES},
        key=str(account),
    )
    if not tries:
        turned_away.noted(request, Kind.WRONG_CODE, account=account)
        raise ValidationError(_("Trop d’essais. Attendez quelques minutes avant de recommencer."))
    with keeping.changing(request, account) as book:
        if book.totp is not None and totp.use(book.totp, typed, clock.now()):
            how = strength.DIGITS
        elif codes.use(book, typed):
            how = strength.PAPER
        else:
            turned_away.noted(request, Kind.WRONG_CODE, account=account)
            raise ValidationError(
                _("Ce code ne convient pas. Prenez celui que l’application affiche maintenant.")
            )
        book.proved()
    tries.rollback()
    return how
