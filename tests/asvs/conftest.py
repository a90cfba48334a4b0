"""Identity's own pages."""

from __future__ import annotations

from tests.identity.conftest import browser, pages

__all__ = ["browser", "pages"]
