"""Pages here are asked as those for patients are."""

from __future__ import annotations

from tests.web.conftest import quick

__all__ = ["quick"]
