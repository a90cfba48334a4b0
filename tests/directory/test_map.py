"""The map: points where they belong, nothing outside the drawing but its margin."""

from __future__ import annotations

import re

import pytest

from serment.directory import map as charts
from serment.directory import places

SALLANCHES = (45.94, 6.63)


def test_the_centre_is_in_the_middle_and_a_point_north_is_above() -> None:
    drawing = charts.render(SALLANCHES, 30, {"north": (46.04, 6.63), "east": (45.94, 6.73)})
    assert drawing.centre == (drawing.width / 2, drawing.height / 2)
    north, east = drawing.marks
    assert north.y < drawing.centre[1]
    assert north.x == pytest.approx(drawing.centre[0], abs=0.1)
    assert east.x > drawing.centre[0]


def test_distances_on_the_map_are_those_on_the_ground() -> None:
    other = (46.07, 6.55)
    drawing = charts.render(SALLANCHES, 30, {"other": other})
    mark = drawing.marks[0]
    on_paper = ((mark.x - drawing.centre[0]) ** 2 + (mark.y - drawing.centre[1]) ** 2) ** 0.5
    units_per_km = drawing.radius / 30
    ground = places.distance_km(SALLANCHES, other)
    assert on_paper / units_per_km == pytest.approx(ground, rel=0.01)


def test_points_that_would_hide_each_other_are_one_mark_and_none_is_lost() -> None:
    near = (SALLANCHES[0] + 0.001, SALLANCHES[1])
    drawing = charts.render(SALLANCHES, 30, {"1": SALLANCHES, "2": near, "3": (46.07, 6.55)})
    assert [(mark.key, mark.others) for mark in drawing.marks] == [("1", ("2",)), ("3", ())]


def test_what_lies_off_the_drawing_is_said_to() -> None:
    drawing = charts.render(SALLANCHES, 10, {"paris": (48.85, 2.35), "here": SALLANCHES})
    assert [mark.inside for mark in drawing.marks] == [False, True]


@pytest.mark.parametrize(
    ("center", "radius", "department", "name"),
    [
        (SALLANCHES, 30, "74", "Sallanches"),
        ((48.857, 2.35), 5, "75", "Paris 15e"),
        ((48.857, 2.35), 40, "75", "Paris"),
        ((-21.1, 55.5), 45, "974", "Saint-Denis"),
        ((46.6, 2.5), 560, "23", "Lyon"),
        ((-17.53, -149.57), 60, "987", "Punaauia"),
    ],
)
def test_a_view_shows_its_department_and_its_towns(
    center: tuple[float, float], radius: float, department: str, name: str
) -> None:
    drawing = charts.render(center, radius)
    assert department in {shape.department for shape in drawing.shapes}
    shown = {label.name for label in drawing.labels}
    assert len(shown) > 1
    assert name in shown
    assert len(shown) <= charts.LABELS_MAX
    assert drawing.scale_km <= radius


def test_outlines_are_cut_to_the_drawing_and_small_enough_for_a_phone() -> None:
    drawing = charts.render(SALLANCHES, 20)
    numbers = [float(n) for s in drawing.shapes for n in re.findall(r"-?\d+\.?\d*", s.path)]
    assert min(numbers) >= -20
    assert max(numbers) <= drawing.width + 20
    assert sum(len(shape.path) for shape in drawing.shapes) < 20_000


def test_labels_do_not_cover_each_other() -> None:
    labels = charts.render((45.76, 4.84), 50).labels
    for at, label in enumerate(labels):
        for other in labels[at + 1 :]:
            assert abs(label.x - other.x) > 26 or abs(label.y - other.y) > 13


def test_on_a_phone_no_two_marks_share_a_fingers_width_and_each_says_whom_it_stands_for() -> None:
    near = {str(n): (45.93 + n * 0.004, 6.63 + n * 0.003) for n in range(1, 13)}
    drawing = charts.render((45.94, 6.63), 30, near, width=340, height=380, apart=44)
    for at, one in enumerate(drawing.marks):
        for other in drawing.marks[at + 1 :]:
            beside = abs(one.x - other.x) >= one.half + other.half
            assert beside or abs(one.y - other.y) >= 44
        assert one.written.startswith(one.key)
        assert one.touch >= 44
        assert "+" not in one.written
    assert {key for mark in drawing.marks for key in (mark.key, *mark.others)} == set(near)
    for label in drawing.labels:
        begins, ends = label.x + label.aside, label.x + label.aside + 7.5 * len(label.name)
        assert ends <= drawing.width, f"{label.name} runs off the map"
        for mark in drawing.marks:
            over = begins < mark.x + mark.half and mark.x - mark.half < ends
            assert not (over and abs(mark.y - label.y) < 21), f"{label.name} lies under a mark"
    # The control: drawn for a wide screen, the same points stand nearer than a finger is wide.
    assert len(charts.render((45.94, 6.63), 30, near).marks) >= len(drawing.marks)
