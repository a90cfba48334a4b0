"""A ticket of the desk links one file to one patient's own account, once, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.ids import new_id
from tests.keeper.running import make_file, patient_of, staff_of

pytestmark = pytest.mark.usefixtures("own_keeper")


def _ticket(desk: Actor, file: UUID, field: str = "link") -> bytes:
    now = datetime.now(UTC)
    until = now + timedelta(days=14)
    return gate.errand(desk, file, [field], Purpose.ADMINISTRATION, now, until)


def test_it_links_that_file_to_ones_own_account_once() -> None:
    here, account, other = new_id(), new_id(), new_id()
    me, file, second = patient_of(account), make_file(here), make_file(here)
    desk = staff_of(here)
    ticket = _ticket(desk, file.pk)

    def refused(
        who: Actor, whose: UUID, what: UUID, bearing: bytes, relation: str = "self"
    ) -> None:
        with pytest.raises(NotYours):
            gate.link(who, account=whose, patient_file=what, relation=relation, ticket=bearing)

    refused(me, account, second.pk, ticket)  # another file of the house
    refused(me, other, file.pk, ticket)  # somebody else's account
    refused(me, account, file.pk, ticket, "parent")  # as somebody it does not say
    refused(me, account, file.pk, _ticket(desk, file.pk, "email"))  # a ticket for a letter
    refused(me, account, file.pk, b"\x07" * 32)
    assert gate.files_of(me, account) == []
    gate.link(me, account=account, patient_file=file.pk, ticket=ticket)  # the control
    assert gate.files_of(me, account) == [file.pk]
    thief = patient_of(other)
    refused(thief, other, file.pk, ticket)
    assert gate.files_of(thief, other) == []


def test_only_the_files_own_house_signs_it_and_it_opens_nothing_itself() -> None:
    here, account = new_id(), new_id()
    file = make_file(here)
    with pytest.raises(NotYours):
        _ticket(staff_of(new_id()), file.pk)
    ticket = _ticket(staff_of(here), file.pk)
    with pytest.raises(NotYours):
        gate.reveal_with_ticket(
            ticket, [file], ["family_name"], Purpose.ADMINISTRATION, patient_of(account)
        )
