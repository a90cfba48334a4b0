"""Second factors for tests: planted, and shown, in one call each.

secret = factors.plant(account)
factors.sign_in(browser, email, password, secret)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.test import Client

from serment import clock

SECOND_STEP = "/compte/connexion/suite/"


def plant(account: UUID, secret: str = "") -> str:
    """Give an account an application of codes; its secret."""
    from serment.identity import means  # after pytest has set Django up

    return means.plant(account, secret)


def code(secret: str, steps: int = 0, now: datetime | None = None) -> str:
    """The digits of this moment, or of some steps away."""
    from serment.identity.means import totp

    return totp.code_at(secret, totp.step_of(now or clock.now()) + steps)


def sign_in(browser: Client, email: str, password: str, secret: str = "") -> Any:
    """Password, then digits: the answer that leads on. Three times a half minute at most."""
    answer = browser.post("/compte/connexion/", {"login": email, "password": password})
    for steps in (-1, 0, 1) if secret else ():
        assert answer.url == SECOND_STEP, answer.url
        shown = browser.post(SECOND_STEP, {"code": code(secret, steps)})
        if shown.status_code == 302:
            return shown
    return answer


def sign_in_surely(browser: Client, email: str, password: str) -> Any:
    """By both factors, the second planted now: for pages that show more than one's visits."""
    from serment.identity import registration

    account = registration.by_address(email)
    assert account is not None
    return sign_in(browser, email, password, plant(account))
