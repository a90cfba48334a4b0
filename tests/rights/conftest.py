"""Whoever asks here is known as surely as any door could want: rights are asked, not proofs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

HOST = "localhost:8000"


@pytest.fixture(autouse=True)
def quick(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cheap password hashes, files as they lie, a folder of the test's own."""
    from serment.identity import policy  # after pytest has set Django up

    cache.clear()
    settings.STATE = tmp_path
    settings.PUBLIC_URL = f"http://{HOST}"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    monkeypatch.setattr(policy, "strength_of", lambda _request: policy.Strength.VERIFIED)
    monkeypatch.setattr(policy, "minutes_since_sign_in", lambda _request: 0.0)
