"""Every error a person may meet, in three families.

    SermentError
    ├── Refused    the request is understood and not allowed, or its input is unusable
    ├── Conflict   the request was right a moment ago; the world moved on
    └── Broken     a part of Serment is not working; nothing was lost, try again

A door maps each family once (web: 4xx page, 409 page, 503 page). The first line of a class's
docstring is the sentence shown when an instance carries none of its own, in the language of whoever
reads where the process knows one (``in_words``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar


class SermentError(Exception):
    """Something went wrong. Please try again."""

    in_words: ClassVar[Callable[[str], str]] = staticmethod(str)
    """Tells a sentence in the reader's language; processes without readers tell it as written."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or self.default_sentence())

    @classmethod
    def default_sentence(cls) -> str:
        """The class's own sentence: the first line of its docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    @property
    def sentence(self) -> str:
        """What happened and what to do, for a person; never personal data."""
        return SermentError.in_words(str(self.args[0]))


class Refused(SermentError):  # noqa: N818 -- the family's name is the field's word
    """This is not allowed."""


class Conflict(SermentError):  # noqa: N818
    """Somebody else was faster. Please look at the page again."""


class Broken(SermentError):  # noqa: N818
    """A part of Serment is not answering. Nothing was lost; please try again in a minute."""


class NotThere(Refused):
    """This page does not exist, or is not yours to see."""


class Unusable(Refused):
    """What was sent cannot be used."""


class SettingWrong(Refused):
    """A setting is missing or wrong."""
