"""A page shown again in the same session needs no new record, for a few minutes and no more."""

from __future__ import annotations

import time
from dataclasses import replace

from serment.disclosure import Purpose, gate, opening
from serment.disclosure.lease import Leases
from serment.ids import new_id
from tests.keeper.running import Running, make_file, staff_of

NAMES = ["family_name", "given_name"]


def test_a_lease_spares_the_record_only_for_the_same_session_purpose_and_fields(
    own_keeper: Running,
) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)

    def leaves(who, purpose: Purpose, fields: list[str]) -> int:
        before = gate.health().size
        assert gate.reveal(who, purpose, [file], fields)
        return gate.health().size - before

    assert leaves(actor, Purpose.RECEPTION, NAMES) == 1
    assert leaves(actor, Purpose.RECEPTION, NAMES) == 0
    assert leaves(actor, Purpose.RECEPTION, ["given_name"]) == 0
    assert leaves(actor, Purpose.CARE, NAMES) == 1
    assert leaves(staff_of(here), Purpose.RECEPTION, NAMES) == 1
    assert leaves(replace(actor, session="other"), Purpose.RECEPTION, NAMES) == 1
    opening.leases.clear()  # negative control: without the lease each page is a record
    assert leaves(actor, Purpose.RECEPTION, NAMES) == 1
    gate.seal(actor, Purpose.RECEPTION, file, {"given_name": "Zoé"}, subject=file.pk, tenant=here)
    assert leaves(actor, Purpose.RECEPTION, NAMES) == 1
    assert gate.reveal(actor, Purpose.RECEPTION, [file], NAMES)[file.pk]["given_name"] == "Zoé"


def test_leases_end_are_bounded_and_need_a_session() -> None:
    leases = Leases(entries_max=2)
    names = [(b"cap", "s", "care", bytes([n]), "f", b"v") for n in range(3)]
    for name in names:
        leases.put(name, (b"k", b"b"), 60)
    assert [leases.get(name) is not None for name in names] == [False, True, True]
    leases.put(names[0], (b"k", b"b"), -1)
    leases.put((b"", "", "care", b"r", "f", b"v"), (b"k", b"b"), 60)
    assert leases.get((b"", "", "care", b"r", "f", b"v")) is None
    leases.end(b"cap")
    assert leases.get(names[2]) is None
    leases.put(names[1], (b"k", b"b"), 0.000001)
    time.sleep(0.001)
    assert leases.get(names[1]) is None
