"""The plain verifier says what ``cryptography`` says, on good signatures and on twisted ones."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from serment.ledger import ed25519
from serment.ledger.ed25519 import verify, verify_plainly

ORDER = 2**252 + 27742317777372353535851937790883648493
# RFC 8032, section 7.1: public key, message, signature.
PUBLISHED = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]
BOTH = pytest.mark.parametrize("check", [verify, verify_plainly], ids=["library", "plain"])


def test_the_library_is_used_where_it_is_installed() -> None:
    assert ed25519.verify is not verify_plainly


@BOTH
@pytest.mark.parametrize(("public", "message", "signature"), PUBLISHED)
def test_the_published_vectors_verify(
    check: object, public: str, message: str, signature: str
) -> None:
    assert callable(check)
    key, text, signed = (bytes.fromhex(one) for one in (public, message, signature))
    assert check(key, signed, text)
    assert not check(key, signed, text + b"x")
    assert not check(key, signed[:-1], text)
    assert not check(key, signed + b"\0", text)
    assert not check(key[:-1], signed, text)


def made(draw: random.Random) -> tuple[bytes, bytes, bytes]:
    key = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
    message = draw.randbytes(draw.randrange(100))
    return key.public_key().public_bytes_raw(), key.sign(message), message


def test_both_agree_on_good_and_on_altered_signatures() -> None:
    draw = random.Random(8)
    for _ in range(12):
        public, signature, message = made(draw)
        assert verify_plainly(public, signature, message)
        for part in range(3):
            altered = [bytearray(public), bytearray(signature), bytearray(message or b"x")]
            bit = draw.randrange(len(altered[part]) * 8)
            altered[part][bit // 8] ^= 1 << bit % 8
            ask = tuple(bytes(one) for one in altered)
            assert not verify_plainly(*ask)
            assert not verify(*ask)


@BOTH
def test_a_scalar_has_one_spelling(check: object) -> None:
    """Adding the group's order to S gives a second signature wherever it is not refused."""
    assert callable(check)
    public, signature, message = made(random.Random(9))
    scalar = int.from_bytes(signature[32:], "little")
    for wrong in (scalar + ORDER, scalar + 2 * ORDER, 2**256 - 1):
        twisted = signature[:32] + min(wrong, 2**256 - 1).to_bytes(32, "little")
        assert not check(public, twisted, message)


@BOTH
def test_keys_and_points_that_are_none_are_refused(check: object) -> None:
    assert callable(check)
    public, signature, message = made(random.Random(10))
    off_the_curve = (2).to_bytes(32, "little")
    for wrong in (off_the_curve, b"\xff" * 32):
        assert not check(wrong, signature, message)
    for wrong in (off_the_curve, b"\xff" * 32, bytes(32)):
        assert not check(public, wrong + signature[32:], message)
    assert not check(public, bytes(64), message)
    assert not check(public, signature[:32] + bytes(32), message)


def test_the_plain_one_takes_only_canonical_keys() -> None:
    """Stricter than some libraries where RFC 8032, section 5.1.3, says that decoding fails."""
    p = 2**255 - 19
    minus_zero = (1 | 1 << 255).to_bytes(32, "little")
    for wrong in ((p + 1).to_bytes(32, "little"), (p + 3).to_bytes(32, "little"), minus_zero):
        assert not verify_plainly(wrong, bytes(64), b"")


def test_a_signature_for_another_key_is_no_signature() -> None:
    draw = random.Random(11)
    (one, signature, message), (other, _, _) = made(draw), made(draw)
    assert verify_plainly(one, signature, message)
    assert not verify_plainly(other, signature, message)
