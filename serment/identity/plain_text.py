"""Typed text that a file may keep: of a bounded length, every sign of it visible. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.errors import Unusable

LETTERS_MAX: Final = 400
"""Where a field's own check has no narrower limit."""

_LETTERS_MAX: Final = {"address": 300, "source_reference": 100}
_LINES: Final = {"address"}
_NAMES: Final = {
    "family_name": gettext_lazy("Le nom"),
    "given_name": gettext_lazy("Le prénom"),
    "birth_name": gettext_lazy("Le nom de naissance"),
    "first_birth_given_name": gettext_lazy("Le premier prénom de naissance"),
    "birth_given_names": gettext_lazy("La liste des prénoms de naissance"),
    "birth_place": gettext_lazy("Le lieu de naissance"),
    "birth_date": gettext_lazy("La date de naissance"),
    "sex": gettext_lazy("Le sexe"),
    "phone": gettext_lazy("Le numéro de téléphone"),
    "email": gettext_lazy("L’adresse e-mail"),
    "address": gettext_lazy("L’adresse"),
    "source_reference": gettext_lazy("Le numéro de dossier"),
}
# They turn the order of what follows around: a name, a file's ending, an amount reads as another.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class TextUnusable(Unusable):
    """Ce texte est inutilisable."""


def kept(field: str, text: str) -> str:
    """A patient file's field, trimmed. Raises ``TextUnusable`` with a sentence naming the field."""
    written = text.strip()
    letters = _LETTERS_MAX.get(field, LETTERS_MAX)
    if len(written) > letters:
        raise TextUnusable(
            _("%(field)s dépasse %(letters)s signes.")
            % {"field": _NAMES[field], "letters": letters}
        )
    if field in _LINES:
        written = written.replace("\r\n", "\n")
    if not all(_visible(sign) or (sign == "\n" and field in _LINES) for sign in written):
        raise TextUnusable(
            _("%(field)s contient des signes invisibles ou interdits.") % {"field": _NAMES[field]}
        )
    return written


def _visible(sign: str) -> bool:
    """Not a control character (NUL among them), half of a surrogate pair, or a turning mark."""
    return sign not in _TURNING and unicodedata.category(sign) not in ("Cc", "Cs")
