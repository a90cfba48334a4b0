"""Acts that follow relations: a subject's records, an account's files, and the link between them.

Whose a record is, is itself a disclosure, to the person concerned too: whoever claims to be that
person would otherwise learn it without a trace. One leaf a subject says what a session was listed;
within the lease it may ask again without another.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from serment.keeper.acting.standing import APPOINTMENTS
from serment.keeper.acting.standing import files_of as files_of_person
from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.policy.admitting import admit
from serment.keeper.reading import accesses_of, must_have_purpose
from serment.keeper.rights import Capability, Reach, check, errand_of, own_subjects
from serment.keeper.store import LinkRow, RecordRow
from serment.keeper.wire import Body, IdAsk, Ids, Item, LinkAsk, Nothing, Request
from serment.keeper.words import (
    CALENDAR,
    FILES_AN_ACCOUNT_MAX,
    KIND_SEARCH,
    KIND_WRITE,
)
from serment.keeper.writing import kind_of


async def records_of(house: House, ask: Request, peer: int) -> Body:
    """op ``records_of``: a subject's records of one kind; an account includes its linked files.

    A leaf for each subject that has some, else one for whom it was asked.
    """
    must_have_purpose(ask)
    wanted = msgspec.msgpack.decode(ask.body, type=IdAsk)
    capability = check(house, ask, peer)
    reach = Reach(house, ask, capability)
    if capability is not None and capability.kind == "patient":
        own = own_subjects(house, capability.id)
        subjects = own if wanted.id == capability.id else own & {wanted.id}
        subjects = subjects or acted_subjects(house, reach, wanted.id)
    else:
        subjects = set(house.joined.all_of(wanted.id))
    rows = [
        row
        for subject in sorted(subjects)
        for row in house.store.records_of(subject)
        if row.kind == wanted.kind
        and reach.opens(row)
        # An address is read by whoever shares the calendar, a minor's parents above all.
        and not (row.kept and ask.client == CALENDAR)
    ]
    counted, alarms = frozenset[bytes](), list[Access]()
    if ask.actor.kind == "staff":
        rows = [row for row in rows if not house.standing.subject_frozen(row, house.now())]
        counted, alarms = await admit(house, ask, peer, rows)
    if subjects:
        listed = [(row, Item(row.record, row.kind, ["listed"])) for row in rows]
        await record_listing(house, ask, peer, capability, wanted, listed, counted, alarms)
    return Ids([row.record for row in rows])


async def files_of(house: House, ask: Request, peer: int) -> Body:
    """op ``files_of``: the files a patient's own account acts for.

    Of the own account, or of a person it acts for: in that person's leaf, and of that person the
    files in which the mandate shows a visit, or the one of the establishment that was named.
    """
    must_have_purpose(ask)
    wanted = msgspec.msgpack.decode(ask.body, type=IdAsk)
    capability = check(house, ask, peer)
    if capability is None or capability.kind != "patient":
        raise NoAccess
    if capability.id == wanted.id:
        files = [one.file for one in house.store.links(account=wanted.id) if one.relation == "self"]
        person = RecordRow(wanted.id, wanted.id, NOBODY, "account", wanted.id)
    else:
        reach = Reach(house, ask, capability)
        acted = sorted(acted_subjects(house, reach, wanted.id))
        known = house.store.record(wanted.id)
        if known is None or not acted:
            raise NoAccess
        files = [one for one in acted if one != wanted.id or known.tenant != NOBODY]
        person, files = known, [one for one in files if _in_scope(house, reach, one, ask.tenant)]
    listed = [(person, Item(one, "patient", ["listed"])) for one in files]
    await record_listing(house, ask, peer, capability, wanted, listed)
    return Ids(files)


def _in_scope(house: House, reach: Reach, file: bytes, tenant: bytes | None) -> bool:
    """Is it told to who acts that the person has this file? Where they see a visit, or may make
    one and said where; no list of all the houses that a person goes to."""
    row, mandate = house.store.record(file), reach.mandates[file]
    if row is None or APPOINTMENTS not in mandate.scopes:
        return False
    named = tenant is not None and row.tenant == tenant
    return named or any(
        one.kind == "appointment" and mandate.opens(one) for one in house.store.records_of(file)
    )


def acted_subjects(house: House, reach: Reach, person: bytes) -> set[bytes]:
    """The person, where the actor acts for them, and those of their files it reaches."""
    if person not in reach.mandates:
        return set()
    return files_of_person(house, person) & set(reach.mandates)


async def record_listing(
    house: House, ask: Request, peer: int, capability: Capability | None, wanted: IdAsk,
    listed: list[tuple[RecordRow, Item]], counted: frozenset[bytes] = frozenset(),
    alarms: Sequence[Access] = (),
) -> None:  # fmt: skip
    """Make what is listed durable, unless this session was listed it within the lease."""
    now = house.now()
    listing = (ask.op, wanted.kind, ask.purpose, wanted.id)
    session = house.store.tag("capability", ask.capability)
    named = [item.record for _row, item in listed] or [wanted.id]
    fresh = set(house.listings.fresh(session, listing, named, now))
    if not fresh:
        return
    accesses = accesses_of(
        house, [(row, item) for row, item in listed if item.record in fresh], KIND_SEARCH, counted
    )
    accesses = accesses or [_nothing_listed(house, capability, wanted)]
    await house.recorder.record(ask, peer, [*accesses, *alarms])
    check(house, ask, peer)
    house.listings.note(session, listing, named if not listed else fresh, now)


def _nothing_listed(house: House, capability: Capability | None, wanted: IdAsk) -> Access:
    """That there is nothing is told too; of somebody else's person it names nobody."""
    row = house.store.record(wanted.id)
    if capability is not None and capability.kind == "staff":
        here = capability.establishment or NOBODY
        if row is None or row.tenant != here:
            return Access(None, here, [Item(b"", wanted.kind, ["listed"])], KIND_SEARCH)
    tenant = NOBODY if row is None else row.tenant
    kind = kind_of(house, wanted.id)
    return Access(wanted.id, tenant, [Item(wanted.id, wanted.kind, ["listed"])], KIND_SEARCH, kind)


def _signed(house: House, ask: Request, wanted: LinkAsk) -> int:
    """When an errand was signed that lets this patient link this file to the own account; 0: none
    does. NoAccess: it is over."""
    if not ask.errand:
        return 0
    errand = errand_of(house, ask)
    own = ask.actor.kind == "patient" and wanted.account == ask.actor.id
    this = (errand.record, errand.fields) == (wanted.file, ["link"])
    # One of an earlier release has no instant: it vouches for the file and for nothing joined.
    return (errand.signed or 1) if own and this and wanted.relation == "self" else 0


def _must_be_its_owners(house: House, wanted: LinkAsk) -> None:
    """NoAccess where a joined file is somebody else's: linked, each would read the other's visits.
    Who acts for somebody does so on a mandate (``acting``), with a scope and an end."""
    joined = house.joined
    several = len(joined.all_of(wanted.file)) > 1
    if several and joined.accounts(wanted.file) - {wanted.account}:
        raise NoAccess
    if wanted.relation != "self":
        raise NoAccess


async def link(house: House, ask: Request, peer: int) -> Body:
    """op ``link``: let an account act for a patient file; the relation lies here only.

    A patient links the own account to a file it just made or that holds nothing yet; staff link
    files of their establishment, which counts like opening them: from then on the account does;
    Serment itself links a file the same process had it make. With an errand that staff signed for
    it (``link``), a patient links that file to the own account, once.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=LinkAsk)
    reach = Reach(house, ask, check(house, ask, peer))
    file = house.store.record(wanted.file)
    if not (_signed(house, ask, wanted) or reach.links(wanted.account, wanted.file, peer)):
        raise NoAccess
    _must_be_its_owners(house, wanted)
    if len(house.store.links(account=wanted.account)) >= FILES_AN_ACCOUNT_MAX:
        raise AskUnusable
    counted, alarms = frozenset[bytes](), list[Access]()
    if ask.actor.kind == "staff" and file is not None:
        counted, alarms = await admit(house, ask, peer, [file])
    told = Item(wanted.file, "patient", ["link"])
    access = (
        Access(wanted.account, NOBODY, [told], KIND_WRITE, kind_of(house, wanted.account))
        if file is None
        else Access(file.subject, file.tenant, [told], KIND_WRITE, file.kind, counted=bool(counted))
    )
    await house.recorder.record(ask, peer, [access, *alarms])
    with house.store.transaction():
        _must_be_its_owners(house, wanted)
        made = LinkRow(wanted.account, wanted.file, house.now(), wanted.relation)
        signed = _signed(house, ask, wanted)
        if signed:
            # Of two requests at once the second finds it gone here, and nothing is linked.
            house.store.drop_token("errand", ask.errand)
            _vouch(house, made, signed)
        house.store.add_link(made)
    return Nothing()


def _vouch(house: House, made: LinkRow, signed: int) -> None:
    """A house says whose the file is: also of the files that were one with it when it signed.
    Inside the caller's transaction."""
    known = house.store.links(account=made.account)
    former = next((one for one in known if one.file == made.file), made)
    if former.relation == made.relation and not former.state:
        house.store.put_link(msgspec.structs.replace(former, proved=signed))
