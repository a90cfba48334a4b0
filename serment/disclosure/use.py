"""What is still used though nobody asks for it any more, and what goes with time.

Errors as of the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from serment.disclosure.gate import WORKER
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.keeper import wire
from serment.keeper.forgetting import ForgetAsk
from serment.keeper.in_use import InUseAsk


def in_use(accounts: Sequence[UUID]) -> set[UUID]:
    """Those of at most 200: somebody is cared for, or acted for. Recorded, for each asked."""
    asked = InUseAsk([one.bytes for one in accounts])
    answer = ask("in_use", WORKER, wire.Ids, asked, purpose=Purpose.ADMINISTRATION)
    return {UUID(bytes=one) for one in answer.ids}


def forget_visits(establishment: UUID, visits: Sequence[UUID]) -> set[UUID]:
    """Those of at most 200 long over whose rows may be deleted. Recorded, for each forgotten."""
    asked = ForgetAsk([one.bytes for one in visits])
    answer = ask(
        "forget_visits", WORKER, wire.Ids, asked,
        purpose=Purpose.ADMINISTRATION, tenant=establishment,
    )  # fmt: skip
    return {UUID(bytes=one) for one in answer.ids}
