"""Saying how one may be reached, at a desk for one house or in one's account for all of one's own.

A change is told through safe ways only: the one that was good until now, unless it no longer is,
and the new one; never to the address that the wish is there to spare.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere
from serment.identity import contact, former_ways, merging
from serment.identity.contact import Wishes
from serment.identity.models import Account, PatientFile
from serment.outbox import envelopes
from serment.outbox.rendering import Letter

ALIKE_MAX: Final = 9


def of_account(actor: Actor) -> Wishes:
    """What the account's own person said. Raises NotThere."""
    account = _account(actor.id)
    opened = gate.reveal(actor, Purpose.SELF, [account], [contact.FIELD])
    return contact.read(opened[account.pk][contact.FIELD])


def of_file(actor: Actor, file_id: UUID) -> Wishes:
    """What a file of the actor's house says. Raises NotThere."""
    file = _file(file_id)
    opened = gate.reveal(actor, Purpose.RECEPTION, [file], [contact.FIELD])
    return contact.read(opened[file_id][contact.FIELD])


def say(actor: Actor, wishes: Wishes, now: datetime, *, former_unsafe: bool = False) -> None:
    """From one's account: there, and in every file of one's own. Told through safe ways only."""
    with transaction.atomic():
        account = _account(actor.id)
        opened = gate.reveal(actor, Purpose.SELF, [account], ["email", contact.FIELD])[account.pk]
        former = contact.read(opened[contact.FIELD])
        if former == wishes:
            return
        with tenancy.inside(account=actor.id):
            _seal(actor, Purpose.SELF, account, wishes, None)
        for file_id, house in own_files(actor):
            with tenancy.inside(tenant=house):
                say_of_own(actor, file_id, wishes, house)
        ways = [contact.way(wishes, opened["email"])]
        if former != contact.NOTHING_SAID and not former_unsafe:
            ways.append(contact.way(former, opened["email"]))
        for address in {one.address for one in ways if one.channel == "mail"}:
            envelopes.put(actor, address, _told(), now, neutral=True)


def say_at_desk(actor: Actor, file_id: UUID, wishes: Wishes) -> None:
    """In one house's file, as its person says it at the desk or by telephone. Raises NotThere."""
    with transaction.atomic():
        former_ways.note_wishes(actor, file_id, of_file(actor, file_id), wishes, clock.now())
        _write_down(actor, file_id, wishes)


def _write_down(actor: Actor, file_id: UUID, wishes: Wishes) -> None:
    for file in merging.with_joined(actor, Purpose.RECEPTION, _file(file_id)):
        _seal(actor, Purpose.RECEPTION, file, wishes, file.establishment_id)


def say_of_own(actor: Actor, file_id: UUID, wishes: Wishes, house: UUID) -> None:
    """In one file of the account's own. The transaction stands in its house."""
    for file in merging.with_joined(actor, Purpose.SELF, _file(file_id)):
        _seal(actor, Purpose.SELF, file, wishes, house)


def having_said(file_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these files whose person said something; nothing is opened."""
    said = PatientFile.objects.filter(pk__in=list(file_ids), safe_contact__isnull=False)
    return set(said.values_list("pk", flat=True))


def alike(actor: Actor, file_id: UUID, email: str) -> list[UUID]:
    """Other files of the actor's house with the same address; the search is on record."""
    if not email or actor.establishment is None:
        return []
    hits = gate.find(actor, Purpose.SEARCH, "patient", email, tenant=actor.establishment)
    others = list(PatientFile.objects.filter(pk__in=[one for one in hits if one != file_id]))
    opened = gate.reveal_openable(actor, Purpose.SEARCH, others[:ALIKE_MAX], ["email"])
    return [one for one, values in opened.items() if values["email"] == email]


def note_shared(actor: Actor, file_id: UUID, email: str) -> int:
    """An address just written that other files of the house have: from now on a message to it is
    neutral, for all of them. How many others there are. No wish of a person's: former ways stay."""
    others = alike(actor, file_id, email)
    for one in [file_id, *others] if others else ():
        with transaction.atomic():
            known = of_file(actor, one)
            if not known.shared:
                _write_down(actor, one, contact.as_shared(known))
    return len(others)


def own_files(actor: Actor) -> Iterable[tuple[UUID, UUID]]:
    """The account's own files, each with its house."""
    own = gate.files_of(actor, actor.id)
    with tenancy.inside(records=own):
        rows = PatientFile.objects.filter(pk__in=own)
        return list(rows.values_list("pk", "establishment_id"))


def _told() -> Letter:
    body = _(
        "Bonjour,\n\nVos réglages viennent de changer. Si ce n’est pas vous, connectez-vous comme"
        " d’habitude, ou appelez le numéro que vous connaissez.\n"
    )
    return Letter(_("Un message pour vous"), body)


def _seal(
    actor: Actor, purpose: Purpose, row: Account | PatientFile, wishes: Wishes, house: UUID | None
) -> None:
    values = {contact.FIELD: contact.write(wishes)}
    gate.seal(actor, purpose, row, values, subject=row.pk, tenant=house)
    row.save(update_fields=[contact.FIELD])


def _account(account_id: UUID) -> Account:
    found = Account.objects.filter(pk=account_id).first()
    if found is None:
        raise NotThere
    return found


def _file(file_id: UUID) -> PatientFile:
    found = PatientFile.objects.filter(pk=file_id).first()
    if found is None:
        raise NotThere
    return found
