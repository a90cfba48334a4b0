"""The file of a person somebody acts for: found, or made at the first booking somewhere.

A made-up person's file holds how the one who books is reached, so that messages reach somebody who
reads them; a person with an account keeps their own address.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import connection, transaction

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere
from serment.identity import contact, files
from serment.identity.models import Account, PatientFile
from serment.identity.relatives.people import NAMES, Person, own_values

_REACHED = ("phone", "email")


def file_for(actor: Actor, person: Person, establishment: UUID) -> UUID:
    """The person's file at an establishment. Raises ``NotThere`` where they are known elsewhere
    only, by a desk that let the actor to that one file."""
    if person.house is not None:
        if person.house != establishment:
            raise NotThere
        return person.mandate.person
    whose = person.mandate.person
    with transaction.atomic():
        _lock_pair(whose, establishment)
        linked = gate.files_of(actor, whose, establishment)
        with tenancy.inside(tenant=establishment):
            known = PatientFile.objects.filter(pk__in=linked, establishment_id=establishment)
            file_id = known.values_list("pk", flat=True).first()
        if file_id is not None:
            return file_id
        values = {name: getattr(person, name) for name in NAMES} | _reached(actor, person)
        file = files.create(actor, establishment, values, Purpose.BOOKING)
        gate.link(actor, account=whose, patient_file=file.pk)
        return file.pk


def _reached(actor: Actor, person: Person) -> dict[str, str]:
    if not person.has_account:
        return own_values(actor, (*_REACHED, contact.FIELD))  # never without how they may be
    whose = person.mandate.person
    with tenancy.inside(account=whose):
        account = Account.objects.get(pk=whose)
    if account.safe_contact is not None:
        return {}  # how to reach them is theirs to say; what is not in the file is not written to
    return gate.reveal(actor, Purpose.BOOKING, [account], list(_REACHED))[whose]


def _lock_pair(person: UUID, establishment: UUID) -> None:
    pair = hashlib.sha256(person.bytes + establishment.bytes).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(pair[:8], "big", signed=True)]
        )
