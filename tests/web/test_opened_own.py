"""Only the reader's own account is “you”."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from django.utils import translation

from serment.disclosure.told import Disclosure
from serment.ids import new_id
from serment.web import field_words
from serment.web.patient.opened_told import _verb, is_own


def test_another_patients_account_is_not_the_reader() -> None:
    me = new_id()
    row = Disclosure(
        1, datetime.now(UTC), "read", "patient", me, "", None, "self", ("phone",), "web", "web-1",
        "s", "claimed", me, me, "account", (),
    )  # fmt: skip
    assert is_own(row, me)
    assert not is_own(replace(row, actor_id=new_id()), me)
    assert not is_own(replace(row, actor_kind="staff"), me)


def test_an_erasure_is_told_in_words_and_by_no_name_of_the_record() -> None:
    row = Disclosure(
        1, datetime.now(UTC), "write", "staff", new_id(), "", None, "administration", ("erased",),
        "web", "web-1", "s", "claimed", new_id(), new_id(), "patient", (),
    )  # fmt: skip
    with translation.override("fr"):
        assert _verb(row, own=False) == "a effacé votre dossier"
        assert field_words.acts(row) == ["données effacées"]
        assert field_words.word("erased") == ("Erased", False)  # what the page said
    assert field_words.chips(row) == []
