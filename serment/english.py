"""What commands say of an error: English, though the pages’ sentences are French first.

Needs neither Django nor a language that was chosen: some commands run without either.
"""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "locale"


def english(sentence: str) -> str:
    """The sentence in English where the catalogue has it; else as it stands."""
    return gettext.translation("django", _FOLDER, ["en"], fallback=True).gettext(sentence)
