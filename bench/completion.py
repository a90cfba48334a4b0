"""How long completing a place takes, letter by letter, beside one trip to the database."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench import ground
from bench.report import Figure, milliseconds, p95, write

RUNS = 600
TARGET_MS = 50
SLIPS = (
    "salanche", "mejeve", "boneville", "la roche/yon", "villeneuve ascq", "marseile", "grenobel",
    "kimper", "stetienne", "clairmont ferrand", "monpellier", "boulogne mer", "azertyuiop",
)  # fmt: skip


def typed_right(draw: random.Random) -> Iterator[str]:
    """Beginnings of names, the larger places oftener, as they are typed."""
    from serment.directory import places

    largest = places.largest()
    while True:
        name = largest[int(draw.paretovariate(0.7)) % len(largest)].name
        yield from (name[:letters] for letters in range(1, len(name) + 1))


def typed_wrong(draw: random.Random) -> Iterator[str]:
    """The same with slips; the longest way through the completion."""
    while True:
        name = draw.choice(SLIPS)
        yield from (name[:letters] for letters in range(3, len(name) + 1))


def main() -> None:
    """Measure both ways of typing, and the least a page that asks the database would cost."""
    with ground.instance(keeper=False):
        from django.db import connections

        from serment.directory import places
        from serment.directory.models import Specialty

        places.warm()
        one_row = Specialty.objects.using("search").values("code")
        bare = p95(milliseconds(lambda: one_row.get(code="SM38"), RUNS))
        figures = []
        for what, letters in (
            ("a place typed right", typed_right(random.Random(7))),
            ("a place with a slip", typed_wrong(random.Random(7))),
        ):
            taken = p95(milliseconds(map(places.complete, letters).__next__, RUNS))
            figures.append(
                Figure(
                    what=f"{what}, p95",
                    value=round(taken, 2),
                    unit="ms",
                    beside="one row by key, p95",
                    beside_value=round(bare, 2),
                    ratio=round(taken / bare, 1),
                    target=f"below {TARGET_MS} ms",
                    runs=RUNS,
                )
            )
        connections.close_all()
    write("completion", figures)


if __name__ == "__main__":
    main()
