"""One thing found, in one sentence, and what mends it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """``fault`` keeps Serment from starting or from being trusted; ``notice`` is to be known."""

    check: str
    sentence: str
    mend: str
    weight: Literal["fault", "notice"] = "fault"

    def as_json(self) -> dict[str, str]:
        """For machines."""
        return asdict(self)
