"""Two files of one house that are one person's: compared, joined, parted again.

The keeper joins and parts (``keeper.joined``); nothing moves, so appointments, links and what was
recorded stay where they are. Here the file that is kept may take values of the other; what it had
before is kept, sealed, and comes back when the two are parted, unless it was changed since.

Somebody may sign in for one of the two, in a name that need not be theirs. Nothing flows into a
file that such an account reads, and no address out of it, until a code of the desk vouches.

Lock order: both rows, by number, then the keeper. Where the transaction fails after the keeper
joined, the same join again ends it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from serment import clock
from serment.disclosure import Actor, Purpose, gate, persons
from serment.disclosure.persons import Holders
from serment.errors import Conflict, NotThere, Refused, Unusable
from serment.identity import contact, files, ins
from serment.identity.ins import Mark, Matricule, Standing, State
from serment.identity.models import PatientFile

COMPARED: Final = (
    "family_name", "given_name", "birth_name", "first_birth_given_name", "birth_given_names",
    "birth_date", "sex", "birth_place", "phone", "email", "address", "source_reference",
)  # fmt: skip
_REACHED: Final = "safe_contact"
_FORMER: Final = "former_reach"
_CONTACT: Final = frozenset({"phone", "email", "address", _REACHED})
_NOBODY: Final = Holders((0, 0), all_reached=True)
_OPENED: Final = (*COMPARED, _REACHED, "ins_standing", "ins", "merging")
_SURE: Final = {State.PROVISIONAL: 0, State.RETRIEVED: 1, State.VALIDATED: 1, State.QUALIFIED: 2}


class NotOnePerson(Refused):
    """Ces deux dossiers ne peuvent pas être réunis."""


class JoinedMeanwhile(Conflict):
    """Ces dossiers viennent d’être réunis ou séparés ; regardez-les de nouveau."""


@dataclass(frozen=True, slots=True)
class Held:
    """One join as the kept file remembers it. ``wrote``: field → value before, value written."""

    file: str
    at: str
    wrote: dict[str, list[str]] = field(default_factory=dict, repr=False)
    visits: list[str] = field(default_factory=list)
    """Of both files when they were joined: what is not among them was made since."""
    until: str = ""
    meanwhile: list[str] = field(default_factory=list)
    """Visits made while both were one, told once they are two."""


@dataclass(frozen=True, slots=True)
class Merging:
    """What a file knows of its joins."""

    into: str = ""
    """The file that this one was joined to; empty while it stands for itself."""
    holds: tuple[Held, ...] = ()

    @property
    def open_ones(self) -> list[Held]:
        """Joins that hold."""
        return [held for held in self.holds if not held.until]

    @property
    def meanwhile(self) -> set[UUID]:
        """Visits of this file made while it was one with another that it is parted from."""
        return {UUID(visit) for held in self.holds for visit in held.meanwhile}

    def kept(self) -> str:
        """One text, as sealed; empty where there was never a join."""
        if not self.into and not self.holds:
            return ""
        return json.dumps({"into": self.into, "holds": [asdict(held) for held in self.holds]})

    @classmethod
    def read(cls, kept: str) -> Merging:
        """The text again."""
        told: dict[str, Any] = json.loads(kept) if kept else {}
        return cls(told.get("into", ""), tuple(Held(**held) for held in told.get("holds", ())))


@dataclass(frozen=True, slots=True)
class Opened:
    """One of two files, opened to be compared."""

    file: UUID
    values: dict[str, str] = field(repr=False)

    @property
    def standing(self) -> Standing:
        """What was done for its identity."""
        return Standing.read(self.values["ins_standing"])

    @property
    def merging(self) -> Merging:
        """Its joins."""
        return Merging.read(self.values["merging"])


def both(actor: Actor, one: UUID, other: UUID) -> tuple[Opened, Opened]:
    """Open two files to compare them; each opening is on record. Raises NotThere."""
    opened = files.open(actor, [one, other], _OPENED, Purpose.IDENTITY)
    if one == other or len(opened) < len((one, other)):
        raise NotThere
    return Opened(one, opened[one]), Opened(other, opened[other])


def must_be_here(one: UUID, other: UUID) -> None:
    """Two files of the house where the transaction stands; nothing is opened. Raises NotThere."""
    if PatientFile.objects.filter(pk__in={one, other}).count() < len((one, other)):
        raise NotThere


def why_not(kept: Opened, gone: Opened, holders: Holders = _NOBODY) -> str:
    """Why these two are not joined that way round, in a sentence; empty where they may be.

    ``holders``: of both, in this order.
    """
    pair = kept, gone
    marks = kept.standing.marks | gone.standing.marks
    if Mark.FICTITIOUS in marks:
        return _("Une identité fictive ne se réunit à aucune autre.")
    if Mark.DOUBTFUL in marks:
        return _("Levez d’abord le doute sur ces identités, pièce à l’appui.")
    numbers = {Matricule.read(one.values["ins"]) for one in pair if one.values["ins"]}
    if len(numbers) > 1:
        return _("Ces deux dossiers ont chacun leur INS : ce sont deux personnes.")
    if not holders.all_reached and all(holders.accounts):
        return _two_accounts()
    return _why_not_this_way(kept, gone, holders)


def _two_accounts() -> str:
    return _(
        "Deux comptes différents sont reliés à ces dossiers. Si c’est une seule personne,"
        " demandez-lui de fermer l’un des deux comptes, puis recommencez."
    )


def _why_not_this_way(kept: Opened, gone: Opened, holders: Holders) -> str:
    if gone.merging.open_ones:
        return _("Ce dossier en réunit déjà d’autres : c’est lui qu’il faut garder.")
    if kept.merging.into or gone.merging.into:
        return _("L’un de ces dossiers est déjà réuni à un autre.")
    if _SURE[gone.standing.state] > _SURE[kept.standing.state]:
        return _("L’identité de l’autre dossier est mieux établie : c’est lui qu’il faut garder.")
    better = _SURE[kept.standing.state] > _SURE[gone.standing.state]
    if not better and not holders.all_reached and holders.accounts[0]:
        return _("Un compte de patient lit ce dossier : c’est l’autre qu’il faut garder.")
    return ""


def taken(
    kept: Opened, gone: Opened, chosen: Collection[str], holders: Holders = _NOBODY
) -> dict[str, str]:
    """What the kept file takes: what it has not, and what was chosen. Pure.

    Traits of an identity that was established are nobody's choice. An address never comes without
    how its person said they may be reached, and none out of a file that an account alone reads;
    what such an account reads takes nothing: the account would read it.
    """
    sure = kept.standing.state is not State.PROVISIONAL
    unproved = not holders.all_reached
    if unproved and holders.accounts[0]:
        return {}
    return {
        name: gone.values[name]
        for name in (*COMPARED, _REACHED)
        if not (unproved and name in _CONTACT)
        and gone.values[name] not in ("", kept.values[name])
        and ((name in chosen and name != _REACHED) or not kept.values[name])
        and not (sure and name in ins.TRAITS)
    }


def merge(actor: Actor, kept: UUID, gone: UUID, chosen: Collection[str]) -> None:
    """Make them one person. Raises NotOnePerson, JoinedMeanwhile, NotThere."""
    with transaction.atomic():
        _lock(kept, gone)
        stays, goes = both(actor, kept, gone)
        if any(held.file == str(gone) for held in stays.merging.open_ones):
            raise JoinedMeanwhile(_("Ces deux dossiers sont déjà réunis."))
        holders = persons.holders(actor, kept, gone)
        refused = why_not(stays, goes, holders)
        if refused:
            raise NotOnePerson(refused)
        values = taken(stays, goes, chosen, holders)
        visits = {*gate.records_of(actor, kept), *gate.records_of(actor, gone)}
        if values:
            files.change(actor, kept, values | _spared(values), Purpose.IDENTITY)
        if holders.all_reached and stays.values[_REACHED] and not goes.values[_REACHED]:
            # Its visits are written about by it; parted again it goes on as the person said.
            said = {_REACHED: stays.values[_REACHED]}
            files.change(actor, gone, said | _spared(said), Purpose.IDENTITY)
        held = Held(
            file=str(gone),
            at=clock.now().isoformat(),
            wrote={name: [stays.values[name], value] for name, value in values.items()},
            visits=sorted(map(str, visits)),
        )
        _keep(actor, kept, Merging(holds=(*stays.merging.holds, held)))
        _keep(actor, gone, Merging(str(kept), goes.merging.holds))
        _at_keeper(persons.join, actor, gone, kept)


def _spared(values: Mapping[str, str]) -> dict[str, str | None]:
    """What its person said for the first time of how to reach them ends a file's former ways."""
    said = contact.read(values.get(_REACHED, ""))
    return {} if contact.nothing_said(said) else {_FORMER: None}


def undo(actor: Actor, kept: UUID, gone: UUID) -> list[str]:
    """Two files again, each as it was; the fields that were changed since and stay as they are.

    Raises JoinedMeanwhile, NotThere.
    """
    with transaction.atomic():
        _lock(kept, gone)
        stays, goes = both(actor, kept, gone)
        held = next((one for one in stays.merging.open_ones if one.file == str(gone)), None)
        if held is None:
            raise JoinedMeanwhile(_("Ces deux dossiers ne sont plus réunis."))
        _at_keeper(persons.part, actor, gone, kept)
        back = {
            name: before
            for name, (before, written) in held.wrote.items()
            if stays.values[name] == written
        }
        if back:
            files.change(actor, kept, {name: value or None for name, value in back.items()})
        until = clock.now().isoformat()
        for file, merging in ((kept, stays.merging), (gone, goes.merging)):
            since = {str(one) for one in gate.records_of(actor, file)} - set(held.visits)
            over = Held(
                str(gone if file == kept else kept), held.at, until=until, meanwhile=sorted(since)
            )
            rest = tuple(one for one in merging.holds if one != held)
            _keep(actor, file, Merging(holds=(*rest, over)))
        return sorted(set(held.wrote) - set(back))


def with_joined(actor: Actor, purpose: Purpose, file: PatientFile) -> list[PatientFile]:
    """The file and those of the same person it is one with: their visits are told of by their own
    addresses. Not where an account would read in one what was said for another."""
    if file.merging is None:
        return [file]
    opened = gate.reveal(actor, purpose, [file], ["merging"])[file.pk]["merging"]
    known = Merging.read(opened)
    others = {held.file for held in known.open_ones} | ({known.into} if known.into else set())
    if actor.kind == "patient":
        others = {one for one in others if gate.records_of(actor, UUID(one), "patient")}
    elif not persons.holders(actor, file.pk).all_reached:
        return [file]
    return [file, *PatientFile.objects.filter(pk__in=others)]


def _keep(actor: Actor, file_id: UUID, merging: Merging) -> None:
    """What a file knows of its joins, sealed as ever."""
    file = _locked(file_id)
    values: Mapping[str, str | None] = {"merging": merging.kept() or None}
    gate.seal(actor, Purpose.IDENTITY, file, values, subject=file.pk, tenant=file.establishment_id)
    file.save(update_fields=list(values))


def _at_keeper(act: Any, actor: Actor, gone: UUID, kept: UUID) -> None:
    """The keeper's own reasons to refuse: two people sign in for these files, or they moved on."""
    try:
        act(actor, gone, kept)
    except Unusable as refused:
        raise NotOnePerson(_two_accounts()) from refused


def _lock(one: UUID, other: UUID) -> None:
    for file in sorted((one, other)):
        _locked(file)


def _locked(file_id: UUID) -> PatientFile:
    found = PatientFile.objects.select_for_update().filter(pk=file_id).first()
    if found is None:
        raise NotThere
    return found
