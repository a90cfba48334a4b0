"""Whatever well-framed values an operation is sent, it gives a documented answer and lives on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serment.ids import new_id
from serment.keeper import (
    by_tickets,
    forgetting,
    in_use,
    joining,
    tending,
    ticket_seals,
    timestamps,
    tokens,
    upkeep,
    wire,
    words,
)
from serment.keeper.acting import asks as acting
from serment.keeper.aliases import AliasCount
from serment.keeper.continuity import asks as continuity
from serment.keeper.house import House, enter
from serment.keeper.passkeys import asks as passkeys
from serment.keeper.policy import asks
from serment.keeper.rights import ASKS
from serment.keeper.server import ACTS, Desk
from tests.apart import apart
from tests.keeper.inside import end

HERE, WHO, SYSTEM = b"e" * 16, b"s" * 16, bytes(16)
DOCUMENTED = {
    "",
    "refused",
    "session",
    "unusable",
    "frozen",
    "budget",
    "busy",
    "assertion",
    "grant",
}
BODIES: dict[str, type[msgspec.Struct]] = {
    "hello": wire.Nothing,
    "stats": wire.Nothing,
    "seal": wire.SealAsk,
    "seal_by_ticket": ticket_seals.SealByTicketAsk,
    "delete": wire.IdAsk,
    "reveal": wire.RevealAsk,
    "find": wire.FindAsk,
    "records_of": wire.IdAsk,
    "files_behind": wire.IdsAsk,
    "link": wire.LinkAsk,
    "act_for": acting.ActForAsk,
    "act_accept": wire.Token32,
    "acting": acting.ActingAsk,
    "act_end": acting.EndActingAsk,
    "act_until": acting.ActUntilAsk,
    "keep": acting.KeepAsk,
    "join": joining.JoinAsk,
    "tell_apart": joining.JoinAsk,
    "alike": wire.Nothing,
    "marked": joining.MarkAsk,
    "holders": joining.HoldersAsk,
    "in_use": in_use.InUseAsk,
    "by_tickets": by_tickets.ByTicketsAsk,
    "forget_visits": forgetting.ForgetAsk,
    "files_of": wire.IdAsk,
    "alias": wire.TextAsk,
    "open_session": wire.OpenSession,
    "challenge": passkeys.ChallengeAsk,
    "enrol": passkeys.EnrolAsk,
    "assert": passkeys.SignInAsk,
    "passkeys": passkeys.PasskeysAsk,
    "asserted": passkeys.AssertedAsk,
    "vouch": passkeys.PasskeyAsk,
    "revoke": passkeys.PasskeyAsk,
    "end_staff": passkeys.StaffAsk,
    "staff_role": passkeys.StaffAsk,
    "close_session": wire.Token32,
    "errand": wire.MintErrand,
    "history": wire.HistoryAsk,
    "receipt": wire.ReceiptAsk,
    "perimeter": wire.PerimeterAsk,
    "measure": wire.PerimeterAsk,
    "reindex": wire.Nothing,
    "backup": wire.FolderAsk,
    "backup_mark": upkeep.MarkAsk,
    "drive_clock": wire.ClockAsk,
    "batch": wire.BatchAsk,
    "erase": wire.IdAsk,
    "erasure_state": wire.IdAsk,
    "tend": tending.TendAsk,
    "relate": asks.RelateAsk,
    "break_glass": asks.GlassAsk,
    "glasses": wire.Nothing,
    "grant_subjects": asks.DigestAsk,
    "grant_erase": asks.DigestAsk,
    "solo": asks.SoloAsk,
    "glass_justify": asks.JustifyAsk,
    "glass_review": asks.ReviewAsk,
    "freeze": asks.FreezeAsk,
    "unfreeze": asks.UnfreezeAsk,
    "freezes": wire.Nothing,
    "alarms": asks.AlarmsAsk,
    "grant_propose": asks.ProposeAsk,
    "grant_add": asks.AddAsk,
    "grant_close": asks.GrantAsk,
    "grant_approve": asks.DigestAsk,
    "grant_revoke": asks.DigestAsk,
    "grants": wire.Nothing,
    "continuity_key": continuity.SiteKeyAsk,
    "continuity_sheet": continuity.SheetAsk,
    "timestamp_query": wire.Nothing,
    "timestamp": timestamps.StampAsk,
}
# Ids that exist, so that the noise reaches what lies behind the first refusal.
KNOWN = [b"r" * 16, WHO, HERE, SYSTEM]
TEXTS = [
    "patient",
    "family_name",
    "identity",
    "name",
    "care",
    "message",
    "self",
    "\x00",
    "\u202e",
    "/",
]


@dataclass
class Kept:
    """A desk with a record, and a session of each kind."""

    desk: Desk
    capabilities: dict[str, bytes]

    async def answer(self, op: str, body: object, kind: str, **more: Any) -> str:
        actor = wire.ActorWire(
            kind, WHO if kind in self.capabilities else words.FIXED_IDS.get(kind, SYSTEM)
        )
        ask = wire.Request(
            id=new_id().bytes, op=op, actor=actor, capability=self.capabilities.get(kind, b""),
            **({"purpose": "care", "tenant": HERE} | more),
        )  # fmt: skip
        ask.body = msgspec.Raw(msgspec.msgpack.encode(body))
        return (await self.desk.answer(ask, 1)).error


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = enter(tmp_path / "keeper", drill=True)
    yield opened
    end(opened)


async def _kept(house: House) -> Kept:
    kept = Kept(Desk(house), {})
    for kind, of in (("staff", HERE), ("patient", None)):
        actor = wire.ActorWire(kind, WHO, "secretary" if of else "", of)
        body = wire.raw(wire.OpenSession(1))
        reply = await kept.desk.answer(wire.Request(new_id().bytes, "open_session", actor,
                                                    body=body), 1)  # fmt: skip
        kept.capabilities[kind] = msgspec.msgpack.decode(reply.body, type=wire.Token32).token
    value = wire.SealValue("family_name", "identity", "Quatrevaux", "name")
    item = wire.SealItem(KNOWN[0], "patient", KNOWN[0], [value])
    await kept.answer("seal", wire.SealAsk([item]), "staff")
    return kept


def noise_for(shape: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    """Values of a field's type, in and out of its bounds; now and then of no such type."""
    kind = type(shape).__name__
    if isinstance(shape, msgspec.inspect.StructType):
        fields = {field.encode_name: noise_for(field.type) for field in shape.fields}
        return st.fixed_dictionaries(fields)
    if isinstance(shape, msgspec.inspect.UnionType):
        return st.one_of([noise_for(one) for one in shape.types])
    if isinstance(shape, msgspec.inspect.ListType):
        return st.lists(noise_for(shape.item_type), max_size=3)
    simple: dict[str, st.SearchStrategy[Any]] = {
        "IntType": st.one_of(
            st.integers(-(1 << 63), (1 << 64) - 1), st.integers(-2, 500),
            st.sampled_from([(1 << 63) - 1, 1 << 63, 1 << 53, 2_932_896 * words.DAY]),
        ),
        "FloatType": st.floats() | st.integers(-1, 1_000),
        "StrType": st.sampled_from(TEXTS) | st.text(max_size=70) | st.just("x" * 65_000),
        "BytesType": st.sampled_from(KNOWN) | st.binary(max_size=70),
        "NoneType": st.none(),
        "BoolType": st.booleans(),
        "RawType": st.builds(dict),
    }  # fmt: skip
    return simple[kind] | st.sampled_from([None, True, [], {}, "", b"", 1.5])


@pytest.mark.parametrize("examples", [12, pytest.param(120, marks=pytest.mark.torture)])
@pytest.mark.parametrize("op", sorted(ACTS))
def test_any_values_get_a_documented_answer(house: House, op: str, examples: int) -> None:
    shape = msgspec.inspect.type_info(BODIES[op])
    kinds = sorted(kind for kind, ops in ASKS.items() if op in ops)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies=st.lists(noise_for(shape), min_size=4, max_size=4), kind=st.sampled_from(kinds))
    def throw(bodies: list[object], kind: str) -> None:
        async def thrown() -> set[str]:
            kept = await _kept(house)
            errors = {await kept.answer(op, body, kind) for body in bodies}
            return errors | {await kept.answer("hello", {}, "system")}

        told = apart(thrown())
        assert told <= DOCUMENTED
        assert "" in told

    throw()


@pytest.mark.parametrize("bounded", [True, False])
def test_a_number_beyond_the_store_is_unusable(
    house: House, monkeypatch: pytest.MonkeyPatch, bounded: bool
) -> None:
    """Negative control: without the bounds on the wire, SQLite overflows behind them."""
    body: dict[str, object] = {"subject": KNOWN[0], "limit": 5, "before": (1 << 64) - 1}
    if not bounded:

        class Unbounded(wire.Body):
            subject: bytes
            limit: int
            before: int | None = None

        monkeypatch.setattr("serment.keeper.telling.HistoryAsk", Unbounded)

    async def asked() -> str:
        return await (await _kept(house)).answer("history", body, "staff")

    assert apart(asked()) == ("unusable" if bounded else "broken")


@pytest.mark.parametrize(
    ("kind", "hours", "told"),
    [("staff", 12, ""), ("staff", 12.1, "unusable"), ("patient", 720, ""),
     ("patient", 721, "unusable"), ("patient", float("nan"), "unusable"),
     ("system", 1, "refused"), ("operator", 1, "refused"), ("worker", 1, "refused")],
)  # fmt: skip
def test_a_session_lives_no_longer_than_its_kind_may(
    house: House, kind: str, hours: float, told: str
) -> None:
    async def asked() -> str:
        actor = wire.ActorWire(kind, WHO, "", HERE if kind == "staff" else None)
        body = msgspec.Raw(msgspec.msgpack.encode({"hours": hours}))
        ask = wire.Request(new_id().bytes, "open_session", actor, body=body)
        return (await Desk(house).answer(ask, 1)).error

    assert apart(asked()) == told


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(
    ("since", "until", "purpose", "told"),
    [(0, 7, "message", ""), (390, 399, "message", ""), (-2, -1, "message", ""),
     (0, 32, "message", "unusable"), (390, 401, "message", "unusable"),
     (2, 1, "message", "unusable"), (0, 3_650, "transparency", "unusable")],
)  # fmt: skip
def test_a_ticket_is_short_and_soon(
    house: House, monkeypatch: pytest.MonkeyPatch, since: int, until: int, purpose: str,
    told: str, guarded: bool,
) -> None:  # fmt: skip
    """Negative control: without the ceilings any window is signed."""
    if not guarded:
        monkeypatch.setattr(tokens, "window_fits", lambda *_: True)

    async def asked() -> str:
        kept = await _kept(house)
        now = house.now()
        window = [now + days * words.DAY for days in (since, until)]
        body = wire.MintErrand(KNOWN[0], ["family_name"], purpose, *window)
        return await kept.answer("errand", body, "staff")

    assert apart(asked()) == (told if guarded else "")


def test_aliases_are_counted_beforehand_and_slowed(house: House) -> None:
    async def asked(times: int, peer: int) -> int:
        before = house.segment.size
        desk, system = Desk(house), wire.ActorWire("system", SYSTEM)
        for number in range(times):
            body = wire.raw(wire.TextAsk(f"somebody{number}@exemple.fr"))
            ask = wire.Request(new_id().bytes, "alias", system, purpose="sign_in", body=body)
            assert (await desk.answer(ask, peer)).error == ""
        return house.segment.size - before

    per_leaf = words.ALIASES_A_LEAF
    assert apart(asked(1, 71)) == 1
    assert apart(asked(per_leaf - 1, 71)) == 0
    assert apart(asked(1, 71)) == 1
    assert apart(asked(1, 72)) == 1  # another process has its own leaf


def test_who_asks_too_fast_waits_then_is_not_answered() -> None:
    present = [100.0]
    count = AliasCount(lambda: present[0])
    waits = [count.wait_seconds("web") for _ in range(3 * words.ALIASES_A_SECOND + 2)]
    assert waits[0] == waits[words.ALIASES_A_SECOND - 1] == 0
    assert waits[-1] is None, "three seconds' worth at one instant"
    assert count.wait_seconds("worker") == 0, "others do not wait for it"
    present[0] += 10
    assert count.wait_seconds("web") == 0
    count.cover(1)
    present[0] += words.ALIAS_SECONDS + 1
    assert not count.covered(1)


@pytest.mark.parametrize("kind", ["system", "operator"])
def test_a_backup_overwrites_nothing(house: House, tmp_path: Path, kind: str) -> None:
    async def asked(folder: Path) -> str:
        return await (await _kept(house)).answer("backup", {"folder": str(folder)}, kind)

    own = (house.folder / "store.sqlite").stat().st_ino
    (tmp_path / "empty").mkdir()
    wanted = ["unusable", ""] if kind == "operator" else ["refused", "refused"]
    assert [apart(asked(house.folder)), apart(asked(tmp_path / "empty"))] == wanted
    assert (house.folder / "store.sqlite").stat().st_ino == own


@pytest.mark.parametrize("place", ["kind", "field", "zone"])
def test_words_of_an_opening_are_looked_at_though_not_while_decoding(place: str) -> None:
    """Negative control: decoded by its types alone, a record would hold what is no word."""
    names = {"kind": "patient", "field": "email", "zone": "contact"} | {place: "e-mail\nadmin é"}
    field = wire.RevealField(names["field"], names["zone"], HERE)
    good = wire.RevealField("email", "contact", HERE)
    body = wire.raw(wire.RevealAsk([wire.RevealItem(WHO, names["kind"], [good, field])]))
    assert msgspec.msgpack.decode(body, type=wire.RevealAsk)  # the fault
    with pytest.raises(msgspec.ValidationError):
        wire.reveal_from(body)
    assert wire.reveal_from(wire.raw(wire.RevealAsk([wire.RevealItem(WHO, "patient", [good])])))
