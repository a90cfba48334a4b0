"""What each role may do, declared once. Pure.

A right is an act, not a page: doors name the act they perform; what is undeclared is refused.
"""

from __future__ import annotations

from enum import StrEnum

from serment.disclosure import Actor
from serment.errors import NotThere
from serment.identity.models import Role


class Act(StrEnum):
    """Acts on the practice side."""

    SEE_AGENDA = "see_agenda"
    OPEN_AGENDA_NAMES = "open_agenda_names"
    OPEN_AGENDA_REASONS = "open_agenda_reasons"
    READ_ANSWERS = "read_answers"
    """What somebody answered before a visit: for those who care, not for the desk."""
    FIND_PATIENT = "find_patient"
    OPEN_PATIENT = "open_patient"
    WRITE_PATIENT = "write_patient"
    MERGE_FILES = "merge_files"
    """Make two files one person, and undo it: it shows each one's history to the other's owner."""
    BOOK = "book"
    CANCEL = "cancel"
    PRINT_CARD = "print_card"
    TAKE_SHEET = "take_sheet"
    """The sealed continuity sheet of a site, to keep outside."""
    BREAK_GLASS = "break_glass"
    """Opening a file past the limits in an emergency; told at once, justified afterwards."""
    CONTAIN = "contain"
    """Alarms, freezes, and what two people approve; broken glass judged."""
    SEE_DISCLOSURES = "see_disclosures"
    """Single lines of the establishment's record, with their receipts."""
    COUNT_DISCLOSURES = "count_disclosures"
    """Of the whole establishment, by day and by actor: counts, nobody's name but the actors'."""
    IMPORT = "import"
    SET_OPENINGS = "set_openings"
    MANAGE_STAFF = "manage_staff"
    SEE_STAFF = "see_staff"
    """Who works here, with which rights since when, and when they were last looked at."""
    STOP_DEVICES = "stop_devices"
    """A colleague's lost telephone: its keys and all open sessions."""
    SECOND = "second"
    """From outside: the second word on what waits in a practice of one."""
    GIVE_BACK = "give_back"
    """Confirming, as the second person, that a colleague who lost everything is who they say."""
    OWN_PASSKEYS = "own_passkeys"
    """One's own, and saying whose a colleague's is: everybody who works somewhere."""


class NotAllowed(NotThere):
    """Cette page n’existe pas, ou ne vous est pas ouverte."""


_EVERYBODY = frozenset({Act.OWN_PASSKEYS})

_DESK = _EVERYBODY | frozenset(
    {
        Act.GIVE_BACK,
        Act.SEE_AGENDA,
        Act.OPEN_AGENDA_NAMES,
        Act.OPEN_AGENDA_REASONS,
        Act.FIND_PATIENT,
        Act.OPEN_PATIENT,
        Act.WRITE_PATIENT,
        Act.BOOK,
        Act.CANCEL,
        Act.PRINT_CARD,
        Act.TAKE_SHEET,
        Act.BREAK_GLASS,
    }
)

OFFICERS: frozenset[Role] = frozenset({Role.MANAGER, Role.PRIVACY_OFFICER, Role.SECURITY_OFFICER})
"""Who approves for all; two people decide who becomes one (the keeper's own rule)."""

DECIDING: frozenset[Role] = OFFICERS | {Role.TRUSTEE}
"""Roles that wait for approval before they open anything."""

_OFFICER = _EVERYBODY | frozenset({Act.SEE_STAFF, Act.STOP_DEVICES, Act.GIVE_BACK})

ACTS_OF: dict[Role, frozenset[Act]] = {
    Role.SECRETARY: _DESK | {Act.IMPORT},
    Role.PRACTITIONER: _DESK | {Act.SET_OPENINGS, Act.MERGE_FILES, Act.READ_ANSWERS},
    Role.SUBSTITUTE: _DESK | {Act.SET_OPENINGS, Act.READ_ANSWERS},
    Role.TRAINEE: _EVERYBODY | frozenset({Act.SEE_AGENDA, Act.OPEN_AGENDA_NAMES}),
    Role.TRUSTEE: _EVERYBODY | frozenset({Act.SECOND}),
    Role.MANAGER: _OFFICER
    | frozenset(
        {
            Act.SEE_AGENDA,
            Act.TAKE_SHEET,
            Act.IMPORT,
            Act.SET_OPENINGS,
            Act.MANAGE_STAFF,
            Act.CONTAIN,
            Act.SEE_DISCLOSURES,
        }
    ),
    Role.PRIVACY_OFFICER: _OFFICER
    | frozenset({Act.CONTAIN, Act.SEE_DISCLOSURES, Act.COUNT_DISCLOSURES}),
    Role.SECURITY_OFFICER: _OFFICER
    | frozenset({Act.CONTAIN, Act.SEE_DISCLOSURES, Act.COUNT_DISCLOSURES}),
}


def may(actor: Actor, act: Act) -> bool:
    """Whether this actor's role includes the act, at the actor's own establishment."""
    if actor.kind != "staff" or actor.role not in Role.values or actor.establishment is None:
        return False
    return act in ACTS_OF.get(Role(actor.role), frozenset())


def require(actor: Actor, act: Act) -> None:
    """Raise ``NotAllowed``, which looks like a missing page, unless the actor may."""
    if not may(actor, act):
        raise NotAllowed
