"""What was planted about people, and whether it lies in a dump in any way of writing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

from serment.web.theft import ways_of_writing
from tests.journeys.demo import Demo

LETTERS_MIN = 4
"""Shorter words stand in random hexadecimal and base64 by chance."""
_PREFIX = 4
_TEXT = frozenset({"UTF-8", "sans accents", "Latin-1", "JSON, \\u…"})

_PLANTED = """
import django, json, os, sys
from datetime import UTC, datetime
django.setup()
from django.conf import settings
from serment.drills.demo import building, houses, named, planting
from serment.drills.demo.staffing import FILE_NAME
seeded = datetime.fromtimestamp((settings.STATE / FILE_NAME).stat().st_mtime, UTC)
plan = building.build(seeded, told=houses.described(int(os.environ["SERMENT_DEMO_PATIENTS"])))
names, more = [], []
for person in plan.people:
    names += [person.family_name, person.given_name, person.birth_name]
    more += [person.email, person.phone, person.address, person.birth_date.isoformat(),
             person.birth_date.strftime("%d/%m/%Y")]
    more += [planting.values_of(person, seeded.date())["phone"] or ""]
for colleague in (*named.TEAM, named.DEVELOPER):
    names += [colleague.family_name, colleague.given_name]
    more.append(colleague.email)
for pair in named.DESKS.values():
    names += pair
json.dump([sorted(set(names)), sorted(set(more))], sys.stdout)
"""


def planted(demo: Demo) -> tuple[list[str], list[str]]:
    """Names, and then e-mails, telephones, birth dates and addresses, of all patients and staff.

    Names of those who practise are public in the directory, and patients share them: names are
    therefore looked for in every table but the public ones, all the rest in the whole dump.
    """
    names, more = json.loads(demo.run("-c", _PLANTED).stdout)
    return names, more


def found(dump: bytes, words: Iterable[str]) -> list[tuple[str, str]]:
    """(word, way of writing) of everything that lies in ``dump``; one pass for all words."""
    low = dump.decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape")
    wanted: dict[bytes, list[tuple[bytes, str, str]]] = defaultdict(list)
    for word in words:
        if len(word) < LETTERS_MIN:
            continue
        for way, needle in ways_of_writing(word).items():
            if len(needle) >= LETTERS_MIN and (way in _TEXT or len(needle) > LETTERS_MIN):
                wanted[needle[:_PREFIX]].append((needle, way, word))
    seen = set()
    for start in range(len(low) - _PREFIX + 1):
        for needle, way, word in wanted.get(low[start : start + _PREFIX], ()):
            if low.startswith(needle, start) and (
                way not in _TEXT or _stands_alone(low, start, start + len(needle))
            ):
                seen.add((word, way))
    return sorted(seen)


def _stands_alone(text: bytes, start: int, end: int) -> bool:
    """No letter or digit beside it: hexadecimal spells short names now and then."""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
