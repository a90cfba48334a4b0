"""Where a large body waits: in memory up to a bound, beyond it in a file nobody can read.

A patient list on its way in and an agenda on its way out are personal data. The file has no name
and its bytes are closed under a key that lives in this process and for this body only
(AES-256 in counter mode: a lost key is a lost body, and nothing else reads it).
"""

from __future__ import annotations

import io
import os
import tempfile
from typing import IO, Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 16


class Spool(io.RawIOBase):
    """Written once from start to end, then read from the start, as often as wanted."""

    def __init__(self, in_memory_bytes_max: int) -> None:
        super().__init__()
        self._in_memory_bytes_max = in_memory_bytes_max
        self._body: IO[bytes] = io.BytesIO()
        self._cipher: Cipher[Any] | None = None
        self._stream: Any = None
        self.length_bytes = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes, until it is read."""
        return True

    def write(self, piece: Any) -> int:
        """Append."""
        data = bytes(piece)
        if self._cipher is None and self.length_bytes + len(data) > self._in_memory_bytes_max:
            self._move_to_disk()
        self._body.write(data if self._stream is None else self._stream.update(data))
        self.length_bytes += len(data)
        return len(data)

    def rewind(self) -> None:
        """Read from the start from now on."""
        self._body.seek(0)
        if self._cipher is not None:
            self._stream = self._cipher.decryptor()

    def readinto(self, buffer: Any) -> int:
        """The next bytes."""
        data = self._body.read(len(buffer))
        if self._stream is not None:
            data = self._stream.update(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let go of the body; a file without a name is gone with it."""
        self._body.close()
        super().close()

    def _move_to_disk(self) -> None:
        held = self._body
        held.seek(0)
        self._cipher = Cipher(
            algorithms.AES256(os.urandom(KEY_BYTES)), modes.CTR(os.urandom(NONCE_BYTES))
        )
        self._stream = self._cipher.encryptor()
        self._body = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the spool
        self._body.write(self._stream.update(held.read()))
        held.close()
