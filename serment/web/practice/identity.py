"""Watching over a file's identity: a document seen, a doubt raised or taken back, duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from serment.disclosure import Actor, Purpose, persons
from serment.errors import NotThere
from serment.identity import accounts, files, ins, ins_files, policy
from serment.identity import duplicates as alike
from serment.identity.ins import Document, Mark, Standing, State
from serment.identity.merging import Merging
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice import team
from serment.web.practice.naming import Person


@dataclass(frozen=True, slots=True)
class Shown:
    """What the file's page says of the identity."""

    words: str
    doubtful: bool
    complete: bool
    """All five traits are there to be compared."""
    documents: list[tuple[str, str]]
    """What may have been seen; empty where nothing is to be compared any more."""


def shown(values: dict[str, str]) -> Shown:
    """From the file's opened values."""
    standing = Standing.read(values["ins_standing"])
    open_to_proof = standing.state in (State.PROVISIONAL, State.RETRIEVED)
    doubtful = Mark.DOUBTFUL in standing.marks
    return Shown(
        words=str(ins.WORDS[standing.state]),
        doubtful=doubtful,
        complete=all(values[name] for name in ins.DEMANDED) and values["sex"] in ins.SEXES,
        documents=_documents() if open_to_proof else [],
    )


@dataclass(frozen=True, slots=True)
class JoinedFile:
    """A file that this one holds."""

    file: UUID
    since: date
    may_part: bool


def joined(merged: Merging, *, may_part: bool) -> list[JoinedFile]:
    """The files this one holds now, the latest last."""
    return [
        JoinedFile(UUID(held.file), datetime.fromisoformat(held.at).date(), may_part)
        for held in merged.open_ones
    ]


def led_to_kept(request: HttpRequest, merged: Merging) -> HttpResponse:
    """Whoever comes to a file that was joined to another is led to that one, and told."""
    messages.info(request, _("Ce dossier est réuni à celui-ci : c’est la même personne."))
    return HttpResponseRedirect(reverse("practice:patient", args=[merged.into]))


def undone_words(state: State) -> str:
    """What correcting a trait would undo."""
    if state is State.QUALIFIED:
        return _("Cette identité est qualifiée. La corriger la remet à vérifier, et retire l’INS.")
    return _("Cette identité est établie. La corriger la remet à vérifier.")


@policy.staff_may(Act.WRITE_PATIENT)
@require_POST
def watch(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """One of three acts on the identity; anything else changes nothing."""
    actor = accounts.actor_for(request)
    sent = asked.sent(request)
    try:
        if sent.get("vu") in list(Document):
            ins_files.seen(actor, file_id, Document(sent["vu"]))
        elif sent.get("doute") == "oui":
            ins_files.marked(actor, file_id, Mark.DOUBTFUL, on=True)
        elif sent.get("doute") in list(Document):
            ins_files.cleared(actor, file_id, Document(sent["doute"]))
    except ins.NotNow as refused:
        messages.error(request, refused.sentence)
    return HttpResponseRedirect(reverse("practice:patient", args=[file_id]))


@policy.staff_may(Act.FIND_PATIENT, Act.OPEN_PATIENT)
@require_GET
def duplicates(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Other files that may be the same person's, to be looked at one by one."""
    actor = accounts.actor_for(request)
    own = files.open(actor, [file_id], alike.FOUND_BY, Purpose.RECEPTION).get(file_id)
    if own is None:
        raise NotThere
    ids = alike.alike(actor, team.establishment_of(actor), file_id, own)
    ids += [one for one in _resembling(actor, file_id) if one not in ids]
    shown_names = ("given_name", "family_name", "birth_date", "phone")
    opened = files.open(actor, ids, shown_names, Purpose.SEARCH)
    context = {
        "section": "patients",
        "file_id": file_id,
        "askable": bool(own["birth_date"]),
        "people": [Person(one, **opened[one]) for one in ids if one in opened],
    }
    return render(request, "practice/duplicates.html", context)


def _resembling(actor: Actor, file_id: UUID) -> list[UUID]:
    """Files that the identity watch pairs with this one: the name may be spelt otherwise."""
    pairs, _more = persons.alike(actor)
    return [one for pair in pairs if file_id in (ends := {pair.one, pair.other})
            for one in ends - {file_id}]  # fmt: skip


def _documents() -> list[tuple[str, str]]:
    return [
        (Document.IDENTITY_CARD.value, _("carte d’identité")),
        (Document.PASSPORT.value, _("passeport")),
        (Document.RESIDENCE_PERMIT.value, _("titre de séjour")),
        (Document.FAMILY_BOOK.value, _("livret de famille, avec la pièce d’un parent")),
    ]
