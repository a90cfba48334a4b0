"""The desk's pages with a house behind them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.web_practice.house import House, make_house


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    """Cheap password hashes, and files served as they lie."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.fixture
def desk(house: House) -> Client:
    return house.enter()
