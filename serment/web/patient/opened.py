"""Who opened my data: each access in plain words, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from serment import clock
from serment.directory.models import Establishment
from serment.disclosure import Actor, Purpose, gate
from serment.disclosure.told import NOT_FIELDS, Disclosure
from serment.identity import accounts, staff
from serment.web import asked, field_words, receipts, wording

PAGE = 120
COUNTED_DAYS = 30
SEQ_MAX = 10**9
TOGETHER_SECONDS = 5
ZONE = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Entry:
    """One access in words; ``seal`` marks an emergency one.

    ``seqs`` are its lines in the record, each with a receipt of its own.
    """

    seqs: tuple[int, ...]
    time: str
    who: str
    where: str
    why: str
    verb: str
    chips: list[tuple[str, bool]]
    note: str
    own: bool
    seal: bool = False


@dataclass(slots=True)
class Day:
    """The accesses of one day, newest first; one's own are folded away."""

    on: date
    title: str
    entries: list[Entry] = field(default_factory=list)
    own: list[Entry] = field(default_factory=list)
    upkeep: list[Entry] = field(default_factory=list)
    """What Serment wrote, linked or prepared by itself: folded, nothing was read."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One access a person made, told as one, and the lines of the record it took."""

    row: Disclosure
    seqs: tuple[int, ...]

    def with_line(self, row: Disclosure) -> Moment:
        """One more line of the same access."""
        fields = tuple(sorted({*self.row.fields, *row.fields}))
        told = replace(self.row, fields=fields, kind=_stronger(self.row, row))
        return Moment(told, (*self.seqs, row.seq))


@require_GET
@accounts.patient_only
def timeline(request: HttpRequest) -> HttpResponse:
    """Others' accesses, counted and told; then one's own, folded."""
    actor = accounts.actor_for(request)
    before = asked.number(request.GET.get("avant", ""), SEQ_MAX)
    told = gate.history(actor, actor.id, PAGE, before)
    moments = together(told)
    rows = [moment.row for moment in moments]
    days = _days(moments, _names(actor, rows), _houses(rows), actor.id)
    recent = [
        row
        for row in rows
        if not is_own(row, actor.id)
        and not is_upkeep(row)
        and row.at > clock.now() - timedelta(days=COUNTED_DAYS)
    ]
    context = {
        "days": days,
        "count": len(recent),
        "people": len({row.actor_id for row in recent if row.actor_kind == "staff"}),
        "partners": len({row.actor_id for row in recent if row.actor_kind == "partner"}),
        "window_days": COUNTED_DAYS,
        "older": told[-1].seq if len(told) == PAGE else None,
    }
    return render(request, "patient/opened.html", context)


@require_GET
@accounts.patient_only
def receipt(request: HttpRequest, seq: int) -> HttpResponse:
    """One line of the record with its proof, as a file to keep."""
    return receipts.answer(request, accounts.actor_for(request), seq)


def together(rows: Sequence[Disclosure]) -> list[Moment]:
    """One access a person made, though it took several records: told once, with all its fields.

    Seeing whose appointment it is and reading the name are two records of one moment.
    """
    merged: list[Moment] = []
    for row in rows:
        if merged and _same_moment(merged[-1].row, row):
            merged[-1] = merged[-1].with_line(row)
        else:
            merged.append(Moment(row, (row.seq,)))
    return merged


def _stronger(one: Disclosure, other: Disclosure) -> str:
    """Reading says more than finding."""
    return "read" if "read" in (one.kind, other.kind) else one.kind


def _same_moment(one: Disclosure, other: Disclosure) -> bool:
    same = ("actor_kind", "actor_id", "session", "purpose", "establishment")
    return (
        all(getattr(one, name) == getattr(other, name) for name in same)
        and abs((one.at - other.at).total_seconds()) <= TOGETHER_SECONDS
        and (one.kind == "write") == (other.kind == "write")
    )


def is_own(row: Disclosure, reader: UUID) -> bool:
    """Whether the reader's own account looked; another account is somebody else."""
    return row.actor_kind == "patient" and row.actor_id == reader


def _names(actor: Actor, rows: Iterable[Disclosure]) -> dict[UUID, staff.DisplayName]:
    return staff.display_names(actor, {row.actor_id for row in rows if row.actor_kind == "staff"})


def _houses(rows: Iterable[Disclosure]) -> dict[UUID, str]:
    ids = {row.establishment for row in rows if row.establishment}
    return dict(Establishment.objects.filter(id__in=ids).values_list("id", "name"))


def _days(
    moments: Iterable[Moment],
    names: dict[UUID, staff.DisplayName],
    houses: dict[UUID, str],
    reader: UUID,
) -> list[Day]:
    days: dict[date, Day] = {}
    for moment in moments:
        row = moment.row
        on = row.at.astimezone(ZONE).date()
        if on not in days:
            title = wording.day(on)
            days[on] = Day(on, title[:1].upper() + title[1:])
        entry = entry_of(moment, names, houses, reader)
        _fold(row, entry, days[on])
    return list(days.values())


def _fold(row: Disclosure, entry: Entry, day: Day) -> None:
    if entry.own:
        day.own.append(entry)
    elif is_upkeep(row):
        day.upkeep.append(entry)
    else:
        day.entries.append(entry)


def is_upkeep(row: Disclosure) -> bool:
    """Serment's own writing and preparing: no field was shown to anybody."""
    return row.actor_kind == "system" and row.kind != "read"


def entry_of(
    moment: Moment, names: dict[UUID, staff.DisplayName], houses: dict[UUID, str], reader: UUID
) -> Entry:
    """A recorded access in words a patient understands."""
    row = moment.row
    house = houses.get(row.establishment, "") if row.establishment else ""
    own = is_own(row, reader)
    who, where = (_("Vous"), "") if own else _who(row, names, house)
    return Entry(
        seqs=moment.seqs,
        time=wording.hour(row.at, ZONE),
        who=who,
        where=where,
        why=field_words.purpose(row.purpose),
        verb=_verb(row),
        chips=field_words.chips(row),
        note=_note(row),
        own=own,
        seal=row.purpose == Purpose.INCIDENT,
    )


def _who(row: Disclosure, names: dict[UUID, staff.DisplayName], house: str) -> tuple[str, str]:
    if row.actor_kind == "patient":
        return _("Un autre compte de patient"), ""
    if row.actor_kind == "staff":
        known = names.get(row.actor_id)
        name = known.name if known and known.name else _("Un membre de l’équipe")
        role = known.role if known else ""
        place = _("%(role)s, %(house)s") % {"role": role, "house": house} if role else house
        return name, place
    if row.purpose == Purpose.CONTINUITY:
        return _("Fiche de continuité"), house
    if row.actor_kind == "worker":
        return _("Envoi automatique"), _("autorisé à la réservation")
    if row.actor_kind == "partner":
        return _("Un logiciel partenaire"), house
    return _("Serment"), house


# What a record without an opened field says, the most telling first.
_VERBS = (
    ("link", gettext_lazy("a relié votre compte à un dossier")),
    ("errand", gettext_lazy("a préparé un message autorisé par une réservation")),
    ("deleted", gettext_lazy("a effacé")),
    ("found", gettext_lazy("a trouvé votre dossier en cherchant")),
    ("patient", gettext_lazy("a vu à qui est un rendez-vous")),
    ("listed", gettext_lazy("a vu la liste de vos rendez-vous")),
)


def _verb(row: Disclosure) -> str:
    if set(row.fields) - NOT_FIELDS:
        return _("a écrit") if row.kind == "write" else ""
    said = next((str(words) for name, words in _VERBS if name in row.fields), "")
    return said or (_("a trouvé votre dossier en cherchant") if row.kind == "search" else "")


def _note(row: Disclosure) -> str:
    if row.purpose == Purpose.CONTINUITY:
        return _("Préparée pour les pannes, fermée avec une clé gardée sur place.")
    if row.actor_kind == "worker":
        return _("Message envoyé sans spécialité ni motif.")
    return ""
