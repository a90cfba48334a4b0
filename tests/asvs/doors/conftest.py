"""The site of the attacks: two houses, everybody who may ask, behind the public port."""

from __future__ import annotations

from tests.attacks.conftest import laid, port
from tests.rights.conftest import quick

__all__ = ["laid", "port", "quick"]
