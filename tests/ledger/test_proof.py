"""Receipts verify offline, in their published form, and no altered one does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from serment.errors import SermentError
from serment.ledger import note, proof, tree
from serment.ledger.checkpoint import Checkpoint, open_signed, sign
from serment.ledger.note import NoteUnusable, SignatureWrong
from serment.ledger.proof import Proof
from serment.ledger.tree import ProofWrong
from tests.ledger import oracle
from tests.ledger.making import KEY, NOW, ORIGIN, OTHER_WITNESS, WITNESS, Made

KEYS = [KEY.verifier]
WITNESSES = [WITNESS.verifier, OTHER_WITNESS.verifier]


@pytest.fixture
def receipt(tmp_path: Path) -> Proof:
    made = Made(tmp_path)
    made.grow(300, WITNESS, OTHER_WITNESS)
    signed = open_signed(made.site.folder.joinpath("checkpoint").read_bytes(), KEYS, WITNESSES)
    return proof.make(123, made.entries[123], signed, made.site.reader(300))


def test_a_receipt_is_read_back_and_checked_without_the_ledger(receipt: Proof) -> None:
    again = Proof.parse(receipt.encode())
    assert again == receipt
    assert again.encode().startswith(b"c2sp.org/tlog-proof@v1\nextra ")
    signed = again.check(again.commitment(), KEYS, WITNESSES)
    assert (signed.checkpoint.size, signed.cosigned) == (300, dict.fromkeys(WITNESSES, NOW))


def test_a_receipt_proves_its_own_entry_only(receipt: Proof) -> None:
    with pytest.raises(ProofWrong):
        receipt.check(oracle.entries(300)[124], KEYS)
    with pytest.raises(SignatureWrong):
        receipt.check(receipt.commitment(), [WITNESS.verifier])
    bare = Proof(receipt.index, receipt.hashes, receipt.note)
    assert Proof.parse(bare.encode()) == bare
    with pytest.raises(ProofWrong, match="name the entry"):
        bare.commitment()


def test_no_flipped_bit_of_a_receipt_passes(receipt: Proof) -> None:
    data, entry = receipt.encode(), receipt.commitment()
    extra = data.index(b"\n", data.index(b"extra")) if receipt.extra else 0
    witnesses = data.index("— temoin".encode())
    for bit in random.Random(3).sample(range(len(data) * 8), 1500):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        try:
            found = Proof.parse(bytes(altered)).check(entry, KEYS, WITNESSES)
        except SermentError:
            continue
        # What is not authenticated: the carried copy of the entry, and lines of other signers.
        assert bit // 8 < extra or (bit // 8 >= witnesses and len(found.cosigned) < 2)


def test_a_receipt_cut_anywhere_does_not_pass(receipt: Proof) -> None:
    data, entry = receipt.encode(), receipt.commitment()
    witnesses = data.index("— temoin".encode())
    for length in range(len(data)):
        try:
            Proof.parse(data[:length]).check(entry, KEYS, WITNESSES)
        except SermentError:
            continue
        assert length >= witnesses, "only a whole witness's line may be missing"


@pytest.mark.parametrize(
    "head",
    [
        "c2sp.org/tlog-proof@v2\nindex 0\n", "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\nindex 00\n", "c2sp.org/tlog-proof@v1\nindex -1\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n",
        "c2sp.org/tlog-proof@v1\nextra AAE\nindex 0\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n", "index 0\n", "",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + note.encode_base64(bytes(32)) * 2 + "\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + (note.encode_base64(bytes(32)) + "\n") * 64,
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_receipt_is_refused(head: str) -> None:
    signed = sign(Checkpoint(ORIGIN, 1, bytes(32)), KEY)
    with pytest.raises(NoteUnusable):
        Proof.parse(head.encode() + b"\n" + signed)


def test_a_receipt_of_a_million_entries_stays_below_3_kb() -> None:
    size = 2**20
    head = Checkpoint(ORIGIN, size, bytes(32))
    text = head.text()
    lines = "".join(one.line(text, NOW) for one in (WITNESS, OTHER_WITNESS))
    signed = note.parse(sign(head, KEY) + lines.encode())
    hashes = tree.inclusion_proof(12345, size, lambda height, index: bytes(32))
    assert len(hashes) == 20
    assert len(Proof(12345, tuple(hashes), signed, bytes(32)).encode()) < 3_000
