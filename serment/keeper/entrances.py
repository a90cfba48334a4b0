"""The keeper's sockets, one for each kind of process: who may come in, and what may be asked there.

Which users are let in the kernel vouches for; what they may ask is what this kind of process is
for, whatever a request says of itself. ``operator`` is the entrance of whoever works at the shell:
commands, the supervisor, set-up. ``web`` and ``worker`` are for the programs of that name. Where
all run as one user, any of its processes reaches all three: the bounds then hold for programs that
keep to their own entrance, and for no thief (docs/decisions/0010).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import Final

from serment.keeper.house import NOBODY, NoAccess
from serment.keeper.rights import ASKS
from serment.keeper.wire import Request
from serment.keeper.words import OWN_DOORS


class Entrance(StrEnum):
    """What a socket is for."""

    OPERATOR = "operator"
    WEB = "web"
    WORKER = "worker"


_FIGURES: Final = frozenset({"hello", "stats"})
"""Without a person in them: any program's probe may ask, as the operator too."""

PASSES: Final[Mapping[Entrance, Mapping[str, frozenset[str]]]] = {
    Entrance.OPERATOR: ASKS,
    Entrance.WEB: {
        "patient": ASKS["patient"],
        "staff": ASKS["staff"],
        "partner": ASKS["partner"],
        "system": frozenset(
            {
                "hello",
                "alias",
                "close_session",
                "seal",
                "seal_by_ticket",
                "delete",
                "challenge",
                "assert",
            }
        ),
        "operator": _FIGURES,
    },
    Entrance.WORKER: {
        "worker": ASKS["worker"],
        "system": frozenset({"hello", "alias", "delete"}),
        "operator": _FIGURES,
    },
}
"""Of what a kind of actor may ask (``rights.ASKS``), what may be asked at each entrance.

As Serment itself the pages seal what is no establishment's (messages of sign-in) or what a ticket
lets them, and carry what passkeys sign, nothing else; imports and set-up run at the shell.
"""

_RESERVED: Final = OWN_DOORS | {"", "keeper", "supervisor"}


@dataclass(frozen=True, slots=True)
class Place:
    """One socket: what it is for, where it lies, and the users who may come in."""

    entrance: Entrance
    path: Path
    users: frozenset[int]

    @property
    def mode(self) -> int:
        """Whom the file lets connect. Where another user is named, everybody: connecting needs
        the right to write, and who is answered the kernel's word decides."""
        return 0o600 if self.users <= {os.getuid()} else 0o666


def may_pass(entrance: Entrance, ask: Request) -> None:
    """NoAccess for what is not asked by this entrance, whoever it claims to be."""
    if ask.op not in PASSES[entrance].get(ask.actor.kind, ()):
        raise NoAccess
    if entrance is not Entrance.WEB:
        return
    if ask.actor.kind == "system" and ask.op == "seal" and ask.tenant not in (None, NOBODY):
        raise NoAccess


def sign(entrance: Entrance, ask: Request, pid: int) -> None:
    """Put the keeper's own word where the request says which process and which program asks.

    A partner's client id stays: the pages take in partners and name them.
    """
    ask.process = f"{entrance}-{pid}"
    ours = ask.client in _RESERVED or entrance is Entrance.WORKER
    if ours and entrance is not Entrance.OPERATOR:
        ask.client = entrance


def isolated(places: Iterable[Place]) -> bool:
    """Has every kind of process users of its own, and pages and worker other ones than the keeper?

    The operator may be the keeper's own user.
    """
    users = {place.entrance: place.users for place in places}
    if set(users) != set(Entrance):
        return False
    users[Entrance.OPERATOR] |= {os.getuid()}
    return not any(one & other for one, other in combinations(users.values(), 2))
