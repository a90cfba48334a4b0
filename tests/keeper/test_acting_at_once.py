"""An offer to act for somebody serves one account, also where several accept at one moment."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from serment.disclosure import Actor, NotYours, acting
from serment.ids import new_id
from tests.keeper.running import patient_of
from tests.keeper.test_acting import Person, sees

pytestmark = pytest.mark.usefixtures("own_keeper")
AT_ONCE = 6


def _accept_at_once(many: list[Actor], token: bytes) -> None:
    begin = threading.Barrier(len(many))

    def accept(who: Actor) -> None:
        begin.wait()
        with suppress(NotYours):
            acting.accept(who, token)

    threads = [threading.Thread(target=accept, args=(who,)) for who in many]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_those_who_accept_at_once_one_acts() -> None:
    for _round in range(3):
        monique = Person(new_id())
        until = datetime.now(UTC) + timedelta(days=7)
        token = acting.offer(
            monique.actor, monique.account.pk, "helper", {"appointments"}, new_id(), None, until
        )
        many = [patient_of(new_id()) for _ in range(AT_ONCE)]
        _accept_at_once(many, token)
        assert sum(sees(who, monique) for who in many) == 1
