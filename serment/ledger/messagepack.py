"""The few MessagePack forms that the keeper writes into the record, read without any package.

Nothing, truth, whole numbers, text, bytes and lists; whatever else stands there is refused, like
a value cut short, nested too deep or followed by something. Reads what strangers send: every
length is checked against what is there before anything is taken.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from serment.errors import Unusable

DEPTH_MAX: Final = 8

Value: TypeAlias = "bool | int | str | bytes | list[Value] | None"

_NUMBERS: Final = {
    0xCC: (1, False), 0xCD: (2, False), 0xCE: (4, False), 0xCF: (8, False),
    0xD0: (1, True), 0xD1: (2, True), 0xD2: (4, True), 0xD3: (8, True),
}  # fmt: skip
_TEXTS: Final = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BYTES: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_LISTS: Final = {0xDC: 2, 0xDD: 4}
_WORDS: Final[dict[int, bool | None]] = {0xC0: None, 0xC2: False, 0xC3: True}


class NotReadable(Unusable):
    """This is not in the form that the keeper writes."""


def decode(data: bytes) -> Value:
    """The one value that these bytes are. Raises NotReadable."""
    reader = _Reader(data)
    value = reader.value(DEPTH_MAX)
    if reader.at != len(data):
        raise NotReadable
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def _take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self._data):
            raise NotReadable
        taken, self.at = self._data[self.at : end], end
        return taken

    def _number(self, width: int, *, signed: bool = False) -> int:
        return int.from_bytes(self._take(width), "big", signed=signed)

    def value(self, depth: int) -> Value:
        kind = self._number(1)
        if kind in _WORDS:
            return _WORDS[kind]
        if kind <= 0x7F or kind >= 0xE0 or kind in _NUMBERS:
            return self._whole(kind)
        if kind in _BYTES:
            return self._take(self._number(_BYTES[kind]))
        if 0xA0 <= kind <= 0xBF:
            return self._text(kind & 0x1F)
        if kind in _TEXTS:
            return self._text(self._number(_TEXTS[kind]))
        return self._list(kind, depth)

    def _whole(self, kind: int) -> int:
        if kind <= 0x7F:
            return kind
        if kind >= 0xE0:
            return kind - 0x100
        width, signed = _NUMBERS[kind]
        return self._number(width, signed=signed)

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError as wrong:
            raise NotReadable from wrong

    def _list(self, kind: int, depth: int) -> Value:
        if 0x90 <= kind <= 0x9F:
            count = kind & 0x0F
        elif kind in _LISTS:
            count = self._number(_LISTS[kind])
        else:
            raise NotReadable
        # Each value takes a byte at least: a count beyond that is a lie, refused before any work.
        if not depth or count > len(self._data) - self.at:
            raise NotReadable
        return [self.value(depth - 1) for _ in range(count)]
