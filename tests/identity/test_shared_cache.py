"""What one web process counts, the others know; on disk nobody's address can be read."""

from __future__ import annotations

from pathlib import Path

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
