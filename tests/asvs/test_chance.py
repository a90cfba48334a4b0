"""What must not be guessed is drawn long enough; what people copy by hand is counted apart."""

from __future__ import annotations

import math

import pytest
from django.test import RequestFactory

from serment.identity import desk_words, invitations, passwords
from serment.identity.means import codes, totp
from serment.identity.means import passkeys as patients_passkeys
from serment.identity.openid import pending
from serment.identity.sessions import SessionStore
from serment.keeper import tokens
from serment.keeper.passkeys import challenges

LONG = 128


def drawn(text: str, letters: int) -> float:
    """Bits in text whose every letter is drawn from so many."""
    return len(text) * math.log2(letters)


def test_what_must_not_be_guessed_is_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SessionStore()._get_new_session_key()
    assert drawn(key, 64) >= 2 * LONG
    assert len({SessionStore()._get_new_session_key() for _ in range(100)}) == 100
    assert pending.LETTERS * math.log2(62) >= LONG  # state, nonce, verifier
    assert tokens.TOKEN_BYTES * 8 >= LONG
    assert invitations._SECRET_BYTES * 8 >= LONG
    assert totp._SECRET_BYTES * 8 >= LONG
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    asked = patients_passkeys.ask_to_show(request)
    assert len(asked["challenge"]) >= 22  # base64 of 16 bytes
    assert asked["challenge"] != patients_passkeys.ask_to_show(request)["challenge"]
    one, two = (challenges.challenge_of("sign_in", bytes([n]) * 32, b"") for n in (1, 2))
    assert len(one) * 8 >= LONG
    assert one != two
    # By hand: twenty bits at least, behind few tries (tests of sign-in).
    paper = codes._ALPHABET
    assert (len(paper), codes.LETTERS) == (32, 10)
    assert codes.LETTERS * math.log2(10) >= 33  # the sheet of digits
    assert desk_words._LETTERS * math.log2(len(desk_words._ALPHABET)) >= 50
    assert passwords.BITS_MIN >= 50
