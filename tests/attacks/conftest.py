"""The site of all attacks: two houses, everybody who may ask, behind the public port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.attacks.port import Port
from tests.rights.conftest import quick  # noqa: F401 -- a fixture

if TYPE_CHECKING:  # models, which want Django set up first
    from tests.rights.ground import Ground


@pytest.fixture
def port(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Port:
    """Of an http://localhost instance; nothing is laid in it."""
    return Port(tmp_path, monkeypatch)


@pytest.fixture
def laid(db: None, settings: Any) -> Ground:
    """Houses, patients and staff."""
    from tests.rights import ground

    del db
    settings.DEMO = False
    return ground.lay()
