"""An age file under a passphrase that costs next to nothing: pyrage takes a second of work for one.

Where a test does not measure that work. What the product itself writes is read in
``tests/config/test_continuity.py`` and by the browser in ``tests/journeys/test_continuity.py``.
"""

from __future__ import annotations

import base64
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

LOG_N = 10
_CHUNK_BYTES = 64 << 10


def encrypt(plaintext: bytes, passphrase: str) -> bytes:
    """As ``pyrage.passphrase.encrypt``, of one chunk (age-encryption.org/v1)."""
    assert len(plaintext) < _CHUNK_BYTES
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    work = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**LOG_N, 8, 1)
    wrapped = ChaCha20Poly1305(work.derive(passphrase.encode())).encrypt(bytes(12), file_key, None)
    header = b"\n".join(
        [
            b"age-encryption.org/v1",
            b"-> scrypt " + _text(salt) + b" %d" % LOG_N,
            _text(wrapped),
            b"---",
        ]
    )
    mac = hmac.digest(_key(file_key, b"", b"header"), header, "sha256")
    only = bytes(11) + b"\x01"  # the first chunk, and the last
    body = ChaCha20Poly1305(_key(file_key, nonce, b"payload")).encrypt(only, plaintext, None)
    return header + b" " + _text(mac) + b"\n" + nonce + body


def _key(file_key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=salt, info=info).derive(file_key)


def _text(raw: bytes) -> bytes:
    return base64.b64encode(raw).rstrip(b"=")
