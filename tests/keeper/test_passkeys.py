"""Passkeys of staff: who signed is verified, whoever carries the signature; a first day is not."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from serment.keeper import wire
from serment.keeper.passkeys import acts, asks, challenges, checking, rows
from serment.keeper.passkeys.asks import digest_of
from serment.keeper.passkeys.checking import Site, SiteUnusable
from serment.keeper.policy.asks import AlarmsAsk
from tests.keeper.authenticator import SITE, URL, Authenticator
from tests.keeper.enrolled import (
    A_DAY_US,
    Colleague,
    again,
    asserted,
    challenge,
    enrol,
    enrolled,
    opened,
    registered,
    session_of,
    settled,
    signed_in,
)
from tests.keeper.inside import HERE, OPERATOR, SYSTEM, THERE, Inside, Refused

VECTORS = Path(__file__).parents[1] / "vectors"
SIGNED = ("credential", "client_data", "authenticator_data", "signature")
ALL = wire.PerimeterAsk(0, 2**52)


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = opened(Inside(tmp_path / "keeper"))
    yield made
    made.crash()


def leaves(inside: Inside, *fields: str) -> list[wire.DisclosureRow]:
    """Rows of the record that name one of these fields, oldest first."""
    found = inside.ask(OPERATOR, "perimeter", ALL, wire.Disclosures, purpose="incident").rows
    return [row for row in found if {name for one in row.items for name in one.fields} & {*fields}]


def alarms(inside: Inside) -> list[str]:
    told = inside.ask(OPERATOR, "alarms", AlarmsAsk(), wire.Disclosures, purpose="incident").rows
    return [name for row in told for item in row.items for name in item.fields]


def test_who_signs_in_with_a_settled_passkey_opens_verified_and_nobody_else_does(
    inside: Inside,
) -> None:
    file = inside.patient()
    one = settled(inside, "practitioner")
    told = signed_in(inside, one.passkey)
    assert (told.actor, told.establishment, told.role, told.evidence) == (
        one.who.actor.id, HERE, "practitioner", "verified",
    )  # fmt: skip
    inside.reveal(session_of(told), file)
    inside.reveal(one.who, file, evidence="verified")
    read = leaves(inside, "family_name")[-2:]
    assert [(row.actor, row.role, row.evidence) for row in read] == [
        (one.who.actor.id, "practitioner", "verified"),
        (one.who.actor.id, "practitioner", "claimed"),
    ]
    (signed,) = [row for row in leaves(inside, "session") if row.evidence == "verified"]
    assert (signed.actor_kind, signed.actor, signed.session) == ("staff", told.actor, "s-passkey")


def test_a_first_passkey_is_claimed_for_a_day_and_told_to_its_owner_and_the_officers(
    inside: Inside,
) -> None:
    one = enrolled(inside)
    assert signed_in(inside, one.passkey).evidence == "claimed"
    (told,) = [row for row in leaves(inside, "passkey_enrolled") if row.kind == "write"]
    assert (told.subject, told.person_kind, told.establishment) == (one.who.actor.id, "staff", HERE)
    assert alarms(inside) == ["passkey_enrolled"]
    inside.later(A_DAY_US)
    assert signed_in(inside, one.passkey).evidence == "verified"


def test_a_colleagues_word_counts_where_their_own_passkey_does(inside: Inside) -> None:
    one, new = settled(inside), enrolled(inside)
    word = asks.PasskeyAsk(new.name)
    for vouch in (
        lambda: inside.ask(one.who, "vouch", word, asks.PasskeyRow),
        lambda: asserted(inside, new, "vouch", word, asks.PasskeyRow),
        lambda: asserted(inside, enrolled(inside), "vouch", word, asks.PasskeyRow),
        lambda: asserted(inside, settled(inside, at=THERE), "vouch", word, asks.PasskeyRow),
    ):
        with pytest.raises(Refused, match=r"refused|assertion"):
            vouch()
    new = enrolled(inside)
    row = asserted(inside, again(inside, one), "vouch", asks.PasskeyAsk(new.name), asks.PasskeyRow)
    assert row.vouched_by == one.who.actor.id
    assert signed_in(inside, new.passkey).evidence == "verified"
    (told,) = [row for row in leaves(inside, "passkey_vouched") if row.kind == "write"]
    assert (told.actor, told.subject, told.evidence) == (
        one.who.actor.id, new.who.actor.id, "verified",
    )  # fmt: skip


def test_an_officers_passkey_is_vouched_for_by_an_officer(inside: Inside) -> None:
    secretary, manager = settled(inside), settled(inside, "manager")
    officer = enrolled(inside, "privacy_officer")
    word = asks.PasskeyAsk(officer.name)
    with pytest.raises(Refused, match="refused"):
        asserted(inside, again(inside, secretary), "vouch", word, asks.PasskeyRow)
    asserted(inside, manager, "vouch", word, asks.PasskeyRow)
    assert signed_in(inside, officer.passkey).evidence == "verified"


def test_a_second_passkey_needs_the_first_ones_signature(inside: Inside) -> None:
    one, second = settled(inside), Authenticator()
    with pytest.raises(Refused, match="assertion"):
        enrol(inside, one.who, second)
    made = second.make(challenge(inside, one.who, "enrol").challenge)
    asserted(inside, one, "enrol", made, asks.PasskeyRow)
    assert signed_in(inside, second).evidence == "verified"
    own = inside.ask(one.who, "passkeys", asks.PasskeysAsk(), asks.PasskeyList).rows
    assert len(own) == 2
    assert own[0].vouched_by is None


def test_who_is_no_registered_member_of_staff_enrols_nothing(inside: Inside) -> None:
    """The pages invent a manager: the keeper never sealed one of that number here."""
    with pytest.raises(Refused, match="refused"):
        enrol(inside, inside.staff("manager"), Authenticator())
    elsewhere = registered(inside, at=THERE)
    elsewhere.actor.establishment = HERE
    elsewhere.capability = b""
    token = inside.ask(elsewhere, "open_session", wire.OpenSession(1), wire.Token32)
    elsewhere.capability = token.token
    with pytest.raises(Refused, match="refused"):
        enrol(inside, elsewhere, Authenticator())


Bend = Callable[[Inside, Colleague], asks.Assertion]


def _fresh(inside: Inside) -> bytes:
    return challenge(inside, SYSTEM, "sign_in").challenge


def _with(**changes: object) -> Bend:
    def bent(inside: Inside, one: Colleague) -> asks.Assertion:
        for name, value in changes.items():
            setattr(one.passkey, name, value)
        return one.passkey.sign(_fresh(inside))

    return bent


def _late(inside: Inside, one: Colleague) -> asks.Assertion:
    asked = _fresh(inside)
    inside.later(challenges.LIVE_US + 1)
    return one.passkey.sign(asked)


def _replayed(inside: Inside, one: Colleague) -> asks.Assertion:
    told = one.passkey.sign(_fresh(inside))
    inside.ask(SYSTEM, "assert", asks.SignInAsk(told, 1), asks.SignedIn, process="web-1")
    return told


def _of_another_purpose(inside: Inside, one: Colleague) -> asks.Assertion:
    return one.passkey.sign(challenge(inside, one.who, "act", b"d" * 32).challenge)


def _by_another_process(inside: Inside, one: Colleague) -> asks.Assertion:
    return one.passkey.sign(challenge(inside, SYSTEM, "sign_in", process="operator-1").challenge)


def _counting_back(inside: Inside, one: Colleague) -> asks.Assertion:
    one.passkey.count = 40
    signed_in(inside, one.passkey)
    one.passkey.count = 20
    return one.passkey.sign(_fresh(inside))


def _with_another_key(inside: Inside, one: Colleague) -> asks.Assertion:
    own = Authenticator(credential=one.passkey.credential, user=one.passkey.user, count=50)
    return own.sign(_fresh(inside))


def _for_another_user(inside: Inside, one: Colleague) -> asks.Assertion:
    one.passkey.user = b"u" * 16
    return one.passkey.sign(_fresh(inside))


def _made_up(_inside: Inside, one: Colleague) -> asks.Assertion:
    return one.passkey.sign(b"m" * 32)


LIES: dict[str, Bend] = {
    "replayed": _replayed,
    "another origin": _with(origin="https://cabinet.exemple.fr.voleur.example"),
    "a page below": _with(origin="https://sous.cabinet.exemple.fr"),
    "another site": _with(site="voleur.example"),
    "not verified": _with(verified=False),
    "nobody there": _with(present=False),
    "in another page": _with(within={"cross_origin": True}),
    "in another top page": _with(within={"topOrigin": "https://voleur.example"}),
    "made up challenge": _made_up,
    "too late": _late,
    "another purpose": _of_another_purpose,
    "another process": _by_another_process,
    "counting back": _counting_back,
    "another key": _with_another_key,
    "another user": _for_another_user,
}


@pytest.mark.parametrize("lie", LIES)
def test_pages_that_lie_mint_nothing_verified(inside: Inside, lie: str) -> None:
    """The planted attacker has all powers of the web process, and what it once saw signed."""
    one = settled(inside)
    before = len(leaves(inside, "session"))
    told = LIES[lie](inside, one)
    with pytest.raises(Refused, match="refused"):
        inside.ask(SYSTEM, "assert", asks.SignInAsk(told, 12), asks.SignedIn, process="web-1")
    new = leaves(inside, "session")[before:]
    assert len([row for row in new if row.evidence == "verified"]) == (
        1 if lie in ("replayed", "counting back") else 0
    )
    assert ("passkey_count" in alarms(inside)) == (lie == "counting back")


@pytest.mark.parametrize(
    ("lie", "guard"),
    [
        ("replayed", "take"), ("made up challenge", "take"), ("another purpose", "take"),
        ("in another page", "_must_be_ours"), ("counting back", "count_of"),
        ("another user", "handle_of"),
    ],
)  # fmt: skip
def test_without_the_guard_the_lie_is_believed(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, lie: str, guard: str
) -> None:
    """Negative control of the guards that are ours; the others are the library's own."""
    one = settled(inside)
    told = LIES[lie](inside, one)
    if guard == "take":
        monkeypatch.setattr(challenges.Challenges, "take", lambda *_: True)
        monkeypatch.setattr(rows, "count_of", lambda *_: 0)
    elif guard == "_must_be_ours":
        monkeypatch.setattr(checking, "_must_be_ours", lambda *_: None)
    elif guard == "count_of":
        monkeypatch.setattr(rows, "count_of", lambda *_: 0)
    else:
        from serment.keeper.passkeys import proving

        monkeypatch.setattr(proving, "_names", lambda *_: True)
    wanted = asks.SignInAsk(told, 12)
    answer = inside.ask(SYSTEM, "assert", wanted, asks.SignedIn, process="web-1")
    assert answer.evidence == "verified"


def test_what_a_session_claims_is_not_what_the_passkey_says(inside: Inside) -> None:
    """Another establishment's passkey, and a role the pages would rather have."""
    one = settled(inside, "secretary", THERE)
    told = signed_in(inside, one.passkey)
    assert (told.establishment, told.role) == (THERE, "secretary")
    session = session_of(told)
    session.actor.role = "manager"
    with pytest.raises(Refused, match="session"):
        inside.ask(session, "passkeys", asks.PasskeysAsk(), asks.PasskeyList)
    one.who.actor.role, one.who.capability = "manager", b""
    with pytest.raises(Refused, match="refused"):
        inside.ask(one.who, "open_session", wire.OpenSession(1), wire.Token32)


def test_a_revoked_passkeys_sessions_end_with_it_and_only_they(inside: Inside) -> None:
    file, one = inside.patient(), settled(inside)
    session = session_of(signed_in(inside, one.passkey))
    inside.reveal(session, file)
    inside.ask(one.who, "revoke", asks.PasskeyAsk(one.name), asks.PasskeyRow)
    with pytest.raises(Refused, match="session"):
        inside.reveal(session, file)
    with pytest.raises(Refused, match="refused"):
        signed_in(inside, one.passkey)
    inside.reveal(one.who, file)
    inside.crash()
    inside.open()
    opened(inside)
    with pytest.raises(Refused, match="session"):
        inside.reveal(session, file)


def test_who_left_opens_nothing_the_same_instant_and_is_vouched_for_by_no_page(
    inside: Inside,
) -> None:
    file, one, manager = inside.patient(), settled(inside), settled(inside, "manager")
    one = again(inside, one)
    session = session_of(signed_in(inside, one.passkey))
    left = asks.StaffAsk(one.who.actor.id)
    with pytest.raises(Refused, match="refused"):
        asserted(inside, one, "end_staff", asks.StaffAsk(manager.who.actor.id), wire.Nothing)
    inside.ask(manager.who, "end_staff", left, wire.Nothing)
    for gone in (session, one.who):
        with pytest.raises(Refused, match="session"):
            inside.reveal(gone, file)
    with pytest.raises(Refused, match="refused"):
        signed_in(inside, one.passkey)
    one.who.capability = b""
    with pytest.raises(Refused, match="refused"):
        inside.ask(one.who, "open_session", wire.OpenSession(1), wire.Token32)
    back = asks.StaffAsk(one.who.actor.id, "secretary")
    with pytest.raises(Refused, match="assertion"):
        inside.ask(manager.who, "staff_role", back, wire.Nothing)
    asserted(inside, manager, "staff_role", back, wire.Nothing)
    inside.reveal(again(inside, one).who, file)


def test_rows_outlive_a_restart_and_name_nobody(inside: Inside, tmp_path: Path) -> None:
    one = settled(inside, "manager")
    inside.crash()
    inside.open()
    opened(inside)
    assert signed_in(inside, one.passkey).evidence == "verified"
    inside.house.store.settle()
    copy = b"".join(part.read_bytes() for part in (tmp_path / "keeper").glob("store.sqlite*"))
    assert one.name in copy
    for secret in (
        one.who.actor.id,
        one.passkey.credential,
        HERE,
        b"manager",
        "téléphone".encode(),
    ):
        assert secret not in copy
    database = sqlite3.connect(tmp_path / "keeper" / "store.sqlite")
    assert database.execute("SELECT count(*) FROM passkey").fetchone() == (1,)
    database.close()


def test_a_store_of_before_knows_no_passkeys_and_gets_the_tables(
    inside: Inside, tmp_path: Path
) -> None:
    who = registered(inside)
    inside.crash()
    database = sqlite3.connect(tmp_path / "keeper" / "store.sqlite")
    for table in ("passkey", "passkey_count", "staff_known"):
        database.execute(f"DROP TABLE {table}")
    database.close()
    inside.open()
    opened(inside)
    assert enrol(inside, who, Authenticator()).revoked_at == 0


def test_challenges_are_bounded_and_a_flood_of_sign_ins_takes_none_of_the_staffs(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenges, "LANE_MAX", 20)
    one, kept = settled(inside), inside.house.passkeys.challenges
    first = challenge(inside, SYSTEM, "sign_in").challenge
    own = challenge(inside, one.who, "enrol").challenge
    for _ in range(30):
        challenge(inside, SYSTEM, "sign_in")
    assert len(kept) == 21
    asked = challenges.Purpose(challenges.What.SIGN_IN, "web")
    assert not kept.take(first, asked, inside.house.now())
    for _ in range(20):
        challenge(inside, one.who, "act", b"d" * 32)
    assert len(kept) == 20 + challenges.AN_ACTOR_MAX
    asked = challenges.Purpose(challenges.What.ENROL, "web", one.who.actor.id)
    assert not kept.take(own, asked, inside.house.now())


def test_a_keeper_that_knows_no_address_asks_for_no_signature(tmp_path: Path) -> None:
    bare = Inside(tmp_path / "bare")
    with pytest.raises(Refused, match="refused"):
        challenge(bare, SYSTEM, "sign_in")
    bare.crash()


@pytest.mark.parametrize(
    ("url", "site"),
    [
        (URL, Site(SITE, URL)), (f"{URL}/", Site(SITE, URL)), (f"{URL}:443", Site(SITE, URL)),
        ("http://localhost:8000", Site("localhost", "http://localhost:8000")),
        ("ftp://a.fr", None), ("", None), ("https://a.fr:x", None), ("https:///", None),
    ],
)  # fmt: skip
def test_passkeys_are_good_at_the_public_address_and_nowhere_else(
    url: str, site: Site | None
) -> None:
    if site is None:
        with pytest.raises(SiteUnusable):
            Site.of(url)
    else:
        assert Site.of(url) == site


def test_the_library_writes_no_credential_into_the_log(
    inside: Inside, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        one = enrolled(inside)
        signed_in(inside, one.passkey)
    assert one.passkey.credential.hex() not in caplog.text


def test_digests_tell_every_part_of_an_act_apart() -> None:
    acts_ = [
        wire.Part("unfreeze"), wire.Part("grant_approve"), wire.Part("unfreeze", "care"),
        wire.Part("unfreeze", tenant=HERE), wire.Part("unfreeze", body=wire.raw(wire.IdAsk(HERE))),
    ]  # fmt: skip
    assert len({digest_of(one) for one in acts_}) == len(acts_)
    assert acts.UNTIL_SETTLED_US == A_DAY_US


def test_the_written_vectors_hold() -> None:
    """Digests, challenges, and assertions as a second implementation would have to judge them."""
    vectors = json.loads((VECTORS / "keeper-passkeys-v1.json").read_text())
    for one in vectors["acts"]:
        part = wire.Part(
            one["op"], one["purpose"], bytes.fromhex(one["tenant"]) or None,
            msgspec.Raw(bytes.fromhex(one["body"])),
        )  # fmt: skip
        assert digest_of(part).hex() == one["digest"]
    for one in vectors["challenges"]:
        nonce, digest = bytes.fromhex(one["nonce"]), bytes.fromhex(one["digest"])
        made = challenges.challenge_of(one["what"], nonce, digest)
        assert made.hex() == one["challenge"]
    site = Site(vectors["site"], vectors["origin"])
    key, challenge_ = (bytes.fromhex(vectors[name]) for name in ("key", "challenge"))
    for one in vectors["assertions"]:
        told = asks.Assertion(*(bytes.fromhex(one[name]) for name in SIGNED))
        if one["count"] is None:
            with pytest.raises(checking.NotSigned):
                checking.signed(site, challenge_, key, told)
        else:
            assert checking.signed(site, challenge_, key, told) == one["count"]
