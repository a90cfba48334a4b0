"""Wire format v1 of the keeper's socket; specified in docs/reference/keeper-wire-v1.md.

A frame is ``length u32 | version u8 | suite u8 | body``, big-endian; length counts everything
behind itself. Suite 1: the body is one MessagePack map. Requests carry who asks and why in an
envelope that work on rights, grants and tickets fills further without changing its shape.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import Annotated, Final
from uuid import UUID

import msgspec

from serment.errors import Unusable
from serment.keeper.words import DAY, PARTS_MAX, SESSION_HOURS_MAX, VALUE_BYTES_MAX, VALUES_MAX

VERSION: Final = 1
SUITE_MSGPACK: Final = 1
FRAME_BYTES_MAX: Final = 16 << 20
HEAD: Final = struct.Struct(">IBB")
HEAD_BYTES: Final = HEAD.size

# Every field's bounds stand here and are checked while decoding: what passes is safe to count
# with, to store and to compare.
Bytes16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Digest = Annotated[bytes, msgspec.Meta(max_length=32)]
Secret = Annotated[bytes, msgspec.Meta(max_length=64)]
_WORD: Final = r"^[a-z0-9_.\-]*\Z"
Word = Annotated[str, msgspec.Meta(max_length=64, pattern=_WORD)]
Repeated = Annotated[str, msgspec.Meta(max_length=64)]
"""A word that a request says hundreds of times: ``reveal_from`` looks at each once."""
Token = Annotated[str, msgspec.Meta(max_length=200)]
Value = Annotated[str, msgspec.Meta(max_length=VALUE_BYTES_MAX)]
Folder = Annotated[str, msgspec.Meta(max_length=1_000, pattern=r"^/[^\x00]*\Z")]
Instant = Annotated[int, msgspec.Meta(ge=0, le=2_932_896 * DAY)]  # µs, to the end of the year 9999
Seq = Annotated[int, msgspec.Meta(ge=-1, le=1 << 53)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=max(SESSION_HOURS_MAX.values()))]


class FrameRefused(Unusable):
    """The keeper could not read what it was sent."""


class ActorWire(msgspec.Struct, forbid_unknown_fields=True):
    """Who asks, as claimed; the capability decides."""

    kind: Word
    id: Bytes16
    role: Word = ""
    establishment: Bytes16 | None = None


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """The envelope of every request.

    ``grant`` and ``relation`` are carried and recorded; they decide nothing yet.
    """

    id: Bytes16
    op: Word
    actor: ActorWire
    purpose: Word = ""
    evidence: Word = "claimed"
    client: Token = ""
    process: Token = ""
    session: Token = ""
    capability: Secret = b""
    tenant: Bytes16 | None = None
    grant: Secret = b""
    relation: Secret = b""
    errand: Secret = b""
    recipient: Token = ""
    """Whom what is opened will be handed to, outside of Serment; recorded, decides nothing."""
    body: msgspec.Raw = msgspec.Raw(b"\x80")


class Reply(msgspec.Struct, forbid_unknown_fields=True):
    """The answer: ``error`` is empty, or one of refused, session, unusable, conflict, broken."""

    id: bytes
    error: Word = ""
    body: msgspec.Raw = msgspec.Raw(b"\x80")


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """Base of all bodies."""


class SealValue(Body):
    """One value to seal; ``None`` clears it. ``before`` is the digest of the bytes replaced."""

    field: Word
    zone: Word
    value: Value | None
    search: Word = ""
    before: Digest = b""


class SealItem(Body):
    """The values of one record; ``related_until`` (µs): the establishment cares for the person
    from now until then, because this record says so (a booked visit). ``visit_from`` and
    ``visit_until``: the visit's hours, in which the continuity sheet of ``visit_site``, and of no
    other, names the person."""

    record: Bytes16
    kind: Word
    subject: Bytes16
    values: Annotated[list[SealValue], msgspec.Meta(max_length=VALUES_MAX)]
    related_until: Instant = 0
    visit_from: Instant = 0
    visit_until: Instant = 0
    visit_site: Bytes16 | None = None


class SealAsk(Body):
    """op ``seal``."""

    items: Annotated[list[SealItem], msgspec.Meta(min_length=1, max_length=VALUES_MAX)]


class SealAnswer(Body):
    """Sealed bytes in the order asked."""

    sealed: list[list[bytes | None]]


class RevealField(Body):
    """One field of a record, with the version its sealed bytes carry."""

    field: Repeated
    zone: Repeated
    version: Bytes16


class RevealItem(Body):
    """The fields of one record."""

    record: Bytes16
    kind: Repeated
    fields: Annotated[list[RevealField], msgspec.Meta(max_length=VALUES_MAX)]


class RevealAsk(Body):
    """op ``reveal``; with ``Request.errand`` a ticket decides instead of a capability. The keeper
    reads it by ``reveal_from`` only."""

    items: Annotated[list[RevealItem], msgspec.Meta(min_length=1, max_length=VALUES_MAX)]


class RevealAnswer(Body):
    """Key and associated data for each field, in the order asked; ``lease`` in seconds."""

    keys: list[list[tuple[bytes, bytes]]]
    lease: int


class FindAsk(Body):
    """op ``find``."""

    kind: Word
    text: Token


class Ids(Body):
    """A list of ids."""

    ids: list[bytes]


class Found(Ids):
    """Answer of ``find``: ``more`` says that others matched too."""

    more: bool = False


class IdsAsk(Body):
    """op ``files_behind``: records whose patient file is asked."""

    ids: Annotated[list[Bytes16], msgspec.Meta(max_length=VALUES_MAX)]


class IdAsk(Body):
    """ops ``records_of``, ``files_of``, ``delete``: one id, and a kind where it matters."""

    id: Bytes16
    kind: Word = ""


class LinkAsk(Body):
    """op ``link``."""

    account: Bytes16
    file: Bytes16
    relation: Word = "self"


class TextAsk(Body):
    """op ``alias``: whole, so that two long addresses never share an alias."""

    text: Annotated[str, msgspec.Meta(max_length=320)]


class Text(Body):
    """One text."""

    text: str


class OpenSession(Body):
    """op ``open_session``: mint a capability for the actor of the envelope, within its kind's."""

    hours: Hours


class Token32(Body):
    """A capability or ticket."""

    token: Secret


class MintErrand(Body):
    """op ``errand``: one record, these fields, this purpose, this window (µs since 1970)."""

    record: Bytes16
    fields: Annotated[list[Word], msgspec.Meta(min_length=1, max_length=64)]
    purpose: Word
    not_before: Instant
    not_after: Instant


class HistoryAsk(Body):
    """op ``history``: newest first, below ``before``."""

    subject: Bytes16
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)]
    before: Seq | None = None


class ReceiptAsk(Body):
    """op ``receipt``: the leaf's number."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class ReceiptAnswer(Body):
    """The statement behind the leaf, as ``serment/ledger/statement.py`` writes it."""

    seq: int
    statement: bytes


class Item(Body, array_like=True):
    """Fields of one record in a disclosure; hashes only for writes (before, after)."""

    record: bytes
    kind: str
    fields: list[str]
    before: list[bytes] = []
    after: list[bytes] = []


class DisclosureRow(Body):
    """One recorded disclosure as the index gives it."""

    seq: int
    at: int
    kind: str
    purpose: str
    actor_kind: str
    actor: bytes
    role: str
    establishment: bytes | None
    evidence: str
    client: str
    process: str
    session: str
    subject: bytes | None
    person: bytes | None
    person_kind: str
    items: list[Item]
    erased: bool = False
    recipient: str = ""
    relation: str = ""
    """Told to who acts for the person: as what somebody else's account did it, or ``self``."""


class Disclosures(Body):
    """Rows, and for perimeters what was held, counted before the window's end."""

    rows: list[DisclosureRow]
    held: int = 0
    lease: int = 0
    isolated: bool = False
    widened: int = 0


class PerimeterAsk(Body):
    """op ``perimeter``: raw rows of a window (µs), widened back by the lease, page by page.

    ``export`` is the digest of the grant it was opened on (hexadecimal), ``recipient`` whom data
    was handed to, as the records name it. op ``measure`` asks the same without ``after``.
    """

    start: Instant
    end: Instant
    actor: Bytes16 | None = None
    client: Token = ""
    session: Token = ""
    process: Token = ""
    establishment: Bytes16 | None = None
    after: Seq = -1
    recipient: Token = ""
    export: Token = ""


class FolderAsk(Body):
    """op ``backup``."""

    folder: Folder


class ClockAsk(Body):
    """op ``drive_clock``, only of a keeper started with --drill; zero: the machine's own again."""

    now: Instant


class Figures(Body):
    """ops ``hello`` and ``stats``."""

    origin: str
    size: int
    indexed: int
    index_lag_seconds: float
    isolated: bool
    drill: bool
    records: int
    searchable: int
    capabilities: int
    segment_bytes: int
    signed: int | None = None
    """Leaves under the newest signed checkpoint; None where nothing is published."""
    signing_lag_seconds: float = 0.0
    key_backup_seconds: float | None = None
    """Since the key backup was last written to; None where there is none."""
    timestamp_seconds: float | None = None
    """Since an authority last stamped a checkpoint; None where none ever did, or none is named."""
    clock_difference_seconds: float | None = None
    """How far that authority's clock was from the keeper's."""


class Part(Body):
    """One act of a batch; who asks stands in the envelope."""

    op: Word
    purpose: Word = ""
    tenant: Bytes16 | None = None
    body: msgspec.Raw = msgspec.Raw(b"\x80")


class BatchAsk(Body):
    """op ``batch``: acts that follow one another, in one round trip and one group commit."""

    parts: Annotated[list[Part], msgspec.Meta(min_length=1, max_length=PARTS_MAX)]


class BatchAnswer(Body):
    """The parts' answers in order."""

    bodies: list[msgspec.Raw]


class Nothing(Body):
    """An empty body."""


def uuid_of(raw: bytes | None) -> UUID | None:
    """A UUID from its wire form."""
    return None if raw is None else UUID(bytes=raw)


_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(Request)
_replies = msgspec.msgpack.Decoder(Reply)
_reveals = msgspec.msgpack.Decoder(RevealAsk)


def raw(body: msgspec.Struct) -> msgspec.Raw:
    """A body as it goes into an envelope."""
    return msgspec.Raw(_encoder.encode(body))


def frame(message: Request | Reply) -> bytes:
    """One message as bytes for the socket."""
    body = _encoder.encode(message)
    if len(body) + 2 > FRAME_BYTES_MAX:
        raise FrameRefused
    return HEAD.pack(len(body) + 2, VERSION, SUITE_MSGPACK) + body


def body_length(head: bytes) -> int:
    """Length of the body that follows a frame's head; FrameRefused for what v1 is not."""
    length, version, suite = HEAD.unpack(head)
    if version != VERSION or suite != SUITE_MSGPACK or not 2 < length <= FRAME_BYTES_MAX:
        raise FrameRefused
    return int(length) - 2


def request_from(body: bytes) -> Request:
    """A request from a frame's body."""
    try:
        return _requests.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as garbage:
        raise FrameRefused from garbage


def reveal_from(body: msgspec.Raw) -> RevealAsk:
    """The body of ``reveal``; msgspec's errors for what is out of bounds, as for every body."""
    ask = _reveals.decode(body)
    words = {item.kind for item in ask.items}
    words |= {one.field for item in ask.items for one in item.fields}
    words |= {one.zone for item in ask.items for one in item.fields}
    for word in words:
        if not _is_word(word):
            raise msgspec.ValidationError("no word")
    return ask


@lru_cache(maxsize=1_000)
def _is_word(word: str) -> bool:
    return re.match(_WORD, word) is not None


def reply_from(body: bytes) -> Reply:
    """A reply from a frame's body."""
    return _replies.decode(body)
