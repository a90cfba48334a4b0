"""Where a file's person was written to until staff changed it: for a month, what is told of an
emergency goes there too, in words that name nothing.

Whoever changes an address and then breaks the glass does not keep it from the person. A way that
the person said is not safe is no former way: what they say of how to reach them goes before. Files
that were joined as one person's are one here too, where every account of theirs reads them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from serment import ids
from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere
from serment.identity import contact, merging
from serment.identity.contact import Wishes
from serment.identity.models import PatientFile
from serment.outbox import envelopes
from serment.outbox.rendering import Letter

FIELD: Final = "former_reach"
DAYS: Final = 30
KEPT_MAX: Final = 4
"""The earliest are kept: changing it often pushes none out within the month."""


class Former(msgspec.Struct, frozen=True):
    """An address that was written to, and the day after which it is forgotten (ISO 8601)."""

    address: str
    until: str


def note(actor: Actor, file_id: UUID, former: Mapping[str, str], now: datetime) -> None:
    """Staff changed the address; ``former`` is what stood there, and how they may be reached.

    Whoever said how to reach them is not written to at the usual address: nothing is noted. That
    others of the house have the address was said by nobody.
    """
    if former.get("email") and contact.nothing_said(contact.read(former.get(contact.FIELD, ""))):
        _add(actor, file_id, former["email"], now)


def note_wishes(actor: Actor, file_id: UUID, former: Wishes, wishes: Wishes, now: datetime) -> None:
    """Staff wrote down how the person wants to be reached. The first time, every former way is
    forgotten: it may be what they want to be spared."""
    if contact.nothing_said(former):
        for one in merging.with_joined(actor, Purpose.RECEPTION, _file(file_id)):
            _keep(actor, one.pk, [])
    elif former.mail and former.email and former.email != wishes.email:
        _add(actor, file_id, former.email, now)


def tell(
    actor: Actor, file_id: UUID, letter: Letter, now: datetime,
    purpose: Purpose = Purpose.RECEPTION,
) -> bool:  # fmt: skip
    """The same there, neutrally, and where the files that are one with it wrote to; whether there
    was any such way."""
    found = _of_person(actor, file_id, now, purpose)
    for address in sorted(found):
        envelopes.put(_nobody(), address, letter, now, neutral=True)
    return bool(found)


def _of_person(actor: Actor, file_id: UUID, now: datetime, purpose: Purpose) -> set[str]:
    """The former addresses of a file and of those joined with it that say the same of how their
    person wants to be reached: what one says to spare them, no other undoes."""
    known = {one.address for one in _known(actor, file_id, now, purpose)}
    files = merging.with_joined(actor, purpose, _file(file_id))
    if all(one.former_reach is None for one in files if one.pk != file_id):
        return known
    opened = gate.reveal_openable(actor, purpose, files, [contact.FIELD])
    said = {one: contact.read(values[contact.FIELD]) for one, values in opened.items()}
    for one in files:
        if one.pk in said and _same(said[one.pk], said.get(file_id)):
            known |= {former.address for former in _known(actor, one.pk, now, purpose)}
    return known


def _same(one: Wishes, other: Wishes | None) -> bool:
    """That others have the address was said by nobody."""
    return other is not None and contact.as_shared(one) == contact.as_shared(other)


def _add(actor: Actor, file_id: UUID, address: str, now: datetime) -> None:
    known = _known(actor, file_id, now)
    if all(one.address != address for one in known):
        until = (now + timedelta(days=DAYS)).date().isoformat()
        _keep(actor, file_id, [*known, Former(address, until)][:KEPT_MAX])


def _known(
    actor: Actor, file_id: UUID, now: datetime, purpose: Purpose = Purpose.RECEPTION
) -> list[Former]:
    file = _file(file_id)
    if file.former_reach is None:
        return []
    opened = gate.reveal_openable(actor, purpose, [file], [FIELD])
    found = opened.get(file_id, {}).get(FIELD, "")
    today = now.date().isoformat()
    known = msgspec.json.decode(found, type=list[Former]) if found else []
    return [one for one in known if one.until > today]


def _keep(actor: Actor, file_id: UUID, known: list[Former]) -> None:
    with transaction.atomic():
        file = _file(file_id)
        if not known and file.former_reach is None:
            return
        values = {FIELD: msgspec.json.encode(known).decode() if known else None}
        house = file.establishment_id
        gate.seal(actor, Purpose.RECEPTION, file, values, subject=file_id, tenant=house)
        file.save(update_fields=[FIELD])


def _nobody() -> Actor:
    """Whose envelope of an establishment is nobody's: a number of its own, for this hour."""
    number = ids.new_id()
    capability = gate.open_session("patient", number, "", None, hours=1)
    return Actor(kind="patient", id=number, capability=capability)


def _file(file_id: UUID) -> PatientFile:
    found = PatientFile.objects.filter(pk=file_id).first()
    if found is None:
        raise NotThere
    return found
