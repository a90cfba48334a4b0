"""Only the reader's own account is “you”."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from serment.disclosure.told import Disclosure
from serment.ids import new_id
from serment.web.patient.opened_told import is_own


def test_another_patients_account_is_not_the_reader() -> None:
    me = new_id()
    row = Disclosure(
        1, datetime.now(UTC), "read", "patient", me, "", None, "self", ("phone",), "web", "web-1",
        "s", "claimed", me, me, "account", (),
    )  # fmt: skip
    assert is_own(row, me)
    assert not is_own(replace(row, actor_id=new_id()), me)
    assert not is_own(replace(row, actor_kind="staff"), me)
