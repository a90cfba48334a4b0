"""What a thief finds in a dump: bytes searched for somebody, in every way of writing."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models.functions import Length
from django.utils.translation import gettext as _

from serment.directory.models import Practitioner

LETTERS_MIN = 3
DIGITS_MIN = 6
BASE64_LETTERS_MIN = 6
HEXADECIMAL_MIN = 10
"""Fewer hexadecimal digits stand in tens of megabytes of sealed bytes by chance."""
SAMPLE_LINES = 12
_HEXADECIMAL = re.compile(rb"[0-9a-f]+")
_PUBLIC_TABLES = b"COPY public.directory_"
_SAMPLED_TABLES = (b"identity_patientfile", b"scheduling_appointment ", b"identity_account ")


@dataclass(slots=True)
class Loot:
    """The result of one search: sizes, hits by way of writing, sample lines."""

    words: list[str] = field(default_factory=list)
    """What was searched for, each alone: a dump has first and last names in separate columns."""

    bytes_read: int = 0
    rows: int = 0
    hits: dict[str, int] = field(default_factory=dict)
    """By way of writing, outside the public directory."""
    public_hits: int = 0
    """In the public directory: a commune, a street, a published practitioner of that name."""
    control_word: str = ""
    control_hits: int = 0
    sample: list[str] = field(default_factory=list)

    @property
    def found(self) -> int:
        """All hits of the name asked for."""
        return sum(self.hits.values())

    @property
    def too_short_for_hexadecimal(self) -> bool:
        """Whether a word is not sought in hexadecimal, where it would be found by chance."""
        return any(len(word.encode()) * 2 < HEXADECIMAL_MIN for word in self.words)

    @property
    def megabytes(self) -> float:
        """Size of the dump for people."""
        return round(self.bytes_read / 1e6, 1)


def words_of(typed: str) -> list[str]:
    """What a thief would look for: each word alone; of a number or a date every usual form."""
    digits = re.sub(r"\D", "", typed)
    if len(digits) < DIGITS_MIN or re.search(r"[^\W\d_]", typed):
        words = [word for word in re.split(r"[\s,;]+", typed) if len(word) >= LETTERS_MIN]
        return list(dict.fromkeys(words)) or [typed]
    forms = [typed, digits, " ".join(re.findall("..?", digits))]
    if date := re.fullmatch(r"(\d{1,2})\D(\d{1,2})\D(\d{4})", typed):
        day, month, year = date.groups()
        forms += [f"{year}-{month:0>2}-{day:0>2}", f"{year}{month:0>2}{day:0>2}"]
    elif digits.startswith("0"):
        forms += [f"+33{digits[1:]}", f"33{digits[1:]}"]
    elif digits.startswith("33"):
        forms += [f"0{digits[2:]}", " ".join(re.findall("..", f"0{digits[2:]}"))]
    return list(dict.fromkeys(forms))


def ways_of_writing(text: str) -> dict[str, bytes]:
    """The same word as a database, a log or an encoder might have written it.

    Words too short to say anything in hexadecimal are not sought that way.
    """
    plain = unicodedata.normalize("NFC", text)
    bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    utf8 = plain.lower().encode()
    in_hexadecimal = {
        _("hexadécimal"): utf8.hex().encode(),
        _("hexadécimal, initiale capitale"): plain.encode().hex().encode(),
        _("hexadécimal, tout en capitales"): plain.upper().encode().hex().encode(),
    }
    if len(utf8) * 2 < HEXADECIMAL_MIN:
        in_hexadecimal = {}
    return {
        "UTF-8": utf8,
        _("sans accents"): bare.lower().encode(),
        "Latin-1": plain.lower().encode("latin-1", "replace"),
        "UTF-16": plain.lower().encode("utf-16-le"),
        **in_hexadecimal,
        "base64": base64.b64encode(plain.encode())[: max(4, len(plain) // 3 * 4)].lower(),
        _("base64, décalé d’un octet"): _base64_inside(plain.encode(), 1),
        _("base64, décalé de deux octets"): _base64_inside(plain.encode(), 2),
        "JSON, \\u…": json.dumps(plain)[1:-1].lower().encode(),
    }


def _base64_inside(word: bytes, before: int) -> bytes:
    """How ``word`` looks inside a longer base64 text that has ``before`` bytes (modulo 3) ahead.

    Letters that depend on the neighbours are left out; what remains of a short word would be
    found anywhere by chance, so the word itself is given back instead.
    """
    encoded = base64.b64encode(bytes(before) + word)
    certain = encoded[before + 1 : (before + len(word)) * 8 // 6].lower()
    return certain if len(certain) >= BASE64_LETTERS_MIN else word.lower()


def search(dump: Iterable[bytes], wanted: str, control: str) -> Loot:
    """Read the dump line by line; ``control`` is a public name that must be found in it."""
    loot = Loot(words_of(wanted), control_word=control)
    written = [(way, needle) for one in loot.words for way, needle in ways_of_writing(one).items()]
    distinct = {needle: way for way, needle in reversed(written)}
    loot.hits = {way: 0 for way, _needle in written}
    public = control.lower().encode()
    sampling, in_directory = 0, False
    for line in dump:
        loot.bytes_read += len(line)
        loot.rows += 1
        low = line.decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape")
        if line.startswith(b"COPY "):
            in_directory = line.startswith(_PUBLIC_TABLES)
        elif line.startswith(b"\\."):
            in_directory = False
        for needle, way in distinct.items():
            count = _count(low, needle)
            if count and in_directory:
                loot.public_hits += count
            elif count:
                loot.hits[way] += count
        if public:
            loot.control_hits += low.count(public)
        if line.startswith(b"COPY "):
            sampling = 4 if any(table in line for table in _SAMPLED_TABLES) else 0
        if sampling and len(loot.sample) < SAMPLE_LINES:
            loot.sample.append(line.decode("utf-8", "replace").strip()[:220])
            sampling -= 1
    return loot


def _count(line: bytes, needle: bytes) -> int:
    """How often it stands there; a short number or « Abe » not where bytes happen to spell it."""
    count = line.count(needle)
    if not count or len(needle) >= HEXADECIMAL_MIN or not _HEXADECIMAL.fullmatch(needle):
        return count
    return len(re.findall(rb"(?<![0-9a-f])%b(?![0-9a-f])" % needle, line))


def public_name() -> str:
    """A practitioner's published name: in the dump by design, so the search is seen to work.

    The longest of them, which is no ordinary word that other text would hold by chance.
    """
    longest = Practitioner.objects.annotate(letters=Length("family_name")).order_by("-letters")
    return longest.values_list("family_name", flat=True).first() or ""
