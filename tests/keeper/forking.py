"""Forking a test's process although keepers have threads in it.

A child has one thread only: a lock of SQLite's that another one held at that instant is never
given back there. So the threads that write indexes rest first, and the child collects no garbage:
a keeper some former test left may lie in it, with its connections.
"""

from __future__ import annotations

import gc
import os
from contextlib import suppress

from serment.keeper.index_writer import IndexBroken, IndexWriter


def fork() -> int:
    """As ``os.fork``."""
    for one in gc.get_objects():
        if type(one) is IndexWriter:  # isinstance() asks the object, and a lazy one may refuse
            with suppress(IndexBroken):
                one.wait()
    child = os.fork()
    if child == 0:
        gc.disable()
    return child
