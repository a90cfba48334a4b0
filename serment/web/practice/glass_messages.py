"""Telling of a broken glass by message: the person, and the officers of the establishment.

The tickets come from the keeper with the opening itself. What a message says is made while it is
sent: no name, no reason, a link to where the rest stands behind a sign-in.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language

from serment import clock
from serment.directory.models import Establishment, Site
from serment.disclosure import Actor, Purpose, gate, glass
from serment.disclosure.glass import Opened
from serment.identity import account_told, desk_codes, former_ways, rights
from serment.identity.models import PatientFile, Role, StaffMember
from serment.outbox import post, registry, rendering
from serment.outbox.models import Message, State
from serment.web.practice import team

PERSON = "glass"
OFFICER = "glass_officer"
WAITS = "grant_waits"
"""In a practice of one: something takes effect in three days unless somebody stops it."""
KEEPING = "keeping_shorter"
"""A manager decided to delete past visits sooner; it begins in a week, and nobody undoes it."""

_OF_CODES = (account_told.SECOND, account_told.BACK)

TOLD_MAX = 20
OFFICERS = (Role.MANAGER, Role.PRIVACY_OFFICER, Role.SECURITY_OFFICER)


def register() -> None:
    """Tell the outbox what these messages are about; when the application starts."""
    registry.register(PERSON, _of_file)
    registry.register(OFFICER, _of_officer)
    registry.register(WAITS, _of_colleague)
    registry.register(KEEPING, _of_manager)


def to_tell(actor: Actor) -> list[UUID]:
    """Officers of the actor's house who can be written to, the actor left out."""
    return reachable(actor, OFFICERS)


def reachable(actor: Actor, roles: Collection[Role] = tuple(Role)) -> list[UUID]:
    """Those of the actor's house who have an address, the actor left out."""
    found = StaffMember.objects.filter(
        establishment_id=team.establishment_of(actor),
        active=True,
        email__isnull=False,
        role__in=roles,
    ).exclude(pk=actor.id)
    return list(found.order_by("pk").values_list("pk", flat=True)[:TOLD_MAX])


def tell(actor: Actor, file_id: UUID, opened: Opened) -> bool:
    """Put the messages into the outbox; whether the person has an address to be told at."""
    here = actor.establishment
    assert here is not None  # noqa: S101 -- a member of staff works somewhere
    for officer, ticket in opened.to_staff.items():
        post.again(OFFICER, officer, here, ticket)
    said = Q(email__isnull=False) | Q(safe_contact__isnull=False)  # a safe way may be the only one
    reached = PatientFile.objects.filter(said, pk=file_id).exists()
    # Without an address of any kind it becomes a letter at the desk: nobody is left untold.
    post.again(PERSON, file_id, here, opened.to_person)
    return _tell_former(actor, file_id) or reached


def posted_by(actor: Actor, chosen: Sequence[UUID]) -> tuple[list[UUID], list[UUID]]:
    """Which of these messages this person may say to have posted, and which not: what tells of an
    emergency, or of a code of the desk, is posted by somebody else than who broke the glass or
    handed the code out, where somebody else is."""
    here = team.establishment_of(actor)
    rows = Message.objects.filter(
        establishment_id=here, kind__in=(PERSON, *_OF_CODES), pk__in=chosen, state=State.WAITING
    ).values_list("pk", "record_id", "kind")
    glasses = {pk: file for pk, file, kind in rows if kind == PERSON}
    codes = {pk: file for pk, file, kind in rows if kind != PERSON}
    if not (glasses or codes) or not _others_post(actor, here):
        return list(chosen), []
    broke = {one.file for one in glass.broken(actor) if one.by == actor.id} if glasses else set()
    handed = desk_codes.handed_by(actor, codes.values()) if codes else set()
    kept_back = [one for one in chosen if glasses.get(one) in broke or codes.get(one) in handed]
    return [one for one in chosen if one not in kept_back], kept_back


def _others_post(actor: Actor, here: UUID) -> bool:
    roles = [role for role in Role if rights.Act.PRINT_CARD in rights.ACTS_OF[role]]
    return (
        StaffMember.objects.filter(establishment_id=here, active=True, role__in=roles)
        .exclude(pk=actor.id)
        .exists()
    )


def tell_changed(actor: Actor, file_id: UUID) -> None:
    """The address was changed while the message of an emergency still waited for its minute: it
    would go to the new one alone."""
    here = actor.establishment
    assert here is not None  # noqa: S101 -- a member of staff works somewhere
    waits = Message.objects.filter(
        establishment_id=here, record_id=file_id, kind=PERSON, state=State.WAITING
    )
    if waits.exists():
        _tell_former(actor, file_id)


def _tell_former(actor: Actor, file_id: UUID) -> bool:
    """Where they were written to until staff changed it, in words that name nothing."""
    facts = _of_file(file_id)
    if facts is None:
        return False
    neutrally = registry.Way("mail", neutral=True)
    letter = rendering.letter(PERSON, facts, get_language() or "fr", neutrally)
    return former_ways.tell(actor, file_id, letter, clock.now())


def tell_countdown(actor: Actor) -> None:
    """Write to everybody who works in a practice of one: any of them may stop what waits."""
    _tell_colleagues(actor, WAITS, [*reachable(actor), actor.id])


def tell_keeping(actor: Actor) -> None:
    """Write to the officers, and to the manager in whose name it was decided: it may not have been
    them, and what the night deletes comes back for nobody."""
    _tell_colleagues(actor, KEEPING, [*reachable(actor, OFFICERS), actor.id])


def _tell_colleagues(actor: Actor, kind: str, colleagues: Sequence[UUID]) -> None:
    here, now = actor.establishment, clock.now()
    assert here is not None  # noqa: S101 -- a member of staff works somewhere
    for colleague in colleagues:
        until = now + timedelta(days=post.SENDING_DAYS_MAX)
        ticket = gate.errand(
            actor, colleague, ["staff.email"], Purpose.MESSAGE, now - timedelta(minutes=5), until
        )
        post.again(kind, colleague, here, ticket)


def _of_file(file_id: UUID) -> registry.Facts | None:
    file = PatientFile.objects.filter(pk=file_id).first()
    there = reverse("patient:opened")  # the very page the message speaks of
    return None if file is None else facts_of_house(file.establishment_id, there)


def _of_officer(member: UUID) -> registry.Facts | None:
    return _of_member(member, reverse("glasses"))


def _of_colleague(member: UUID) -> registry.Facts | None:
    return _of_member(member, reverse("practice:waiting"))


def _of_manager(member: UUID) -> registry.Facts | None:
    decides = StaffMember.objects.filter(pk=member, role=Role.MANAGER).exists()
    return _of_member(member, reverse("practice:keeping") if decides else "")


def _of_member(member: UUID, link: str) -> registry.Facts | None:
    found = StaffMember.objects.filter(pk=member, active=True).first()
    return None if found is None else facts_of_house(found.establishment_id, link)


def facts_of_house(establishment: UUID, link: str) -> registry.Facts:
    """Whose house it is, its telephone, and where to read on; the hour is the message's own."""
    house = Establishment.objects.get(pk=establishment)
    site = Site.objects.filter(establishment_id=establishment).order_by("name", "id").first()
    return registry.Facts(
        starts_at=clock.now(),
        timezone=site.timezone if site else "Europe/Paris",
        with_whom=house.name,
        phone=site.phone if site else "",
        link=link,
    )
