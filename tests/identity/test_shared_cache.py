"""What one web process counts, the others know; on disk nobody's address can be read."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache

from serment.identity.shared_cache import SharedCache


def test_two_processes_count_together(tmp_path: Path) -> None:
    one, other = (SharedCache(str(tmp_path), {}) for _ in range(2))
    one.set("signup:192.0.2.7", [1.5, 2.5], 60)
    assert other.get("signup:192.0.2.7") == [1.5, 2.5]
    assert one.add("lock", True, 60)
    assert not other.add("lock", True, 60)
    assert other.delete("lock")
    assert one.add("lock", True, 60)
    # The control: what each process had before.
    alone, apart = (LocMemCache(name, {}) for name in ("one", "other"))
    alone.set("signup:192.0.2.7", [1.5], 60)
    assert apart.get("signup:192.0.2.7") is None


def test_what_has_expired_is_gone(tmp_path: Path) -> None:
    cache = SharedCache(str(tmp_path), {})
    cache.set("a", 1, -1)
    assert cache.get("a", "none") == "none"
    assert cache.add("a", 2, 60)
    assert cache.get("a") == 2


def test_the_folder_names_no_address(tmp_path: Path) -> None:
    SharedCache(str(tmp_path), {}).set("signup:192.0.2.7", [1.5], 60)
    [file] = tmp_path.iterdir()
    assert "192.0" not in file.read_text()
    assert len(file.name) == 64


@pytest.mark.parametrize("alone", [False, True])
def test_of_many_at_once_one_adds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """Negative control: without the lock, several look before the first has written."""
    caches = [SharedCache(str(tmp_path), {}) for _ in range(8)]
    if not alone:
        monkeypatch.setattr(SharedCache, "_alone", lambda _self: nullcontext())
    keep = SharedCache.set

    def slowly(*given: Any, **named: Any) -> None:
        time.sleep(0.05)
        keep(*given, **named)

    monkeypatch.setattr(SharedCache, "set", slowly)
    with ThreadPoolExecutor(len(caches)) as pool:
        first = list(pool.map(lambda cache: cache.add("a code", True, 60), caches))
    assert (sum(first) == 1) == alone


def test_forgetting_all_leaves_what_is_being_written(tmp_path: Path) -> None:
    cache = SharedCache(str(tmp_path), {})
    cache.set("a", 1, 60)
    being_written = tmp_path / "tmp123.new"
    being_written.touch()
    cache.clear()
    assert cache.get("a") is None
    assert being_written.exists()
