"""Signed notes and checkpoints: the published examples verify, anything looser is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serment.ledger import checkpoint, note
from serment.ledger.checkpoint import Checkpoint
from serment.ledger.note import (
    COSIGNATURE,
    KeyUnusable,
    NoteUnusable,
    SignatureWrong,
    Signer,
    Verifier,
)
from tests.ledger.making import KEY, NOW, ORIGIN, OTHER_WITNESS, WITNESS

# From the documentation of golang.org/x/mod/sumdb/note.
NEUMANN = Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
QUOTED = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
    "Zb6KE6RyyBwJnAM=\n"
).encode()
# The checkpoint of c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature; no public key is given.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q"
    "1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
    "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()
ROOT = bytes(range(32))


def test_the_go_implementations_example_verifies() -> None:
    assert note.parse(QUOTED).check([NEUMANN]) == {NEUMANN: None}
    with pytest.raises(SignatureWrong):
        note.parse(QUOTED.replace(b"know", b"knew")).check([NEUMANN])


def test_the_specifications_example_is_read_as_it_says() -> None:
    taken = note.parse(SOFA)
    assert taken.encode() == SOFA
    read = Checkpoint.parse(taken.text)
    assert (read.origin, read.size, read.text()) == (
        "example.com/behind-the-sofa", 20852163, taken.text,
    )  # fmt: skip
    assert [one.name for one in taken.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    # 1679315147 is the time that the specification shows for this cosignature.
    assert int.from_bytes(taken.signatures[1].signature[:8], "big") == 1679315147


def test_keys_are_read_back_and_a_mistyped_one_is_refused() -> None:
    for signer in (KEY, WITNESS):
        assert Verifier.parse(signer.verifier.text) == signer.verifier
    whole = KEY.verifier.text
    for wrong in (
        whole.replace("rdv", "rvd"), whole[:-2] + "A=", whole.replace("+", " "), "", "a+b",
        whole.replace("+", "+0", 1), f"{ORIGIN}+00000000+AQ==",
    ):  # fmt: skip
        with pytest.raises(KeyUnusable):
            Verifier.parse(wrong)


SIGNED = note.sign(b"one\n\ntwo\n", [KEY])


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"\n\n", b"text\n", SIGNED[:-1], SIGNED + b"x", SIGNED + b"\n",
        SIGNED.replace(b"one", b"o\x00e"), SIGNED.replace(b"one", b"o\re"),
        SIGNED.replace(b"one", b"\xff"), SIGNED.replace("— ".encode(), b"- "),
        SIGNED.replace(b"=\n", b"\n"), SIGNED.replace(b"/drill ", b"/drill  "),
        SIGNED.replace(b"/drill ", b"/drill\xc2\xa0 "), SIGNED + "— a AAAAAA==\n".encode(),
        b"x" * 70_000 + SIGNED,
        SIGNED + "— a AAAAAAA=\n".encode() * 80,
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_note_is_refused(wrong: bytes) -> None:
    with pytest.raises(NoteUnusable):
        note.parse(wrong)


def test_the_text_ends_at_the_last_empty_line() -> None:
    assert note.parse(SIGNED).text == b"one\n\ntwo\n"
    assert note.parse(SIGNED).check([KEY.verifier]) == {KEY.verifier: None}


def test_base64_has_one_spelling_only() -> None:
    """Negative control: the usual decoder takes both spellings for the same signature."""
    spelt, other = "AAAAAAE=", "AAAAAAF="
    assert base64.b64decode(spelt) == base64.b64decode(other)
    assert note.decode_base64(spelt) == b"\0\0\0\0\1"
    with pytest.raises(NoteUnusable):
        note.decode_base64(other)


def test_unknown_signers_are_ignored_and_do_not_count() -> None:
    stranger = Signer(ORIGIN, bytes(32))
    made = checkpoint.sign(Checkpoint(ORIGIN, 3, ROOT), KEY)
    with_stranger = note.parse(made).with_lines(
        note.parse_lines(stranger.line(Checkpoint(ORIGIN, 3, ROOT).text()))
    )
    opened = checkpoint.open_signed(with_stranger, [KEY.verifier])
    assert opened.checkpoint == Checkpoint(ORIGIN, 3, ROOT)
    only = note.sign(Checkpoint(ORIGIN, 3, ROOT).text(), [stranger])
    with pytest.raises(SignatureWrong):
        checkpoint.open_signed(only, [KEY.verifier])


def test_one_false_signature_of_a_known_key_spoils_the_note() -> None:
    text = Checkpoint(ORIGIN, 3, ROOT).text()
    false = WITNESS.line(text + b"x", NOW)
    spoilt = note.parse(note.sign(text, [KEY])).with_lines(note.parse_lines(false))
    assert checkpoint.open_signed(spoilt, [KEY.verifier]).cosigned == {}
    with pytest.raises(SignatureWrong):
        checkpoint.open_signed(spoilt, [KEY.verifier], [WITNESS.verifier])


def test_cosignatures_carry_their_time_and_replace_an_older_one() -> None:
    text = Checkpoint(ORIGIN, 3, ROOT).text()
    once = note.parse(note.sign(text, [KEY])).with_lines(
        note.parse_lines(WITNESS.line(text, NOW) + OTHER_WITNESS.line(text, NOW))
    )
    twice = once.with_lines(note.parse_lines(WITNESS.line(text, NOW + 60)))
    keys = [WITNESS.verifier, OTHER_WITNESS.verifier]
    opened = checkpoint.open_signed(twice.encode(), [KEY.verifier], keys)
    assert opened.cosigned == {WITNESS.verifier: NOW + 60, OTHER_WITNESS.verifier: NOW}
    assert len(twice.signatures) == 3


def test_a_logs_key_does_not_pass_for_a_witness_nor_the_other_way_round() -> None:
    seed = bytes(31) + b"\x09"
    as_log, as_witness = Signer(ORIGIN, seed), Signer(ORIGIN, seed, COSIGNATURE)
    text = Checkpoint(ORIGIN, 3, ROOT).text()
    cosigned = note.parse(text + b"\n" + as_witness.line(text, NOW).encode())
    with pytest.raises(SignatureWrong):
        checkpoint.open_signed(cosigned, [as_log.verifier], [as_witness.verifier])
    with pytest.raises(SignatureWrong):
        checkpoint.open_signed(cosigned, [as_witness.verifier])


@pytest.mark.parametrize(
    "text",
    [
        b"", b"a\n1\n", b"a\n01\nAAAA\n", b"a\n-1\n", b"\n1\n" + b"A" * 44 + b"\n",
        b"a\n1\nAAAA\n", b"a\n+1\n" + b"A" * 43 + b"=\n", b"a\n1 \n" + b"A" * 43 + b"=\n",
        b"a\n9223372036854775808\n" + b"A" * 43 + b"=\n", b"a\n1\n" + b"A" * 43 + b"=\n\nx\n",
        b"a\n1\n" + b"A" * 43 + b"=", "a\n١\n".encode() + b"A" * 43 + b"=\n",
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_checkpoint_is_refused(text: bytes) -> None:
    with pytest.raises(NoteUnusable):
        Checkpoint.parse(text)


def test_extension_lines_are_kept() -> None:
    text = b"a\n0\n" + b"A" * 43 + b"=\nmore\nand more\n"
    read = Checkpoint.parse(text)
    assert read.extensions == ("more", "and more")
    assert read.text() == text


def test_a_throw_away_instance_never_passes_for_a_real_one() -> None:
    assert checkpoint.origin_of("rdv.example.fr/ledger", drill=True) == ORIGIN
    assert checkpoint.origin_of(ORIGIN, drill=False) == "rdv.example.fr/ledger"
    assert Checkpoint(ORIGIN, 0, ROOT).is_drill
    with pytest.raises(KeyUnusable):
        checkpoint.origin_of("two words", drill=True)


@given(st.binary(max_size=300))
def test_no_bytes_bring_the_reader_down(data: bytes) -> None:
    for made in (data, SOFA[: len(data)] + data, data + SOFA[len(data) :]):
        try:
            Checkpoint.parse(note.parse(made).text)
        except NoteUnusable:
            continue
