"""What a link of an e-mail carries, closed: who it is for stands in no address in clear.

Sealed under the instance's own secret, outside the database (AES-256-GCM). A link that was altered,
or made for another purpose, opens to nothing.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE_BYTES = 12
_KEY_BYTES = 32
LETTERS_MAX = 1_000


def close(text: str, purpose: str) -> str:
    """An opaque word for an address."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + _cipher().encrypt(nonce, text.encode(), purpose.encode())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_(word: str, purpose: str) -> str | None:
    """What it carries; None where it is none of ours."""
    if len(word) > LETTERS_MAX:
        return None
    try:
        sealed = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        opened = _cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError):
        return None
    return opened.decode()


def _cipher() -> AESGCM:
    key = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"serment links of e-mails v1")
    return AESGCM(key.derive(settings.SECRET_KEY.encode()))
