"""Six digits of an application on one's telephone (RFC 6238). Pure: the instant is an argument.

A telephone whose clock is half a minute off is still understood; a code that served once, or is
older than one that served, is not taken again.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from serment.identity.means.book import Totp

DIGITS: Final = 6
STEP_SECONDS: Final = 30
STEPS_OFF_MAX: Final = 1
"""A step before and after the present one (RFC 6238, 5.2)."""

_SECRET_BYTES: Final = 20
ISSUER: Final = "Serment"


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226, 4, R6)."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The digits of one time step."""
    key = base64.b32decode(secret)
    made = TOTP(key, DIGITS, SHA1(), STEP_SECONDS, enforce_key_length=False)  # noqa: S303
    return made.generate(step * STEP_SECONDS).decode()


def step_of(now: datetime) -> int:
    """The number of the present time step."""
    return int(now.timestamp()) // STEP_SECONDS


def use(kept: Totp, typed: str, now: datetime) -> bool:
    """Whether these digits are right now and never served; then they have served."""
    code = "".join(typed.split())
    here = step_of(now)
    if len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return False
    for step in range(here - STEPS_OFF_MAX, here + STEPS_OFF_MAX + 1):
        if hmac.compare_digest(code_at(kept.secret, step), code) and step > kept.last:
            kept.last = step
            return True
    return False


def address(secret: str, whose: str) -> str:
    """What the QR code says to an authenticator application (Key URI format)."""
    said = urlencode({"secret": secret, "issuer": ISSUER})
    return f"otpauth://totp/{quote(ISSUER)}:{quote(whose)}?{said}"
