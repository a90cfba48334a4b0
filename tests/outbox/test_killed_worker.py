"""``kill -9`` of a worker while it hands over: nothing is lost, and nobody is written to twice
unknown."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.conf import settings

from serment.directory import tenancy
from serment.outbox.models import HandOver, Message, State
from tests.outbox.conftest import LATER, Booked, Sink

pytestmark = pytest.mark.django_db(transaction=True)
VISITS = 90
AT_RISK = 10
"""Of batches of twenty: two of them are on their way at once."""
_SECONDS_MAX = 60.0
_ROUND = timedelta(hours=3)
"""Longer than the first four back-offs: the next round takes up what the killed one claimed."""
_WORKER = """
import sys
from datetime import UTC, datetime
from uuid import UUID
import django
django.setup()
from django.conf import settings
from serment.outbox import delivery, handing, registry
house, now, port, at_risk, forgetful = sys.argv[1:]
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(port)
facts = registry.Facts(datetime(2027, 3, 2, 13, 20, tzinfo=UTC), "Europe/Paris", "Dr Lemoine")
registry.register("confirmation", lambda record: facts)
delivery._BATCH, handing.AT_RISK_MAX = 20, int(at_risk)
if forgetful == "forgetful":
    handing._begin = lambda *all_of_it: {}
delivery.send_due_of(UUID(house), datetime.fromisoformat(now))
"""


def _round(house: UUID, now: datetime, port: int, *, forgetful: bool) -> subprocess.Popen[bytes]:
    how = "forgetful" if forgetful else "durable"
    told = [str(house), now.isoformat(), str(port), str(AT_RISK), how]
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER, *told],
        # The keeper that signed its tickets, whichever the tests before it spoke to.
        env=os.environ
        | {
            "SERMENT_DATABASE_ROLE": "serment_worker",
            "SERMENT_KEEPER_SOCKET": str(settings.KEEPER_SOCKET),
        },
    )


def _kill_at(count: int, worker: subprocess.Popen[bytes], smtp: Sink) -> None:
    """No warning: as the kernel does it where memory has run out."""
    until = time.monotonic() + _SECONDS_MAX
    while len(smtp.taken) < count and worker.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    assert worker.poll() is None, "it ended before it was killed"
    worker.kill()
    worker.wait()


def _killed_often(house: UUID, smtp: Sink, port: int, *, forgetful: bool) -> None:
    """Killed before the first mail is through, in the middle of a part, and behind it."""
    for turn, count in enumerate((1, 17, 40, 71)):
        worker = _round(house, LATER + turn * _ROUND, port, forgetful=forgetful)
        _kill_at(count, worker, smtp)
        assert _under_way(house) <= (turn + 1) * AT_RISK
    last = _round(house, LATER + 5 * _ROUND, port, forgetful=forgetful)
    assert last.wait(_SECONDS_MAX) == 0


def _under_way(house: UUID) -> int:
    with tenancy.inside(tenant=house):
        return HandOver.objects.filter(state=HandOver.State.UNDER_WAY).count()


def _unknown_twice(house: UUID, smtp: Sink) -> set[str]:
    """Message-IDs that came twice, and of which no row says that they may have."""
    came = Counter(str(one["Message-ID"]).strip("<>").partition("@")[0] for one in smtp.taken)
    with tenancy.inside(tenant=house):
        marked = set(
            HandOver.objects.filter(possibly_twice=True).values_list("reference", flat=True)
        )
    return {name for name, times in came.items() if times > 1} - marked


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_worker_killed_four_times_loses_nobody_and_whoever_may_read_twice_is_told_of(
    smtp: Sink, book: Booked, establishment: UUID, forgetful: bool
) -> None:
    """The control: a worker that writes nothing down before it hands over doubles unknown."""
    for one in range(VISITS):
        book(f"p{one}@exemple.fr")
    _killed_often(establishment, smtp, settings.EMAIL_PORT, forgetful=forgetful)
    assert set(smtp.recipients) == {f"p{one}@exemple.fr" for one in range(VISITS)}
    with tenancy.inside(tenant=establishment):
        states = set(Message.objects.values_list("state", flat=True))
        in_doubt = HandOver.objects.filter(possibly_twice=True).count()
    assert states == {State.SENT}
    assert bool(_unknown_twice(establishment, smtp)) == forgetful
    assert in_doubt <= 4 * AT_RISK
