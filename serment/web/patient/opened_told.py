"""Recorded accesses in words a patient understands: moments, days, and who looked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.disclosure import Purpose
from serment.disclosure.told import Disclosure
from serment.identity.staff import DisplayName
from serment.web import field_words, wording

TOGETHER_SECONDS: Final = 5
YEAR_DAYS: Final = 300
ZONE: Final = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Known:
    """Names of staff and of houses, by id."""

    staff: dict[UUID, DisplayName]
    houses: dict[UUID, str]
    relatives: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    """Account → who acts for the reader, and by what right."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One access a person made, told as one, and the lines of the record it took."""

    row: Disclosure
    seqs: tuple[int, ...]

    def with_line(self, row: Disclosure) -> Moment:
        """One more line of the same access."""
        fields = tuple(sorted({*self.row.fields, *row.fields}))
        records = (*self.row.records, *row.records)
        told = replace(self.row, fields=fields, records=records, kind=_stronger(self.row, row))
        return Moment(told, (*self.seqs, row.seq))


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry says, its hour left out; accesses of a day that say the same are one entry."""

    who: str
    where: str
    why: str
    verb: str
    chips: tuple[tuple[str, bool], ...]
    note: str
    own: bool
    seal: bool = False
    """An emergency opening or an inquiry."""


@dataclass(slots=True)
class Entry:
    """Accesses of one day that say the same: their hours, newest first, and a receipt a line."""

    said: Said
    times: list[str] = field(default_factory=list)
    receipts: list[tuple[int, str]] = field(default_factory=list)

    @property
    def often(self) -> int:
        """How many accesses."""
        return len(self.times)

    @property
    def time(self) -> str:
        """The hour, or from when to when."""
        if len(self.times) == 1:
            return self.times[0]
        return _("de %(first)s à %(last)s") % {"first": self.times[-1], "last": self.times[0]}


@dataclass(slots=True)
class Day:
    """The accesses of one day, newest first; one's own are folded away."""

    on: date
    title: str
    entries: list[Entry] = field(default_factory=list)
    own: list[Entry] = field(default_factory=list)
    upkeep: list[Entry] = field(default_factory=list)
    """What Serment wrote, linked or prepared by itself: folded, nothing was read."""

    @property
    def own_times(self) -> int:
        """How often it was oneself."""
        return sum(entry.often for entry in self.own)

    @property
    def upkeep_times(self) -> int:
        """How often it was Serment."""
        return sum(entry.often for entry in self.upkeep)


def together(rows: Iterable[Disclosure]) -> Iterator[Moment]:
    """One access a person made, though it took several records: told once, with all its fields.

    Seeing whose appointment it is and reading the name are two records of one moment.
    """
    pending: Moment | None = None
    for row in rows:
        if pending is not None and _same_moment(pending.row, row):
            pending = pending.with_line(row)
            continue
        if pending is not None:
            yield pending
        pending = Moment(row, (row.seq,))
    if pending is not None:
        yield pending


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


def day_of(moment: Moment) -> date:
    """The day by the clocks in France."""
    return moment.row.at.astimezone(ZONE).date()


def is_own(row: Disclosure, reader: UUID) -> bool:
    """Whether the reader's own account looked; another account is somebody else."""
    return row.actor_kind == "patient" and row.actor_id == reader


def is_upkeep(row: Disclosure) -> bool:
    """Serment's own writing and preparing: no field was shown to anybody."""
    return row.actor_kind == "system" and row.kind != "read"


def days(moments: Iterable[Moment], known: Known, reader: UUID, now: datetime) -> list[Day]:
    """Day by day, newest first."""
    today = now.astimezone(ZONE).date()
    found: dict[date, Day] = {}
    for moment in moments:
        on = day_of(moment)
        if on not in found:
            title = wording.day(on, year=abs((today - on).days) > YEAR_DAYS)
            found[on] = Day(on, title[:1].upper() + title[1:])
        _put(found[on], moment, said_of(moment.row, known, reader))
    return list(found.values())


def _put(day: Day, moment: Moment, said: Said) -> None:
    """Into its part of the day, beside what says the same."""
    part = day.own if said.own else day.upkeep if is_upkeep(moment.row) else day.entries
    entry = next((one for one in part if one.said == said), None)
    if entry is None:
        entry = Entry(said)
        part.append(entry)
    time = wording.hour(moment.row.at, ZONE)
    entry.times.append(time)
    entry.receipts += [(seq, time) for seq in moment.seqs]


def said_of(row: Disclosure, known: Known, reader: UUID) -> Said:
    """A recorded access in words a patient understands."""
    own = is_own(row, reader)
    name, where = (_("Vous"), "") if own else who(row, known)
    return Said(
        who=name,
        where=where,
        why=field_words.purpose(row.purpose),
        verb=_verb(row, own=own),
        chips=() if _SAID_FIRST & set(row.fields) else tuple(field_words.chips(row)),
        note=_note(row),
        own=own,
        seal=row.purpose == Purpose.INCIDENT or "break_glass" in row.fields,
    )


def who(row: Disclosure, known: Known) -> tuple[str, str]:
    """Who looked, and in which role where."""
    house = known.houses.get(row.establishment, "") if row.establishment else ""
    if row.actor_kind == "patient":
        return known.relatives.get(row.actor_id, (_("Un autre compte de patient"), ""))
    if row.actor_kind == "staff":
        member = known.staff.get(row.actor_id)
        name = member.name if member and member.name else _("Un membre de l’équipe")
        role = member.role if member else ""
        place = _("%(role)s, %(house)s") % {"role": role, "house": house} if role else house
        return name, place
    if row.purpose == Purpose.CONTINUITY:
        return _("Fiche de continuité"), house
    if row.actor_kind == "worker":
        return _("Envoi automatique"), _("autorisé à la réservation")
    return str(_PROGRAMS.get(row.actor_kind, _("Serment"))), house


_PROGRAMS = {
    "partner": gettext_lazy("Un logiciel partenaire"),
    "operator": gettext_lazy("L’hébergeur"),
}


# What a record without an opened field says, the most telling first.
_VERBS = (
    ("erased", gettext_lazy("a effacé votre dossier")),
    ("break_glass.life", gettext_lazy("a ouvert en urgence : une vie était en danger")),
    ("break_glass.care", gettext_lazy("a ouvert en urgence : des soins ne pouvaient pas attendre")),
    ("break_glass.asked", gettext_lazy("a ouvert en urgence : vous l’aviez demandé")),
    ("break_glass", gettext_lazy("a ouvert en urgence, au-delà de ses limites")),
    ("acting", gettext_lazy("a donné, proposé ou accepté le droit d’agir pour vous")),
    ("acting_ended", gettext_lazy("a mis fin au droit d’agir pour vous")),
    ("kept", gettext_lazy("a fermé un rendez-vous à vos proches")),
    ("kept_no_more", gettext_lazy("a rouvert un rendez-vous à vos proches")),
    ("link", gettext_lazy("a relié votre compte à un dossier")),
    ("joined", gettext_lazy("a réuni deux dossiers à votre nom")),
    ("parted", gettext_lazy("a séparé deux dossiers qui avaient été réunis")),
    ("told_apart", gettext_lazy("a noté qu’un dossier qui ressemble au vôtre n’est pas à vous")),
    ("errand", gettext_lazy("a préparé un message autorisé par une réservation")),
    ("deleted", gettext_lazy("a effacé")),
    ("found", gettext_lazy("a trouvé votre dossier en cherchant")),
    ("patient", gettext_lazy("a vu à qui est un rendez-vous")),
    ("listed", gettext_lazy("a vu la liste des rendez-vous")),
)

_OF_NO_VISIT = {
    "errand": gettext_lazy("a préparé un message ou une feuille à votre nom"),
    "listed": gettext_lazy("a vu ce qui existe à votre nom, sans rien en ouvrir"),
}
"""The same acts where they were on a file: a code of the desk, a check for duplicates."""


_SAID_FIRST: Final = frozenset({"joined", "parted"})
"""Acts that write a field of their own besides: the act is what is told."""


def _verb(row: Disclosure, *, own: bool) -> str:
    fields = set(row.fields)
    if fields - field_words.UNSAID and not fields & _SAID_FIRST:
        return _("a écrit") if row.kind == "write" else "" if own else _("a lu")
    done, words = next(((name, words) for name, words in _VERBS if name in row.fields), ("", ""))
    on_a_visit = any(one.kind == "appointment" and done in one.fields for one in row.records)
    said = str(words if on_a_visit else _OF_NO_VISIT.get(done, words))
    return said or (_("a trouvé votre dossier en cherchant") if row.kind == "search" else "")


def _note(row: Disclosure) -> str:
    if row.purpose == Purpose.CONTINUITY:
        return _("Préparée pour les pannes, fermée avec une clé gardée sur place.")
    if row.actor_kind == "worker":
        return _("Message envoyé sans spécialité ni motif.")
    known = field_words.evidence(row)
    return _("Qui c’était : %(evidence)s.") % {"evidence": known} if known else ""
