"""Many errands in one request: each under its own ticket, on its own record, refused alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from serment.disclosure import SYSTEM, NotYours, Purpose, by_tickets, gate
from serment.disclosure.by_tickets import Opening
from serment.disclosure.line import ask
from serment.errors import Refused
from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.by_tickets import PART_BYTES_MAX, ByTicket, ByTicketsAnswer, ByTicketsAsk
from tests.keeper.running import make_appointment, make_file, staff_of

pytestmark = pytest.mark.usefixtures("own_keeper")


def test_each_part_opens_by_its_own_ticket_and_one_refused_keeps_nothing_from_the_others() -> None:
    """The control: the same ticket on its own person opens."""
    here, now = new_id(), datetime.now(UTC)
    hour, desk = timedelta(hours=1), staff_of(here)
    files = [make_file(here, email=f"p{number}@exemple.fr") for number in range(3)]
    visits = [make_appointment(here, file.pk) for file in files]
    tickets = [
        gate.errand(desk, one.pk, ["patient.email"], Purpose.MESSAGE, now - hour, now + hour)
        for one in visits
    ]
    behind = by_tickets.files_behind(
        [(tickets[0], visits[0].pk), (tickets[1], visits[0].pk), (tickets[2], visits[2].pk)],
        Purpose.MESSAGE,
    )
    assert (behind[0], behind[2]) == (files[0].pk, files[2].pk)
    assert isinstance(behind[1], NotYours)
    before = {file.pk: len(gate.history(desk, file.pk)) for file in files}
    opened = by_tickets.reveal(
        [
            Opening(tickets[0], files[0], "email", "smtp:a"),
            Opening(tickets[0], files[1], "email", "smtp:a"),
            Opening(tickets[2], files[2], "family_name"),
            Opening(tickets[2], files[2], "email", "ovhcloud"),
        ],
        Purpose.MESSAGE,
    )
    assert (opened[0], opened[3]) == ("p0@exemple.fr", "p2@exemple.fr")
    assert all(isinstance(one, Refused) for one in opened[1:3])
    more = [len(gate.history(desk, file.pk)) - before[file.pk] for file in files]
    assert more == [1, 0, 1]  # nothing of what was refused
    assert by_tickets.reveal([Opening(tickets[1], files[1], "email")], Purpose.MESSAGE) == [
        "p1@exemple.fr"
    ]
    assert isinstance(
        by_tickets.reveal([Opening(tickets[1], files[1], "email")], Purpose.EXPORT)[0], Refused
    )


@pytest.mark.parametrize(
    "part",
    [
        ByTicket("find", b"t"),
        ByTicket("files_behind", b"t", "ovhcloud"),
        ByTicket("reveal", b"t", body=wire.raw(wire.TextAsk("x" * PART_BYTES_MAX))),
        ByTicket("reveal", b""),
    ],
)
def test_what_is_no_part_is_refused_whole_and_nobody_but_the_worker_asks(part: ByTicket) -> None:
    asked = ByTicketsAsk([part])
    for who in (gate.WORKER, staff_of(new_id()), SYSTEM):
        with pytest.raises(Refused):
            ask("by_tickets", who, ByTicketsAnswer, asked, purpose=Purpose.MESSAGE)
