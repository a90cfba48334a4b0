"""A grant is good after two different people saw the same digest, until it ends. Pure."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from serment.keeper.policy.grants import SOLO_DELAY_US, Approval, Grant, GrantKind, digest_of

END = 10**15
ONE, OTHER = b"1" * 16, b"2" * 16
NONCE = b"n" * 16


def a_grant(**changes: object) -> Grant:
    grant = Grant(
        GrantKind.BULK, b"e" * 16, "export", ["patient.email"], ONE, 0, END, count=1,
        digest=b"d" * 32,
    )  # fmt: skip
    return msgspec.structs.replace(grant, **changes)


def approved(grant: Grant, *people: bytes, at: int = 5) -> Grant:
    for who in people:
        grant = grant.approved_by(Approval(who, at, "claimed"))
    return grant


@given(st.lists(st.sampled_from([ONE, OTHER, b"3" * 16])))
def test_good_needs_two_different_people(people: list[bytes]) -> None:
    assert approved(a_grant(), *people).good(10, solo=False) == (len(set(people)) >= 2)


def test_one_person_twice_would_be_enough_if_people_were_not_told_apart() -> None:
    """The control: counting signatures instead of people."""
    grant = a_grant(approvals=[Approval(ONE, 1, "claimed"), Approval(ONE, 2, "claimed")])
    assert grant.good(10, solo=False)
    assert not approved(a_grant(), ONE, ONE).good(10, solo=False)


def test_an_open_revoked_or_ended_grant_allows_nothing() -> None:
    full = approved(a_grant(), ONE, OTHER)
    assert full.good(END, solo=False)
    assert not full.good(END + 1, solo=False)
    assert not msgspec.structs.replace(full, digest=b"").good(10, solo=False)
    assert not msgspec.structs.replace(full, revoked=True).good(10, solo=False)


def test_a_solo_practice_waits_72_hours() -> None:
    grant = approved(a_grant(), ONE, at=5)
    assert not grant.good(5 + SOLO_DELAY_US - 1, solo=True)
    assert grant.good(5 + SOLO_DELAY_US, solo=True)
    assert not grant.good(5 + SOLO_DELAY_US, solo=False)


@given(st.lists(st.binary(min_size=16, max_size=16), unique=True, max_size=20))
def test_the_digest_is_of_the_set_and_of_everything_allowed(subjects: list[bytes]) -> None:
    grant = a_grant()
    digest = digest_of(grant, subjects, NONCE)
    assert digest == digest_of(grant, reversed(subjects), NONCE)
    assert digest != digest_of(grant, [*subjects, b"x" * 16], NONCE)
    assert digest != digest_of(grant, subjects, b"o" * 16), "another proposal of the same"
    for changed in (
        a_grant(purpose="incident"), a_grant(fields=["patient.phone"]), a_grant(not_after=END - 1),
        a_grant(kind=GrantKind.ERASE), a_grant(target=b"t" * 16), a_grant(factor=2),
        a_grant(establishment=b"f" * 16), a_grant(by=b"o" * 16), a_grant(at=1), a_grant(role="x"),
    ):  # fmt: skip
        assert digest_of(changed, subjects, NONCE) != digest
