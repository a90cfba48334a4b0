"""Odd attempts at an account, told to its person by e-mail: once a day, whoever tries.

A second factor that fails after a right password: at once where the browser was never here, at the
third time where it was, for people mistype. And many wrong passwords in a row: whether the address
has an account changes nothing of what is done, only of what leaves.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from datetime import date
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.http import HttpRequest
from django.utils.translation import get_language, override

from serment import clock
from serment.identity.means import keeping, listed
from serment.identity.models import Account

MANY: Final = 10
"""Wrong passwords of one address in a row, within a day, in one process."""

ADDRESSES_MAX: Final = 10_000
_MISTYPED: Final = "2/d/key"
_TOLD: Final = "1/d/key"
_NOBODYS: Final = 4096
"""Counts kept for addresses without an account: as much work as for one, and no more files."""

_SECOND: Final = "account/email/second_failed"
_PASSWORDS: Final = "account/email/passwords_failed"


class Row:
    """How many wrong passwords each address had in a row today, in memory alone."""

    def __init__(self, addresses_max: int = ADDRESSES_MAX) -> None:
        self._max = addresses_max
        self._counts: OrderedDict[str, tuple[date, int]] = OrderedDict()

    def one_more(self, alias: str, today: date) -> int:
        """How many it is now; of too many addresses the one longest untouched is forgotten."""
        day, times = self._counts.pop(alias, (today, 0))
        times = times + 1 if day == today else 1
        self._counts[alias] = (today, times)
        if len(self._counts) > self._max:
            self._counts.popitem(last=False)
        return times

    def over(self, alias: str) -> None:
        """A right one came."""
        self._counts.pop(alias, None)

    def forget(self) -> None:
        """All of them."""
        self._counts.clear()


ROW: Final = Row()


def second_failed(request: HttpRequest, account: Account) -> None:
    """After a right password what came second was wrong."""
    known = listed.knows(request, keeping.book_of(request, account.pk))
    if known and _within(request, "second_mistyped", _MISTYPED, str(account.pk)):
        return
    if _within(request, "second_told", _TOLD, str(account.pk)):
        _tell(_SECOND, account.alias, account.language, {"user": account})


def password_failed(request: HttpRequest, alias: str) -> None:
    """One more wrong password for an address that may have an account; its wall names the alias."""
    if ROW.one_more(alias, clock.now().date()) % MANY:
        return
    account = Account.objects.filter(
        alias=alias, is_active=True, emailaddress__email=alias, emailaddress__verified=True
    ).first()
    counted = str(account.pk) if account else f"nobody {secrets.randbelow(_NOBODYS)}"
    first = _within(request, "passwords_told", _TOLD, counted)
    language = account.language if account else get_language() or "fr"
    _tell(_PASSWORDS, alias, language, {"leaves": first and account is not None})


def _tell(template: str, alias: str, language: str, context: dict[str, Any]) -> None:
    """In the account's own language: whoever tries has another, perhaps."""
    with override(language):
        get_adapter().send_mail(template, alias, context)


def _within(request: HttpRequest, action: str, rate: str, key: str) -> bool:
    return bool(
        ratelimit.consume(request, app="serment", action=action, config={action: rate}, key=key)
    )
