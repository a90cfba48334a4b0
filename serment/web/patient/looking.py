"""What a patient asked for: from the words or choices of a search form to a question."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment.directory import places, search
from serment.scheduling.places_around import Filters
from serment.web import asked

RADIUS_KM = 30.0
GUESSES = 6
PAGE_MAX = 500
RADIUS_CHOICES = (10.0, 30.0, 60.0, 150.0)


@dataclass(slots=True)
class Question:
    """A search as typed and as understood; ``errors`` are sentences by field."""

    what_text: str = ""
    where_text: str = ""
    key: search.Key | None = None
    place: places.Place | None = None
    practitioner: str = ""
    sort: str = "soonest"
    sector: str = ""
    video: bool = False
    step_free: bool = False
    language: str = ""
    radius_km: float = RADIUS_KM
    view: str = "list"
    page: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    choices: list[places.Place] = field(default_factory=list)
    """Communes that bear the name typed, or that it may be a slip for: the reader says which."""
    guessed: bool = False
    """Whether the choices are guesses: no place is called as typed."""

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter leaves some out."""
        return bool(self.sector or self.video or self.step_free or self.language)

    @property
    def filters(self) -> Filters:
        """The same, as scheduling's search takes it."""
        return Filters(
            sector=int(self.sector) if self.sector in {"1", "2"} else None,
            video=self.video,
            step_free=self.step_free,
            language=self.language,
        )


def value_of(suggestion: search.Suggestion) -> str:
    """The hidden value of a line of completion: what kind of thing, and which."""
    return f"{suggestion.kind}:{suggestion.slug}"


def place_label(place: places.Place) -> str:
    """ "Sallanches (74700)"."""
    return f"{place.name} ({place.postcode})" if place.postcode else place.name


def place_in_heading(place: places.Place) -> str:
    """The name alone where it says enough, with its postcode where others bear it."""
    return place_label(place) if places.has_homonyms(place) else place.name


def understood(given: asked.Given) -> Question:
    """Read a search form; choices made in the list win over words, words are completed."""
    question = Question(
        what_text=asked.words(given.get("quoi_texte", ""), 80),
        where_text=asked.words(given.get("ou_texte", ""), 80),
        sort="nearest" if given.get("tri") == "proche" else "soonest",
        sector=given.get("secteur", ""),
        video=given.get("video") == "1",
        step_free=given.get("fauteuil") == "1",
        language=asked.slug(given.get("langue", "")[:5]),
        view="map" if given.get("vue") == "carte" else "list",
    )
    question.page = asked.number(str(given.get("page", "")), PAGE_MAX) or 0
    radius = asked.number(str(given.get("rayon", "")), 1000)
    if radius in RADIUS_CHOICES:
        question.radius_km = float(radius or RADIUS_KM)
    _understand_what(question, given.get("quoi", ""))
    _understand_where(question, given.get("ou", ""))
    return question


def _understand_what(question: Question, chosen: str) -> None:
    kind, _colon, named = chosen.rpartition(":")
    slug = asked.slug(named)
    if kind == "practitioner" and slug:
        question.practitioner = slug
        return
    question.key = search.key_by_slug(slug) if slug else None
    if question.key is None and question.what_text:
        for one in search.complete_what(question.what_text, get_language() or "fr"):
            if one.kind == "practitioner":
                question.practitioner = one.slug
                return
            question.key = search.key_by_slug(one.slug)
            if question.key is not None:
                break
    if question.key is None:
        question.errors["what"] = _unknown(question.what_text)
    else:
        question.what_text = question.key.person(get_language() or "fr")


def _unknown(typed: str) -> str:
    """What to do about words that mean nothing here: a title goes before a name."""
    if not typed:
        return _("Dites qui ou quoi vous cherchez.")
    if search.names_somebody(typed):
        return _(
            "Personne de ce nom ne prend de rendez-vous ici."
            " Vérifiez le nom, ou cherchez une spécialité."
        )
    return _("Nous ne connaissons pas ce mot. Essayez « médecin », « dents », « yeux »…")


def _understand_where(question: Question, chosen: str) -> None:
    question.place = places.by_code(chosen) if chosen else None
    if question.place is None and question.where_text:
        question.choices = places.meant_by(question.where_text)
        if question.choices:
            return
        found = places.complete(question.where_text, GUESSES)
        if found and not places.is_near_to(found[0], question.where_text):
            question.choices, question.guessed = found, True
            return
        question.place = found[0] if found else None
    if question.place is not None:
        question.where_text = place_label(question.place)
    elif not question.video and not question.practitioner:
        question.errors["where"] = (
            _("Nous ne trouvons pas ce lieu. Essayez un nom de commune ou un code postal.")
            if question.where_text
            else _("Dites où : une commune ou un code postal.")
        )
