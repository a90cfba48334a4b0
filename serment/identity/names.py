"""Names of persons as typed → as kept. Pure."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from serment.errors import Unusable

NAME_LETTERS_MAX = 100

# Letters of any script, marks, and what French names contain: D’Ornano, Saint-Clair, St. John.
_ALLOWED_MARKS = frozenset(" '’ʼ-‐.·")


class NameUnusable(Unusable):
    """Ce nom est inutilisable."""


def normalise(text: str) -> str:
    """A name in NFC, one space between words. Raises ``NameUnusable`` with the reason."""
    name = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    if not any(char.isalpha() for char in name):
        raise NameUnusable(_("À écrire comme sur une pièce d’identité."))
    if len(name) > NAME_LETTERS_MAX:
        raise NameUnusable(_("Ce nom dépasse %(letters)s lettres.") % {"letters": NAME_LETTERS_MAX})
    if any(not _fits(char) for char in name):
        raise NameUnusable(
            _("Un nom ne contient que des lettres, des espaces, des tirets et des apostrophes.")
        )
    return name


def _fits(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM" or char in _ALLOWED_MARKS
