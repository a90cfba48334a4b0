"""The INS of patient files: read, advanced, doubted, handed out; every act on the keeper's record.

``handed_out`` is the one way a matricule leaves a file, and only of a qualified identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere
from serment.identity import ins
from serment.identity.ins import Document, Mark, Matricule, Standing
from serment.identity.models import PatientFile

FIELDS = (*ins.TRAITS, "ins_standing", "ins")


@dataclass(frozen=True, slots=True)
class Known:
    """What a file holds of an identity."""

    traits: dict[str, str] = field(repr=False)
    standing: Standing
    matricule: Matricule | None


@dataclass(frozen=True, slots=True)
class Qualified:
    """A national identity that may be sent."""

    matricule: Matricule
    traits: dict[str, str] = field(repr=False)


def of(actor: Actor, file_id: UUID, purpose: Purpose = Purpose.RECEPTION) -> Known:
    """Open what a file holds of the identity. Raises NotThere."""
    return _known(actor, _file(file_id), purpose)


def seen(actor: Actor, file_id: UUID, document: Document) -> Standing:
    """Somebody compared a document with the file. Raises NotThere, ins.NotNow."""
    return _advance(actor, file_id, lambda known: ins.seen(known.standing, document, known.traits))


def marked(actor: Actor, file_id: UUID, mark: Mark, *, on: bool) -> Standing:
    """Doubt an identity, or take the doubt back. Raises NotThere."""
    return _advance(actor, file_id, lambda known: ins.marked(known.standing, mark, on=on))


def cleared(actor: Actor, file_id: UUID, document: Document) -> Standing:
    """Take a doubt back, on a document compared with the file. Raises NotThere, ins.NotNow."""
    return _advance(
        actor, file_id, lambda known: ins.cleared(known.standing, document, known.traits)
    )


def given_by_service(
    actor: Actor, file_id: UUID, matricule: Matricule, received: Mapping[str, str]
) -> Standing:
    """The national service's answer replaces the traits. Raises NotThere, ins.NotNow."""
    traits = {name: received.get(name, "") for name in ins.TRAITS}
    with transaction.atomic():
        file = _locked(file_id)
        known = _known(actor, file, Purpose.RECEPTION)
        standing = ins.given_by_service(known.standing, known.traits, traits)
        _write(actor, file, {**traits, "ins_standing": standing.kept(), "ins": matricule.kept()})
    return standing


def handed_out(actor: Actor, file_id: UUID, purpose: Purpose) -> Qualified:
    """The identity to send with a document or a request. Raises NotThere, ins.NotQualified."""
    known = of(actor, file_id, purpose)
    sendable = ins.may_be_sent(known.standing, known.matricule, real=not settings.DEMO)
    if not sendable or known.matricule is None:
        raise ins.NotQualified(_("L’INS de cette identité n’est pas qualifiée : elle ne part pas."))
    return Qualified(known.matricule, known.traits)


def undone_by(
    actor: Actor, file: PatientFile, values: Mapping[str, str | None]
) -> dict[str, str | None]:
    """What else to write when these values are: a corrected trait undoes state and matricule.

    Nothing is opened for a file of whose identity nothing was ever established.
    """
    touched = [name for name in ins.TRAITS if name in values]
    if not touched or (file.ins_standing is None and file.ins is None):
        return {}
    known = _known(actor, file, Purpose.RECEPTION)
    if all(known.traits[name] == (values[name] or "") for name in touched):
        return {}
    return {"ins_standing": ins.changed(known.standing).kept(), "ins": None}


def would_undo(actor: Actor, file_id: UUID, values: Mapping[str, str | None]) -> ins.State | None:
    """What was established and these values would undo; None where they undo nothing."""
    file = _file(file_id)
    if not undone_by(actor, file, values):
        return None
    state = _known(actor, file, Purpose.RECEPTION).standing.state
    return None if state is ins.State.PROVISIONAL else state


def _advance(actor: Actor, file_id: UUID, to: Callable[[Known], Standing]) -> Standing:
    with transaction.atomic():
        file = _locked(file_id)
        known = _known(actor, file, Purpose.RECEPTION)
        standing = to(known)
        values = {"ins_standing": standing.kept()}
        if known.standing.retrieved and not standing.retrieved:
            values["ins"] = ""
        _write(actor, file, values)
    return standing


def _write(actor: Actor, file: PatientFile, values: dict[str, str]) -> None:
    gate.seal(actor, Purpose.RECEPTION, file, values, subject=file.pk, tenant=file.establishment_id)
    file.save(update_fields=list(values))


def _known(actor: Actor, file: PatientFile, purpose: Purpose) -> Known:
    values = gate.reveal(actor, purpose, [file], list(FIELDS)).get(file.pk, {})
    kept = values.get("ins", "")
    return Known(
        traits={name: values.get(name, "") for name in ins.TRAITS},
        standing=Standing.read(values.get("ins_standing", "")),
        matricule=Matricule.read(kept) if kept else None,
    )


def _file(file_id: UUID) -> PatientFile:
    found = PatientFile.objects.filter(pk=file_id).first()
    if found is None:
        raise NotThere
    return found


def _locked(file_id: UUID) -> PatientFile:
    found = PatientFile.objects.select_for_update().filter(pk=file_id).first()
    if found is None:
        raise NotThere
    return found
