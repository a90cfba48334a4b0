"""Asks once, at the start, for what the root key's source wants: a passphrase, shares, a PIN.

The supervisor keeps the answers in its memory, so that a keeper that fell starts again by itself.
"""

from __future__ import annotations

from serment.config.environment import Environment
from serment.keeper.root_key import vault
from serment.keeper.root_key.source import ASKS, Ask, Surroundings, asking_terminal


def answers_for(env: Environment, ask: Ask = asking_terminal) -> bytes:
    """The answers, a line each, proved to open the vault; empty where nothing has to be asked.

    Raises RootKeyUnusable.
    """
    if not vault.exists(env.keys) or not isinstance(vault.source_of(env.keys), ASKS):
        return b""
    given: list[str] = []

    def asked(question: str) -> str:
        given.append(ask(question))
        return given[-1]

    vault.Vault.open(Surroundings(env.keys, env.credentials, asked))
    return "".join(f"{answer}\n" for answer in given).encode()
