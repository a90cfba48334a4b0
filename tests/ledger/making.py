"""A small published ledger for tests: keeper's folder, tiles, keys that are no secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from serment.ledger.note import COSIGNATURE, Signature, Signer, parse_lines
from serment.ledger.publish import Begun, LeavesFrom, Publisher
from serment.ledger.tiling import Site
from tests.ledger import oracle

ORIGIN = "rdv.example.fr/ledger/drill"
KEY = Signer(ORIGIN, bytes(31) + b"\x01")
WITNESS = Signer("temoin.example.org/w1", bytes(31) + b"\x02", COSIGNATURE)
OTHER_WITNESS = Signer("temoin.example.net/w2", bytes(31) + b"\x03", COSIGNATURE)
NOW = 1_790_000_000


def from_list(entries: list[bytes]) -> LeavesFrom:
    """A segment's commitments, held in a list."""

    def leaves(start: int) -> Iterator[bytes]:
        return iter(entries[start:])

    return leaves


@dataclass
class Made:
    """One ledger on disk."""

    folder: Path
    entries: list[bytes] = field(default_factory=list)

    @property
    def inbox(self) -> Path:
        """The keeper's public folder."""
        return self.folder / "public"

    @property
    def site(self) -> Site:
        """The folder that readers see."""
        return Site(self.folder / "site", KEY.verifier)

    def publisher(self, *, whole: bool = False) -> Publisher:
        """The keeper's side, opened anew."""
        return Publisher(self.inbox, KEY, from_list(self.entries), Begun() if whole else None)

    def grow(self, count: int, *witnesses: Signer) -> None:
        """Add commitments, publish, tile, have them cosigned, announce."""
        added = oracle.entries(len(self.entries) + count)[len(self.entries) :]
        publisher = self.publisher()
        self.entries += added
        publisher.publish(added)
        publisher.close()
        signed = self.site.build(self.inbox)
        assert signed is not None
        self.site.announce(signed, cosignatures(signed.note.text, *witnesses))


def cosignatures(text: bytes, *witnesses: Signer) -> tuple[Signature, ...]:
    """What witnesses answer."""
    return parse_lines("".join(one.line(text, NOW) for one in witnesses)) if witnesses else ()
