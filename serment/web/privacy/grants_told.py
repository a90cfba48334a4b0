"""What two people approve, in plain words: what happens, to whom, until when, asked by whom.

The same words and the same fingerprint stand before each approver: it is of everything the grant
allows and of everybody it is about. Names of patients open for an erasure alone, on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from serment.disclosure import Actor, NotYours, Purpose, containment
from serment.disclosure.containment import GrantState
from serment.identity import files, staff
from serment.identity.models import Role
from serment.web import field_words, wording
from serment.web.privacy.asking import ZONE

DIGEST_BYTES: Final = 32
_NAME: Final = ("given_name", "family_name", "birth_date")
_NAMED_MAX: Final = 10
USUAL: Final = 600
"""Persons an hour outside a care relation (the keeper's own budget)."""
_LIVE: Final = frozenset({"waiting", "good", "countdown"})


@dataclass(frozen=True, slots=True)
class Told:
    """One grant as a page shows it."""

    digest: str
    fingerprint: str
    """The first letters of the digest, in fours: what two people read to each other."""
    title: str
    sentence: str
    facts: list[tuple[str, str]]
    people: list[str]
    by: str
    until: str
    approved_by: list[str]
    missing: int
    good_from: str
    good: bool
    solo: bool
    state: str
    """``waiting``, ``good``, ``countdown``, ``done``, ``stopped``."""
    mine: bool
    """Did whoever reads already approve it?"""
    own: bool
    """Is it for whoever reads? Nobody approves that."""
    kind: str
    proposer: UUID
    names_closed: bool = field(default=False)
    lapsed: list[str] = field(default_factory=list)


def digest_in(sent: Mapping[str, str]) -> bytes | None:
    """The digest a form names."""
    try:
        found = bytes.fromhex(sent.get("empreinte", ""))
    except ValueError:
        return None
    return found if len(found) == DIGEST_BYTES else None


def told(
    actor: Actor, states: Sequence[GrantState], now: datetime, *, people: bool = False
) -> list[Told]:
    """Each in words; ``people``: with the names of those an erasure is about, opened on record."""
    members = {one for state in states for one in _members(state)}
    names = {one: known.name for one, known in staff.display_names(actor, members).items()}
    return [_told(actor, state, names, now, people=people) for state in states]


def _members(state: GrantState) -> Iterable[UUID]:
    yield state.proposed_by
    yield from state.approved_by
    yield from state.lapsed
    if state.target is not None:
        yield state.target


def _told(
    actor: Actor, state: GrantState, names: Mapping[UUID, str], now: datetime, *, people: bool
) -> Told:
    whose = _people(actor, state) if people else []
    target = _name(state.target, names)
    at = _state(state, now)
    return Told(
        digest=state.digest.hex(),
        fingerprint=" ".join(state.digest.hex()[place : place + 4] for place in range(0, 16, 4)),
        title=_title(state),
        sentence=_sentence(state, target),
        facts=_facts(state),
        people=whose,
        by=_name(state.proposed_by, names),
        until=_moment(state.not_after),
        approved_by=[_name(one, names) for one in state.approved_by],
        missing=0 if at != "waiting" else max(0, 2 - len(state.approved_by)),
        good_from=_moment(state.good_from) if state.good_from else "",
        good=state.good,
        solo=state.solo,
        state=at,
        mine=actor.id in state.approved_by,
        own=state.target == actor.id,
        kind=state.kind,
        proposer=state.proposed_by,
        names_closed=people and state.kind == "erase" and not whose,
        lapsed=[_name(one, names) for one in state.lapsed] if at in _LIVE else [],
    )


def _state(state: GrantState, now: datetime) -> str:
    if state.revoked:
        return "stopped"
    if state.used is not None:
        return "done"
    if state.good:
        return "good"
    counting = state.good_from is not None and state.good_from > now
    return "countdown" if counting else "waiting"


def _title(state: GrantState) -> str:
    if state.role == Role.TRUSTEE:
        return _("Nommer un tiers de confiance")
    titles = {
        "erase": _("Effacer un dossier"),
        "budget": _("Relever la limite d’une personne"),
        "role": _("Changer un rôle de responsable"),
        "bulk": _("Ouvrir des données en nombre"),
        "unfreeze": _("Lever un gel"),
    }
    return titles.get(state.kind, _("Un acte qui demande deux accords"))


def _sentence(state: GrantState, target: str) -> str:
    if state.kind == "erase":
        return _("Le dossier ne s’ouvrira plus, pour personne. Rien ne le fera revenir.")
    if state.kind == "budget":
        return _(
            "Jusqu’au %(until)s, %(who)s pourra ouvrir %(factor)d fois plus de dossiers que"
            " d’habitude : %(many)d personnes par heure au lieu de %(usual)d."
        ) % {
            "until": _moment(state.not_after), "who": target, "factor": state.factor,
            "many": state.factor * USUAL, "usual": USUAL,
        }  # fmt: skip
    if state.role == Role.TRUSTEE:
        return _(
            "%(who)s approuvera ou refusera de l’extérieur ce qui demande ici deux accords,"
            " sans ouvrir aucune donnée de patient."
        ) % {"who": target}
    if state.kind == "role":
        role = str(Role(state.role).label) if state.role in Role.values else state.role
        return _("%(who)s aura le rôle « %(role)s ».") % {"who": target, "role": role}
    if state.kind == "bulk":
        return _("Ces données s’ouvriront en une fois, pour %(why)s.") % {
            "why": field_words.purpose(state.purpose, of_others=True)
        }
    return _("Les termes exacts sont ci-dessous.")


def _facts(state: GrantState) -> list[tuple[str, str]]:
    """What the digest is of, as far as it is set."""
    facts = []
    if state.persons:
        count = ngettext("%(n)d personne", "%(n)d personnes", state.persons) % {"n": state.persons}
        facts.append((_("Concerne"), count))
    if state.fields:
        words = [field_words.word(name)[0] for name in state.fields]
        facts.append((_("Champs"), ", ".join(words)))
    if state.final_on is not None:
        on = wording.day(state.final_on.astimezone(ZONE).date(), year=True)
        facts.append((_("Définitif, sauvegardes comprises, le"), on))
    return facts


def _people(actor: Actor, state: GrantState) -> list[str]:
    """Names for an erasure; of more than ten, the first ten."""
    if state.kind != "erase" or state.used is not None or state.revoked:
        return []
    try:
        ids = containment.persons_of(actor, state.digest)[:_NAMED_MAX]
        opened = files.open(actor, ids, _NAME, Purpose.ADMINISTRATION)
    except NotYours:
        return []
    return [_person(opened[one]) for one in ids if one in opened]


def _person(values: Mapping[str, str]) -> str:
    name = f"{values['given_name']} {values['family_name']}".strip()
    born = wording.birth_date(values["birth_date"]) if values["birth_date"] else ""
    if not born:
        return name
    return _("%(name)s, date de naissance %(born)s") % {"name": name, "born": born}


def _name(member: UUID | None, names: Mapping[UUID, str]) -> str:
    return (names.get(member) if member else "") or _("Un membre de l’équipe")


def _moment(at: datetime) -> str:
    return wording.moment(at, ZONE)
