"""Patient files: made, found and opened by one establishment, or by the person themself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere, Unusable
from serment.identity import addresses, birth_dates, ins, ins_files, names, phones, plain_text
from serment.identity.models import Account, PatientFile

FIELDS = (
    "family_name",
    "given_name",
    "birth_name",
    "birth_date",
    "sex",
    "phone",
    "email",
    "address",
    "source_reference",
    "first_birth_given_name",
    "birth_given_names",
    "birth_place",
)
_COPIED_FROM_ACCOUNT = (
    "family_name", "given_name", "birth_date", "phone", "email", "safe_contact",
)  # fmt: skip
_SEXES = ("female", "male", "other", "unknown")


class ValuesUnusable(Unusable):
    """Un champ au moins est à corriger."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(_("Un champ au moins est à corriger."))
        self.errors = dict(errors)
        """Field name → the sentence to show beside it."""


def cleaned(values: Mapping[str, str | None], today: date) -> dict[str, str | None]:
    """Values as typed → as kept; absent or blank ones are None. Raises ``ValuesUnusable``.

    Family name and given name are asked for; everything else may be unknown.
    """
    checks: dict[str, Callable[[str], str]] = {
        "family_name": names.normalise,
        "given_name": names.normalise,
        "birth_name": names.normalise,
        "first_birth_given_name": names.normalise,
        "birth_given_names": names.normalise,
        "birth_place": ins.birth_place,
        "birth_date": lambda text: birth_dates.parse(text, today).isoformat(),
        "phone": phones.normalise,
        "email": addresses.normalise,
        "sex": _sex,
    }
    kept: dict[str, str | None] = {}
    errors: dict[str, str] = {}
    for field, text in values.items():
        if field not in FIELDS:
            raise ValueError(f"A patient file has no field {field}.")
        try:
            written = plain_text.kept(field, text or "")
            kept[field] = checks.get(field, str)(written) if written else None
        except Unusable as error:
            errors[field] = error.sentence
    for field in ("family_name", "given_name"):
        if field in values and kept.get(field) is None and field not in errors:
            errors[field] = _("À écrire comme sur une pièce d’identité.")
    if errors:
        raise ValuesUnusable(errors)
    return kept


def _sex(text: str) -> str:
    if text not in _SEXES:
        raise Unusable(_("Choisissez dans la liste."))
    return text


def create(
    actor: Actor,
    establishment: UUID,
    values: Mapping[str, str | None],
    purpose: Purpose = Purpose.RECEPTION,
) -> PatientFile:
    """A new file at one establishment, from ``cleaned`` values, sealed before it is stored."""
    file = PatientFile(establishment_id=establishment)
    with tenancy.inside(tenant=establishment):
        gate.seal(actor, purpose, file, dict(values), subject=file.pk, tenant=establishment)
        file.save(force_insert=True)
    return file


def change(
    actor: Actor,
    file_id: UUID,
    values: Mapping[str, str | None],
    purpose: Purpose = Purpose.RECEPTION,
) -> PatientFile:
    """Replace some fields of a file the transaction sees; what they undo of its INS goes too."""
    with transaction.atomic():
        file = PatientFile.objects.select_for_update().filter(pk=file_id).first()
        if file is None:
            raise NotThere
        written = {**values, **ins_files.undone_by(actor, file, values)}
        gate.seal(actor, purpose, file, written, subject=file.pk, tenant=file.establishment_id)
        file.save(update_fields=list(written))
    return file


def find(actor: Actor, establishment: UUID, text: str) -> gate.Hits:
    """At most ten files whose name, telephone or birth date match; recorded, even when empty."""
    return gate.find(actor, Purpose.SEARCH, "patient", text, tenant=establishment)


def open(  # noqa: A001 -- the word of the field: a file is opened
    actor: Actor, ids: Iterable[UUID], fields: Sequence[str], purpose: Purpose
) -> dict[UUID, dict[str, str]]:
    """Chosen fields of the files the transaction sees; one it does not see, or that was erased or
    frozen, is left out."""
    files = list(PatientFile.objects.filter(pk__in=list(ids)))
    if not files:
        return {}
    return gate.reveal_openable(actor, purpose, files, list(fields))


def find_or_create_for_account(actor: Actor, establishment: UUID) -> UUID:
    """The signed-in patient's own file at an establishment, made at their first booking there.

    Which account goes with which file is told to the keeper only. Two bookings at once make one
    file: a lock on the pair, held until the transaction ends, lets the second see the first's.
    """
    with transaction.atomic():
        _lock_pair(actor.id, establishment)
        linked = gate.files_of(actor, actor.id)
        with tenancy.inside(tenant=establishment):
            known = PatientFile.objects.filter(pk__in=linked, establishment_id=establishment)
            file_id = known.values_list("pk", flat=True).first()
        if file_id is not None:
            return file_id
        values = _own_values(actor)
        file = create(actor, establishment, values, Purpose.BOOKING)
        gate.link(actor, account=actor.id, patient_file=file.pk)
        return file.pk


def _own_values(actor: Actor) -> dict[str, str | None]:
    with tenancy.inside(account=actor.id):
        account = Account.objects.get(pk=actor.id)
    opened = gate.reveal(actor, Purpose.BOOKING, [account], list(_COPIED_FROM_ACCOUNT))
    return {field: opened[account.pk].get(field) for field in _COPIED_FROM_ACCOUNT}


def _lock_pair(account: UUID, establishment: UUID) -> None:
    pair = hashlib.sha256(account.bytes + establishment.bytes).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(pair[:8], "big", signed=True)]
        )
