"""Busy time from another agenda lies behind what is booked here, and meetings of the two show."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.template.loader import render_to_string
from django.utils import translation

from serment import ids
from serment.scheduling.agenda import Column, Entry
from serment.web.practice import grid
from tests.scheduling.practice import PARIS, paris

DAY = date(2026, 3, 3)
ROLE = ids.new_id()


def _entry(kind: str, hour: int, minutes: int, status: str = "", minute: int = 0) -> Entry:
    start = paris(DAY, hour, minute)
    return Entry(ids.new_id(), ROLE, start, start + timedelta(minutes=minutes), kind, status)


def _drawn(*entries: Entry) -> grid.Drawn:
    column = Column(ROLE, DAY, list(entries), [(paris(DAY, 9), paris(DAY, 12))])
    now = datetime(2026, 3, 1, tzinfo=PARIS)
    return grid.draw(column, grid.frame_of([column], PARIS), now)


def test_an_import_over_a_visit_takes_no_width_from_it_and_marks_it() -> None:
    drawn = _drawn(_entry("import", 9, 90), _entry("appointment", 9, 30, "booked", 30))
    (visit,) = drawn.entries
    assert (visit.lanes, visit.collides) == (1, True)
    assert drawn.collisions == 1
    (behind,) = drawn.imported
    assert (behind.row, behind.length, behind.label_row) == (12, 18, 12)


def test_an_import_beside_a_visit_marks_nothing() -> None:
    drawn = _drawn(_entry("import", 9, 30), _entry("appointment", 9, 30, "booked", 30))
    assert drawn.collisions == 0


def test_a_cancelled_visit_meets_nobody() -> None:
    drawn = _drawn(_entry("import", 9, 60), _entry("appointment", 9, 30, "cancelled"))
    assert drawn.collisions == 0


def test_the_word_stands_where_no_visit_covers_it() -> None:
    drawn = _drawn(_entry("import", 9, 60), _entry("appointment", 9, 30, "booked"))
    assert drawn.imported[0].label_row == 18
    covered = _drawn(_entry("import", 9, 30), _entry("appointment", 9, 30, "booked"))
    assert covered.imported[0].label_row is None


def test_imported_time_is_not_free() -> None:
    drawn = _drawn(_entry("import", 9, 60))
    assert min(band.row for band in drawn.free) == 24


def test_pieces_come_in_the_order_of_the_day() -> None:
    drawn = _drawn(_entry("appointment", 10, 30, "booked"), _entry("import", 9, 30))
    rows = [one.row for one in drawn.pieces]
    assert rows == sorted(rows)
    assert len(rows) == len(drawn.free) + 2


def test_two_visits_at_once_still_stand_side_by_side() -> None:
    drawn = _drawn(_entry("appointment", 9, 30, "booked"), _entry("appointment", 9, 30, "booked"))
    assert [one.lanes for one in drawn.entries] == [2, 2]


def test_a_word_for_the_state_takes_the_place_of_occupied() -> None:
    for status, said in (("booked", False), ("arrived", True), ("noshow", True)):
        (visit,) = _drawn(_entry("appointment", 9, 15, status)).entries
        context = {"one": visit, "entry": visit.entry, "view": "week",
                   "column": {"member": {"zone": PARIS}}}  # fmt: skip
        with translation.override("fr"):
            text = render_to_string("practice/_entry.html", context)
        assert ("Occupé" in text) is not said
        visit.name = "Aurore Lemoine-Beaumont"
        with translation.override("fr"):
            named = render_to_string("practice/_entry.html", context)
        assert not said or named.index("<em>") < named.index("Aurore")


def _free(shortest: int, *openings: tuple[datetime, datetime]) -> list[tuple[datetime, int]]:
    column = Column(ROLE, DAY, [], list(openings), shortest)
    frame = grid.frame_of([column], PARIS)
    drawn = grid.draw(column, frame, paris(DAY - timedelta(days=1), 9))
    return [(one.starts_at, one.length * grid.ROW_MINUTES) for one in drawn.free]


def test_no_free_piece_is_shorter_than_the_shortest_visit() -> None:
    """Pressed, it led to a refusal on the last page. The control: of ten minutes it is one."""
    late = paris(DAY, 9), paris(DAY, 11, 10)
    gap = paris(DAY, 14), paris(DAY, 14, 15)
    nine, ten = paris(DAY, 9), paris(DAY, 10)
    assert _free(20, late, gap) == [(nine, 60), (ten, 70)]
    assert _free(10, late, gap) == [(nine, 60), (ten, 60), (paris(DAY, 11), 10), (gap[0], 15)]
