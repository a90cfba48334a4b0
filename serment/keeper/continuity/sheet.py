"""The sheet itself: what stands on it, how it is signed, and closed to the site's key.

One JSON document, ``serment-continuity-2``, as the text of a signed note (c2sp.org/signed-note,
without its bound of length) in an age file. Its first member is the same in plain French lines, so
that any age program shows a readable sheet. Instants carry the site's offset. The log's own key
signs: no checkpoint begins with a brace, so neither signature passes for the other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from serment.ledger.note import Signer

FORMAT: Final = "serment-continuity-2"

NAMED: Final = "named"
FROZEN: Final = "frozen"
NAMELESS: Final = "nameless"
_WITHOUT_NAME: Final = {
    FROZEN: "dossier gelé : nom non imprimé",
    NAMELESS: "nom non imprimé (voir l’agenda à son retour)",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One visit. ``state``: named, frozen (a person froze the file) or nameless (no ticket)."""

    record: bytes
    starts: int
    ends: int
    practitioner: str
    state: str
    family_name: str = ""
    given_name: str = ""
    birth_date: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose sheet, when it was made (µs) and how far it reaches; ``keeper`` is the log's name."""

    house: str
    place: str
    site: bytes
    keeper: str
    zone: ZoneInfo
    issued: int
    until: int


def written(heading: Heading, lines: Sequence[Line]) -> bytes:
    """The document in clear; it exists in the keeper's memory only until it is closed."""
    ordered = sorted(lines, key=lambda line: (line.starts, line.practitioner, line.family_name))
    document: dict[str, Any] = {
        "text": _text(heading, ordered),
        "format": FORMAT,
        "establishment": heading.house,
        "site": heading.place,
        "site_number": str(UUID(bytes=heading.site)),
        "keeper": heading.keeper,
        "zone": heading.zone.key,
        "issued": _wall(heading, heading.issued).isoformat(timespec="seconds"),
        "until": _wall(heading, heading.until).isoformat(timespec="seconds"),
        "lines": [_row(heading, line) for line in ordered],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def signed(document: bytes, signer: Signer) -> bytes:
    """The document and the keeper's signature under it."""
    text = document + b"\n"
    return text + b"\n" + signer.line(text).encode()


def closed(document: bytes, recipient: str) -> bytes:
    """An age file that only the key kept on site opens."""
    import pyrage

    sealed: bytes = pyrage.encrypt(document, [pyrage.x25519.Recipient.from_str(recipient)])
    return sealed


def is_recipient(text: str) -> bool:
    """Is this the public half of an age X25519 identity?"""
    import pyrage

    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


def _row(heading: Heading, line: Line) -> dict[str, str]:
    return {
        "starts": _wall(heading, line.starts).isoformat(timespec="minutes"),
        "ends": _wall(heading, line.ends).isoformat(timespec="minutes"),
        "practitioner": line.practitioner,
        "state": line.state,
        "family_name": line.family_name,
        "given_name": line.given_name,
        "birth_date": line.birth_date,
        "phone": line.phone,
    }


def _text(heading: Heading, lines: Sequence[Line]) -> list[str]:
    issued = _wall(heading, heading.issued)
    told = [
        "FICHE DE CONTINUITÉ",
        heading.house if heading.house == heading.place else f"{heading.house}, {heading.place}",
        f"Faite le {issued:%d/%m/%Y à %H:%M}, jusqu’au"
        f" {_wall(heading, heading.until):%d/%m/%Y à %H:%M} ({heading.zone.key})",
    ]
    day = None
    for line in lines:
        starts = _wall(heading, line.starts)
        if starts.date() != day:
            day = starts.date()
            told += ["", f"{day:%d/%m/%Y}"]
        told.append(f"{starts:%H:%M}  {line.practitioner}  {_person(line)}")
    return told if lines else [*told, "", "Aucun rendez-vous."]


def _person(line: Line) -> str:
    if line.state != NAMED:
        return _WITHOUT_NAME[line.state]
    year, _, rest = line.birth_date.partition("-")
    born = "/".join([*reversed(rest.split("-")), year]) if rest else "date de naissance inconnue"
    name = f"{line.family_name.upper()} {line.given_name}".strip()
    return f"{name}  {born}  {line.phone or 'sans téléphone'}"


def _wall(heading: Heading, instant: int) -> datetime:
    return datetime.fromtimestamp(instant // 1_000_000, UTC).astimezone(heading.zone)
