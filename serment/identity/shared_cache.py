"""A cache that the web processes of one instance share: how often somebody has tried.

Counted in each process alone, a limit would hold as many times over as there are processes. Small
files in the run folder, outside the database; a key, which may hold an address on the network, is
named by its keyed hash only. Values are JSON: nothing that is read here is ever run.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

_LOCK = "lock"
FILES_MAX = 20_000
"""Beyond, what has expired is swept before another is kept."""


class SharedCache(BaseCache):
    """Django's cache over a folder; ``location`` is that folder."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._folder = Path(location)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or ``default`` where there is none or its time has passed."""
        try:
            until, value = json.loads(self._file(key, version).read_bytes())
        except (OSError, ValueError):
            return default
        return value if until is None or until > time.time() else default

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep a value of JSON; whoever reads meanwhile has the former or this one, whole."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        number, name = tempfile.mkstemp(dir=self._folder, suffix=".new")
        with os.fdopen(number, "w") as file:
            json.dump([self.get_backend_timeout(timeout), value], file)
        Path(name).replace(self._file(key, version))

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep it if none is kept; of two processes one is first."""
        with self._alone():
            if self.get(key, version=version) is not None:
                return False
            self.set(key, value, timeout, version)
        return True

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget one; whether there was one."""
        try:
            self._file(key, version).unlink()
        except FileNotFoundError:
            return False
        return True

    def clear(self) -> None:
        """Forget all; what is being written at this moment stays."""
        for file in self._folder.glob("*"):
            if not file.suffix and file.name != _LOCK:
                file.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time, over all processes and threads."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _file(self, key: Any, version: int | None) -> Path:
        said = self.make_key(key, version=version).encode()
        return self._folder / hmac.digest(settings.SECRET_KEY.encode(), said, "sha256").hex()

    def _sweep(self) -> None:
        with os.scandir(self._folder) as found:
            files = [Path(one.path) for one in found]
        if len(files) <= FILES_MAX:
            return
        for file in files:
            with suppress(OSError, ValueError):
                until, _value = json.loads(file.read_bytes())
                if until is not None and until <= time.time():
                    file.unlink(missing_ok=True)
