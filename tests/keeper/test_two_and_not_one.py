"""What two must do is done by no one person: grants widened, borrowed, used again or outlived."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import joining, reading, server, wire
from serment.keeper.erasure import ErasureState
from serment.keeper.joined import Joined
from serment.keeper.passkeys import acts as passkeys
from serment.keeper.passkeys import asks as passkey_asks
from serment.keeper.policy import asks, glass, granting, roles
from serment.keeper.policy.grants import Grant, digest_of
from serment.keeper.policy.subjects import count, subjects_of
from serment.keeper.words import DAY, WORKER_ID
from tests.apart import apart
from tests.keeper.authenticator import Authenticator
from tests.keeper.enrolled import Colleague, asserted, enrol, opened, registered, settled
from tests.keeper.inside import OPERATOR, THERE, Inside, Person, Refused, record_of, word
from tests.keeper.test_policy import approve, grant

GUARDED = pytest.mark.parametrize("guarded", [True, False])


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    keeper = Inside(tmp_path / "keeper")
    yield keeper
    keeper.crash()


def approved(
    inside: Inside, who: Person, *files: wire.RevealAsk, **more: Any
) -> tuple[bytes, bytes]:
    token, digest = grant(inside, who, *files, **more)
    assert not approve(inside, inside.staff("manager"), digest)
    assert approve(inside, inside.staff("privacy_officer"), digest)
    return token, digest


@GUARDED
def test_a_grant_is_used_by_its_house_and_by_no_patient(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: in a patient's session what claimed officers approved is slowed by
    nothing, and a colleague elsewhere opens it too."""
    if not guarded:
        monkeypatch.setattr(granting, "_may_use", lambda *_: True)
    file = inside.patient()
    token, _digest = approved(inside, inside.staff("manager"), file)
    anybody = Person(wire.ActorWire("patient", new_id().bytes), session="p")
    anybody.capability = inside.ask(
        anybody, "open_session", wire.OpenSession(1), wire.Token32
    ).token
    told = [
        word(inside, who, "reveal", file, grant=token, purpose="export")
        for who in (inside.staff(establishment=THERE), inside.staff())
    ]
    assert told == ["refused" if guarded else "", ""]
    asked = {"grant": token, "purpose": "export"}
    monkeypatch.setattr("serment.keeper.rights.PATIENT_PURPOSES", {"export"})
    assert word(inside, anybody, "reveal", file, **asked) == ("refused" if guarded else "")


@GUARDED
def test_nobody_is_added_while_the_record_of_the_closing_is_written(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: closed behind the sync, as it was, a person comes in whom the digest that
    two approve does not name."""
    if not guarded:
        monkeypatch.setitem(server.ACTS, "grant_close", _closed_late)
    manager, file, stranger = inside.staff("manager"), inside.patient(), inside.patient()
    terms = asks.ProposeAsk("bulk", "export", ["patient.family_name"], inside.house.now() + DAY)
    token = inside.ask(manager, "grant_propose", terms, wire.Token32).token
    first = asks.AddAsk(token, [record_of(file)])
    inside.ask(manager, "grant_add", first, wire.Nothing)

    async def both() -> list[wire.Reply]:
        asked = [
            wire.Request(
                id=new_id().bytes, op=op, actor=msgspec.structs.replace(manager.actor),
                capability=manager.capability, session=manager.session, body=wire.raw(body),
            )
            for op, body in (
                ("grant_close", asks.GrantAsk(token)),
                ("grant_add", asks.AddAsk(token, [record_of(stranger)])),
            )
        ]  # fmt: skip
        return await asyncio.gather(*(inside.desk.answer(one, inside.peer) for one in asked))

    assert [reply.error for reply in apart(both())] == ["", "refused" if guarded else ""]


async def _closed_late(house: Any, ask: wire.Request, peer: int) -> wire.Token32:
    token = msgspec.msgpack.decode(ask.body, type=asks.GrantAsk).grant
    tag, former = (
        granting._tag(house, token),
        granting._own(house, granting.staff_of(house, ask, peer), token),
    )
    digest = digest_of(former, subjects_of(house, tag), tag)
    closed = msgspec.structs.replace(former, count=count(house, tag), digest=digest)
    await granting._record(house, ask, peer, closed, "grant_closed")
    granting._keep(house, tag, closed)
    return wire.Token32(digest)


@GUARDED
def test_who_is_joined_after_two_approved_is_not_erased_with_them(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: one practitioner has a stranger erased by joining two files in time."""
    if not guarded:
        monkeypatch.setattr(Joined, "since", lambda *_: 0)
    clerk, doctor, file, stranger = (
        inside.staff(), inside.staff("practitioner"), inside.patient(), inside.patient()
    )  # fmt: skip
    _token, digest = approved(inside, clerk, file, kind="erase", fields=[], purpose="")
    inside.later(1_000_000)
    wanted = joining.JoinAsk(record_of(stranger), record_of(file), "join")
    assert word(inside, doctor, "join", wanted, purpose="identity") == ""
    officer, asked = inside.staff("privacy_officer"), asks.DigestAsk(digest)
    assert word(inside, officer, "grant_erase", asked) == ("grant" if guarded else "")
    tag = inside.house.store.subject_tag(record_of(stranger))
    assert inside.house.store.is_erased(tag) is not guarded
    if guarded:
        apart_again = joining.JoinAsk(record_of(stranger), record_of(file), "part")
        assert word(inside, doctor, "join", apart_again, purpose="identity") == ""
        inside.ask(officer, "grant_erase", asked, ErasureState)
        assert not inside.house.store.is_erased(tag)


def test_an_officer_does_not_choose_whom_to_read_by_asking_for_their_erasure(
    inside: Inside,
) -> None:
    """The control: another officer, who is asked to approve it, reads whose it is."""
    officer, other, file = (
        inside.staff("manager"), inside.staff("privacy_officer"), inside.patient()
    )  # fmt: skip
    grant(inside, officer, file, kind="erase", fields=[], purpose="")
    assert word(inside, officer, "reveal", file, purpose="administration") == "refused"
    assert word(inside, other, "reveal", file, purpose="administration") == ""


@GUARDED
def test_a_ticket_opens_no_more_than_the_role_of_who_signs_and_who_reads(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: a manager, who opens nobody, signs a ticket to herself; a trainee brings
    the secretary's."""
    if not guarded:
        monkeypatch.setattr(roles, "may_sign", lambda *_: True)
        monkeypatch.setattr(reading, "_must_be_for_role", lambda *_: None)
    file, now = inside.patient(), inside.house.now()
    wanted = wire.MintErrand(record_of(file), ["family_name"], "message", now, now + DAY)
    manager, desk = inside.staff("manager"), inside.staff()
    told = word(inside, manager, "errand", wanted)
    assert told == ("refused" if guarded else "")
    ticket = inside.ask(desk, "errand", wanted, wire.Token32).token
    told = word(inside, manager, "reveal", file, purpose="message", errand=ticket)
    assert told == ("refused" if guarded else "")
    link = wire.MintErrand(record_of(file), ["link"], "administration", now, now + DAY)
    assert word(inside, manager, "errand", link) == ("refused" if guarded else "")


@GUARDED
def test_a_role_that_two_gave_is_given_once_by_a_first_key_too(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: not used up, whoever was an officer once is made one again by one."""
    if not guarded:
        monkeypatch.setattr(passkeys, "use_up", lambda *_: None)
    opened(inside)
    one, other = settled(inside, "manager"), settled(inside, "privacy_officer")
    one.who.capability = inside.ask(
        one.who, "open_session", wire.OpenSession(12), wire.Token32
    ).token
    third = Colleague(registered(inside, "security_officer"), Authenticator())
    terms = asks.ProposeAsk("role", not_after=inside.house.now() + 20 * DAY,
                            target=third.who.actor.id, role="security_officer")  # fmt: skip
    token = inside.ask(one.who, "grant_propose", terms, wire.Token32).token
    digest = asks.DigestAsk(
        inside.ask(one.who, "grant_close", asks.GrantAsk(token), wire.Token32).token
    )
    for who in (one, other):
        asserted(inside, who, "grant_approve", digest, asks.GrantRow)
    enrol(inside, third.who, third.passkey)
    left = passkey_asks.StaffAsk(third.who.actor.id)
    inside.ask(OPERATOR, "end_staff", left, wire.Nothing)
    back = passkey_asks.StaffAsk(third.who.actor.id, "security_officer")
    try:
        asserted(inside, one, "staff_role", back, wire.Nothing)
        told = ""
    except Refused as refused:
        told = str(refused)
    assert told == ("grant" if guarded else "")


@GUARDED
def test_a_raise_that_was_revoked_counts_no_more(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: until a restart, or its end, nobody could take it back."""
    if not guarded:
        monkeypatch.setattr(granting, "raise_all", lambda _: None)
    clerk, files = inside.staff(), [inside.patient() for _ in range(7)]
    _token, digest = approved(inside, inside.staff("manager"), kind="budget",
                              target=clerk.actor.id, factor=2, fields=[], purpose="")  # fmt: skip
    inside.reveal(clerk, *files[:6])
    inside.ask(inside.staff("manager"), "grant_revoke", asks.DigestAsk(digest), wire.Nothing)
    assert word(inside, clerk, "reveal", files[6], purpose="reception") == (
        "budget" if guarded else ""
    )


@GUARDED
def test_a_restart_gives_nobody_another_hour_of_emergencies(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: counted in memory alone, each restart opens ten more files."""
    if not guarded:
        monkeypatch.setattr(glass, "recount", lambda *_: None)
    monkeypatch.setattr("serment.keeper.policy.standing.GLASS_PER_ACTOR", 2)
    clerk = inside.staff()

    def breaks() -> str:
        wanted = asks.GlassAsk(record_of(inside.patient()), "Malaise", "life")
        return word(inside, clerk, "break_glass", wanted)

    assert [breaks() for _ in range(3)] == ["", "", "budget"]
    inside.crash()
    inside.open()
    assert breaks() == ("budget" if guarded else "")


def _closed_as_before(grant: Grant, subjects: Iterable[bytes], _nonce: bytes) -> bytes:
    """The digest of the first version, which named no proposer and no proposal."""
    terms = (
        grant.kind, grant.establishment, grant.purpose, sorted(grant.fields), grant.not_after,
        grant.target, grant.factor,
    )  # fmt: skip
    head = msgspec.msgpack.encode((*terms, grant.role) if grant.role else terms)
    running = hashlib.sha256(b"serment grant 1" + len(head).to_bytes(4, "big") + head)
    for subject in sorted(subjects):
        running.update(subject)
    return running.digest()


def test_what_was_closed_under_the_former_digest_serves_after_the_update(inside: Inside) -> None:
    """One approved before it and one half-way there keep their digest over a restart: both still
    open, the second after the approval that it lacked, and both are stopped by that digest."""
    manager, officer = inside.staff("manager"), inside.staff("privacy_officer")
    files = [inside.patient(), inside.patient()]
    with pytest.MonkeyPatch.context() as before:
        before.setattr(granting, "digest_of", _closed_as_before)
        done = approved(inside, manager, files[0])
        half = grant(inside, manager, files[1])
        assert not approve(inside, manager, half[1])
    inside.crash()
    inside.open()
    asked = [{"grant": token, "purpose": "export"} for token, _digest in (done, half)]
    worker = Person(wire.ActorWire("worker", WORKER_ID))
    told = [word(inside, worker, "reveal", files[at], **asked[at]) for at in (0, 1)]
    assert told == ["", "refused"]
    assert approve(inside, officer, half[1])
    assert word(inside, worker, "reveal", files[1], **asked[1]) == ""
    assert word(inside, worker, "reveal", files[1], **asked[0]) == "refused", "not whom it names"
    for at, (_token, digest) in enumerate((done, half)):
        inside.ask(manager, "grant_revoke", asks.DigestAsk(digest), wire.Nothing)
        assert word(inside, worker, "reveal", files[at], **asked[at]) == "refused"
