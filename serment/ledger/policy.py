"""Whose word is enough: logs, witnesses, groups and a quorum in one file (c2sp.org/tlog-policy)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from serment.errors import Unusable
from serment.ledger.note import COSIGNATURE, ED25519, Verifier

POLICY_BYTES_MAX: Final = 1 << 18
NONE: Final = "none"


class PolicyUnusable(Unusable):
    """The policy file cannot be used."""


@dataclass(frozen=True, slots=True)
class Party:
    """A log or witness, and where it answers ("" where the file does not say)."""

    verifier: Verifier
    url: str


@dataclass(slots=True)
class Policy:
    """A policy file's contents."""

    logs: list[Party] = field(default_factory=list)
    witnesses: dict[str, Party] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    def log_keys(self) -> list[Verifier]:
        """Keys of every log."""
        return [one.verifier for one in self.logs]

    def witness_keys(self) -> list[Verifier]:
        """Keys of every witness."""
        return [one.verifier for one in self.witnesses.values()]

    def is_met_by(self, cosigners: Collection[Verifier]) -> bool:
        """Whether these cosigners make the quorum."""
        return self.quorum == NONE or self._witnessed(self.quorum, cosigners)

    def _witnessed(self, name: str, cosigners: Collection[Verifier]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].verifier in cosigners
        needed, members = self.groups[name]
        return sum(self._witnessed(one, cosigners) for one in members) >= needed


def parse(data: bytes) -> Policy:
    """Read a policy file. Raises PolicyUnusable with the line that is wrong, or KeyUnusable."""
    if len(data) > POLICY_BYTES_MAX or any(byte < 32 and byte not in b"\t\n" for byte in data):
        raise PolicyUnusable
    if b"\x7f" in data:
        raise PolicyUnusable
    reading = _Reading()
    for number, line in enumerate(data.split(b"\n"), 1):
        # Names are opaque octets by the specification; latin-1 keeps each as one character.
        words = [word.decode("latin-1") for word in line.replace(b"\t", b" ").split(b" ") if word]
        if not words or words[0].startswith("#"):
            continue
        if not reading.take(words):
            raise PolicyUnusable(f"Line {number} of the policy file cannot be used.")
    if not reading.policy.quorum:
        raise PolicyUnusable("A policy file has exactly one line that starts with quorum.")
    return reading.policy


class _Reading:
    """A policy file while it is read: names are known only to the lines below."""

    def __init__(self) -> None:
        self.policy = Policy()
        self._members: set[str] = set()

    def take(self, words: list[str]) -> bool:
        """Take one line's words; False for a line that does not fit."""
        keyword, *rest = words
        if keyword == "log":
            return self._log(rest)
        if keyword == "witness":
            return self._witness(rest)
        if keyword == "group":
            return self._group(rest)
        return keyword == "quorum" and self._quorum(rest)

    def _log(self, words: list[str]) -> bool:
        if len(words) not in (1, 2):
            return False
        verifier = _key(words[0])
        known = {one.verifier.public for one in self.policy.logs}
        self.policy.logs.append(Party(verifier, "".join(words[1:])))
        return verifier.kind == ED25519 and verifier.public not in known

    def _witness(self, words: list[str]) -> bool:
        if len(words) not in (2, 3) or not self._is_free(words[0]):
            return False
        verifier = _key(words[1])
        known = {one.verifier.public for one in self.policy.witnesses.values()}
        self.policy.witnesses[words[0]] = Party(verifier, "".join(words[2:]))
        return verifier.kind == COSIGNATURE and verifier.public not in known

    def _group(self, words: list[str]) -> bool:
        if len(words) < 3 or not self._is_free(words[0]):
            return False
        name, rule, *members = words
        if len(set(members)) != len(members) or self._members & set(members):
            return False
        if not all(self._is_known(one) for one in members):
            return False
        counts = {"any": 1, "all": len(members)}
        if rule not in counts and not (rule.isascii() and rule.isdecimal()):
            return False
        needed = counts.get(rule) or int(rule[:9])
        self._members |= set(members)
        self.policy.groups[name] = (needed, tuple(members))
        return 1 <= needed <= len(members)

    def _quorum(self, words: list[str]) -> bool:
        if len(words) != 1 or self.policy.quorum:
            return False
        self.policy.quorum = words[0]
        return words[0] == NONE or self._is_known(words[0])

    def _is_known(self, name: str) -> bool:
        return name in self.policy.witnesses or name in self.policy.groups

    def _is_free(self, name: str) -> bool:
        return name != NONE and not self._is_known(name)


def _key(word: str) -> Verifier:
    try:
        return Verifier.parse(word.encode("latin-1").decode("utf-8"))
    except UnicodeDecodeError as wrong:
        raise PolicyUnusable from wrong
