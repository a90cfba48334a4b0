"""What a patient may look for: completing specialties, professions, practitioners, establishments.

People type everyday words ("yeux", "docteur de la peau", "back"), in either language whatever the
page's, with slips. What nobody books (forensic medicine, pathology) is never proposed. A search for
a practitioner is not stored anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q

from serment.directory import data
from serment.directory.models import Establishment, Practitioner, PractitionerRole
from serment.directory.near_names import edits_to_begin, heard
from serment.directory.words import fold, one_slip_apart

PUBLIC = "search"  # database alias of the read-only public role
SLIP_LENGTH_MIN = 5
TWO_SLIPS_LENGTH_MIN = 7

# Words that say nothing about what is looked for; dropped when the whole text finds nothing.
_EMPTY = frozenset(
    {"a", "ai", "au", "aux", "avoir", "de", "des", "du", "en", "et", "j", "l", "la", "le", "les"}
    | {"ma", "mal", "mes", "mon", "un", "une", "pour", "probleme", "douleur", "douleurs", "d"}
    | {"docteur", "dr", "medecin", "specialiste", "doctor", "for", "my", "of", "pain", "problem"}
    | {"s", "the"}
)
_TITLES = frozenset({"dr", "docteur", "doctor", "pr", "professeur", "prof", "mme", "madame"})
# When several match alike, what is booked most comes first.
_OFTEN = (
    "SM54", "40", "SM38", "SM15", "SM20", "SM40", "70", "SM19", "50", "SM39", "SM04", "SM42",
    "SM48", "SM24", "SM62", "80", "60", "SM08", "SM32", "91",
)  # fmt: skip

Kind = Literal["specialty", "profession", "practitioner", "establishment"]


class Key(NamedTuple):
    """A specialty or profession as patients search it."""

    kind: Literal["specialty", "profession"]
    code: str
    slug: str
    label_fr: str
    label_en: str
    person_fr: str
    person_en: str
    words: tuple[str, ...]

    def person(self, language: str) -> str:
        """The practitioner's noun in the reader's language."""
        return self.person_en if language.startswith("en") else self.person_fr

    def label(self, language: str) -> str:
        """The field's name in the reader's language."""
        return self.label_en if language.startswith("en") else self.label_fr


class Suggestion(NamedTuple):
    """One line under the search box: what it is, its slug, what to show, and a second line."""

    kind: Kind
    slug: str
    label: str
    hint: str
    code: str = ""
    id: UUID | None = None


def complete_what(text: str, lang: str = "fr", limit: int = 8) -> list[Suggestion]:
    """What a person may mean, best first: specialties and professions, then names.

    At least one letter finds keys, three letters find names. ``lang`` is the page's language.
    """
    folded = _letters_joined(fold(text))
    if not folded:
        return []
    keys = [
        Suggestion(key.kind, key.slug, key.person(lang), key.label(lang), key.code)
        for key in _best_keys(folded)
    ]
    names: list[Suggestion] = []
    if len(folded) > 2:
        plain = fold(text, saints=False)
        names = [*_practitioners(plain, lang, limit), *_establishments(plain, limit)]
    room_for_names = min(len(names), max(limit // 2, limit - len(keys)))
    return keys[: limit - room_for_names] + names[:room_for_names]


def names_somebody(text: str) -> bool:
    """Whether a person is looked for: "Dr Lemoine" has a title before a name."""
    words = fold(text).split()
    return len(words) > 1 and words[0] in _TITLES


def key_by_slug(slug: str) -> Key | None:
    """The specialty or profession a search page's address names."""
    return _by_slug().get(slug)


def key_by_code(code: str) -> Key | None:
    """The key of a code; a code that stands under another (SM26) gives that other (SM54)."""
    canonical = _canonical().get(code, code)
    return next((key for key in keys() if key.code == canonical), None)


def codes_of(code: str) -> tuple[str, ...]:
    """All codes that patients find under this one: SM54 is also SM26 and SM53."""
    return (code, *(other for other, under in _canonical().items() if under == code != other))


@lru_cache(maxsize=1)
def keys() -> tuple[Key, ...]:
    """Everything bookable, what is booked most first."""
    often = {code: rank for rank, code in enumerate(_OFTEN)}
    found = [*_read("specialties.csv", "specialty"), *_read("professions.csv", "profession")]
    return tuple(sorted(found, key=lambda key: often.get(key.code, len(often))))


@lru_cache(maxsize=1)
def _by_slug() -> dict[str, Key]:
    return {key.slug: key for key in keys()}


@lru_cache(maxsize=1)
def _canonical() -> dict[str, str]:
    rows = [*data.table("specialties.csv"), *data.table("professions.csv")]
    return {row["code"]: row["searched_as"] for row in rows if row["searched_as"]}


def _read(name: str, kind: Literal["specialty", "profession"]) -> Iterable[Key]:
    for row in data.table(name):
        if row["bookable"] == "1":
            spoken = data.words(row["words_fr"]) + data.words(row["words_en"])
            yield Key(
                kind,
                row["code"],
                row["slug"],
                row["label_fr"],
                row["label_en"],
                row["person_fr"],
                row["person_en"],
                tuple(fold(word) for word in spoken),
            )


def _best_keys(folded: str) -> tuple[Key, ...]:
    """Keys in order of how well they match; the whole text first, then its telling words."""
    found = _ranked(folded)
    if found:
        return found
    telling = [word for word in folded.split() if word not in _EMPTY and len(word) > 1]
    if telling and telling != [folded]:
        sets = [_ranked(word) for word in telling]
        common = [key for key in sets[0] if all(key in other for other in sets[1:])]
        found = tuple(common) or tuple(dict.fromkeys(key for some in sets for key in some))
    if not found and telling:
        for slipped in (_slipped, _written_by_ear):
            each = [slipped(word) for word in telling]
            found = found or tuple(k for k in each[0] if all(k in other for other in each[1:]))
    return found


def _letters_joined(folded: str) -> str:
    """ "o r l", typed with points, is "orl"."""
    words = folded.split()
    alone = len(words) > 1 and all(len(word) == 1 for word in words)
    return "".join(words) if alone else folded


def _ranked(folded: str) -> tuple[Key, ...]:
    ranks = ((_rank(key, folded), place, key) for place, key in enumerate(keys()))
    good = sorted((rank, place, key) for rank, place, key in ranks if rank is not None)
    return tuple(key for _, _, key in good)


def _rank(key: Key, folded: str) -> int | None:
    """0 named in full, 1 the person's noun begins so, 2 the field, 3 a patient's word, 4 inside."""
    persons = (fold(key.person_fr), fold(key.person_en))
    labels = (fold(key.label_fr), fold(key.label_en))
    if folded in persons or folded in key.words or folded in labels:
        return 0
    for rank, names in enumerate((persons, labels, key.words), start=1):
        if any(name.startswith(folded) for name in names):
            return rank
    inside = f" {folded}"
    return 4 if any(inside in name for name in (*persons, *labels, *key.words)) else None


def _slipped(word: str) -> list[Key]:
    """Keys one slip of the finger away: "dermto", "oftalmo", "sagefemme"."""
    heard = _heard(word)
    if len(heard) < SLIP_LENGTH_MIN:
        return []
    return [
        key
        for key in keys()
        # Hardly anybody mistakes the first letter; without that rule "drop" would be "prep".
        if any(part[0] == heard[0] and one_slip_apart(heard, part) for part in _sounds(key))
    ]


def _written_by_ear(word: str) -> list[Key]:
    """Keys that sound like the word but for two slips: "jinecologue", "psikologue"."""
    ear = heard(word)
    if len(ear) < SLIP_LENGTH_MIN:
        return []
    most = 2 if len(ear) >= TWO_SLIPS_LENGTH_MIN else 1
    measured = (
        (min(edits_to_begin(ear, part, most) for part in _parts_heard(key)), place, key)
        for place, key in enumerate(keys())
    )
    return [key for edits, _place, key in sorted(measured) if edits <= most]


@lru_cache(maxsize=256)
def _parts_heard(key: Key) -> frozenset[str]:
    return frozenset(heard(name.replace(" ", "")) for name in (fold(key.person_fr), *key.words))


def _heard(name: str) -> str:
    """A folded name as it sounds to somebody who writes it down by ear."""
    return name.replace("ph", "f").replace("th", "t").replace("rh", "r").replace("y", "i")


@lru_cache(maxsize=256)
def _sounds(key: Key) -> frozenset[str]:
    """Each telling word of a key, and each name without its spaces, by ear."""
    names = (fold(key.person_fr), fold(key.person_en), *key.words)
    parts = {part for name in names for part in (*name.split(), name.replace(" ", ""))}
    return frozenset(_heard(part) for part in parts if len(part) >= SLIP_LENGTH_MIN)


def _practitioners(folded: str, lang: str, limit: int) -> list[Suggestion]:
    """Practitioners by family name, or by family and given name in either order.

    One of the words typed begins the family name; the others begin any later word.
    """
    typed = folded.split()[:5]
    while len(typed) > 1 and typed[0] in _TITLES:
        typed = typed[1:]
    matches = Q()
    for at, word in enumerate(typed):
        match = Q(folded__startswith=word)
        for other in typed[:at] + typed[at + 1 :]:
            match &= Q(folded__contains=f" {other}")
        matches |= match
    seen = PractitionerRole.objects.using(PUBLIC).filter(active=True)
    people = (
        Practitioner.objects.using(PUBLIC)
        .filter(matches, Exists(seen.filter(practitioner=OuterRef("pk"))))
        .prefetch_related(Prefetch("roles", seen.select_related("specialty", "profession", "site")))
        .order_by("folded")[:limit]
    )
    return [_person(practitioner, lang) for practitioner in people]


def _person(practitioner: Practitioner, lang: str) -> Suggestion:
    roles = list(practitioner.roles.all())
    nouns = dict.fromkeys(role.person(lang) for role in roles)
    cities = dict.fromkeys(role.site.city for role in roles)
    hint = " · ".join([*nouns, *list(cities)[:2]])
    return Suggestion(
        "practitioner", practitioner.slug, practitioner.display_name, hint, id=practitioner.id
    )


def _establishments(folded: str, limit: int) -> list[Suggestion]:
    houses = (
        Establishment.objects.using(PUBLIC)
        .filter(Q(folded__startswith=folded) | Q(folded__contains=f" {folded}"))
        .prefetch_related("sites")
        .order_by("folded")[:limit]
    )
    return [
        Suggestion(
            "establishment",
            house.slug,
            house.name,
            " · ".join(dict.fromkeys(site.city for site in house.sites.all())),
            id=house.id,
        )
        for house in houses
    ]
