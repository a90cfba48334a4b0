"""Which tests one process runs together: a file, or all files of one ``xdist_group``.

What a file's tests share is made once. pytest 9.2 no longer takes the name that xdist 3.8 writes
its groups into (pytest-dev/pytest-xdist#1386): without a word every test went alone, and the demo
and each file's set-up were made in both processes. So the mark is read here, in the file.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]
_MARK = re.compile(r'^pytestmark = .*xdist_group\("(\w+)"\)', re.MULTILINE)
_LONGEST = "demo"
_LONG = (
    "tests/rights/", "tests/config/", "tests/drills/", "tests/faults/", "tests/attacks/",
    "tests/outbox/test_killed_worker",
)  # fmt: skip


@cache
def group_of(nodeid: str) -> str:
    """The group its file is marked with, else the file."""
    file = nodeid.partition("::")[0]
    marked = _MARK.search((ROOT / file).read_text(encoding="utf-8"))
    return marked[1] if marked else file


def rank(group: str, tests: int) -> tuple[int, int]:
    """What is begun first comes first: the longest, the long, then the many before the few, so
    that both processes end together."""
    if group == _LONGEST:
        return 0, 0
    return (1 if group.startswith(_LONG) else 2), -tests


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """xdist's own scheduling by scopes, with these groups for scopes."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        first = min(self.workqueue, key=lambda one: rank(one, len(self.workqueue[one])))
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
