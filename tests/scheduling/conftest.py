"""A practice for every test that asks for one."""

from __future__ import annotations

import pytest

from tests.scheduling.practice import Practice, make_practice


@pytest.fixture
def practice(db: None) -> Practice:
    """One practice with one doctor."""
    return make_practice()
