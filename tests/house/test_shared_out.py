"""Tests that share a set-up go to one process, and no other tool decides otherwise unheard."""

from __future__ import annotations

from xdist.scheduler import LoadGroupScheduling

from tests.shared_out import ROOT, group_of, rank

JOURNEY, ALONE = "tests/journeys/test_patient.py", "tests/house/test_left.py"


def test_a_group_or_a_file_stays_together() -> None:
    assert {group_of(f"{JOURNEY}::test_a[1]"), group_of("tests/dump/test_stolen.py::b")} == {"demo"}
    assert group_of(f"{ALONE}::a") == group_of(f"{ALONE}::b[x]") == ALONE
    # The control: xdist's own, to which each is alone as it is named now.
    own = LoadGroupScheduling._split_scope
    assert own(None, f"{JOURNEY}::a") != own(None, f"{JOURNEY}::b")


def test_each_file_that_names_a_group_is_read_so() -> None:
    for path in ROOT.glob("tests/**/test_*.py"):
        file = path.relative_to(ROOT).as_posix()
        if path.name != "test_shared_out.py" and "xdist_group(" in path.read_text(encoding="utf-8"):
            assert group_of(f"{file}::a") != file, file


def test_the_longest_is_begun_first_and_the_short_last() -> None:
    said = {"demo": 90, "tests/config/test_backup.py": 9, ALONE: 2, "tests/web/test_a.py": 50}
    assert sorted(said, key=lambda one: rank(one, said[one])) == [
        "demo", "tests/config/test_backup.py", "tests/web/test_a.py", ALONE,
    ]  # fmt: skip
