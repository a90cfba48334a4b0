"""Calendars that leave and come in, with files served as they lie."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from tests.scheduling.practice import Practice, make_practice


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def practice(db: None) -> Practice:
    return make_practice()
