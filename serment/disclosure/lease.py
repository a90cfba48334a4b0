"""Keys a session may use again for a few minutes without a new record.

Held in this process's memory only, bounded, and bound to session, purpose, field and version: a
rewritten value has a new version and needs a new opening. Perimeters widen by the lease.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

ENTRIES_MAX: Final = 20_000

LeaseName = tuple[bytes, str, str, bytes, str, bytes]
"""Capability, session, purpose, record, field, version."""

Key = tuple[bytes, bytes]


class Leases:
    """Released keys by what they open; the oldest go first."""

    def __init__(self, entries_max: int = ENTRIES_MAX) -> None:
        self._kept: OrderedDict[LeaseName, tuple[float, Key]] = OrderedDict()
        self._entries_max = entries_max
        self._as_of = 0
        self._lock = threading.Lock()

    def get(self, name: LeaseName) -> Key | None:
        """The key while its lease runs."""
        return self.get_all([name])[0]

    def get_all(self, names: Sequence[LeaseName]) -> list[Key | None]:
        """Each key whose lease runs, in order."""
        now = time.monotonic()
        with self._lock:
            return [self._running(name, now) for name in names]

    def _running(self, name: LeaseName, now: float) -> Key | None:
        kept = self._kept.get(name)
        if kept is None:
            return None
        if kept[0] < now:
            del self._kept[name]
            return None
        return kept[1]

    def put(self, name: LeaseName, key: Key, seconds: float) -> None:
        """Keep a key for its lease; nothing without a session to bind it to."""
        self.put_all([(name, key)], seconds)

    def put_all(self, leased: Iterable[tuple[LeaseName, Key]], seconds: float) -> None:
        """The same of many keys."""
        if seconds <= 0:
            return
        until = time.monotonic() + seconds
        with self._lock:
            for name, key in leased:
                if name[0] and name[1]:
                    self._kept[name] = (until, key)
            while len(self._kept) > self._entries_max:
                self._kept.popitem(last=False)

    def begin_anew(self, as_of: int) -> None:
        """Forget everything once the mark is another: somebody was frozen or erased since."""
        if as_of != self._as_of:
            with self._lock:
                self._kept.clear()
                self._as_of = as_of

    def end(self, capability: bytes) -> None:
        """Forget all keys of a closed session."""
        with self._lock:
            for name in [name for name in self._kept if name[0] == capability]:
                del self._kept[name]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
