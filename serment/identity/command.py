"""``serment practice``: a new house, its first manager and officers; a way back for a house of one.

At the shell, where whoever has it may do more than any account: nobody else could make the first.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer
from django.db import transaction
from django.utils.text import slugify

from serment import clock, ids
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import SYSTEM, passkeys
from serment.disclosure.oversight import OPERATOR
from serment.english import english
from serment.errors import SermentError, Unusable
from serment.identity import addresses, invitations, means, names, staff
from serment.identity.lookup import actor_id_of
from serment.identity.models import Role, StaffMember

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")]
Name = Annotated[str, typer.Option("--manager", help="Given name and family name.")]
Officer = Annotated[str, typer.Option("--name", help="Given name and family name.")]
Mail = Annotated[str, typer.Option("--email", help="That person's own address.")]


class Office(StrEnum):
    """Roles that colleagues give by two, where there are two already."""

    PRIVACY = Role.PRIVACY_OFFICER.value
    SECURITY = Role.SECURITY_OFFICER.value


class SlugTaken(Unusable):
    """There is an establishment of this slug already; choose another with --slug."""


class NoSuchHouse(Unusable):
    """No establishment has this slug: serment practice list names them."""


class NotOfThisHouse(Unusable):
    """Nobody of this establishment signs in with this address."""


class NameIncomplete(Unusable):
    """Write given name and family name, as "Ada Lovelace"."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    practice = typer.Typer(
        no_args_is_help=True, help="Establishments: make one, invite its managers."
    )
    practice.command(
        short_help="Make an establishment and invite its first manager.",
        epilog='Example: serment practice add "Cabinet du Lac" --manager "Ada Lovelace"'
        " --email ada@example.fr",
    )(add)
    practice.command(
        short_help="Invite one more manager, where none can sign in any more.",
        epilog='Example: serment practice manager cabinet-du-lac --manager "Ada Lovelace"'
        " --email ada@example.fr",
    )(manager)
    practice.command(
        short_help="Invite an officer, where no two could approve one.",
        epilog="Example: serment practice officer cabinet-du-lac privacy_officer"
        ' --name "Ada Lovelace" --email ada@example.fr',
    )(officer)
    practice.command(
        short_help="A way back for somebody who lost all they sign in with.",
        epilog="Example: serment practice back cabinet-du-lac --email ada@example.fr",
    )(back)
    practice.command(
        "list", short_help="Slugs of all establishments.", epilog="Example: serment practice list"
    )(listed)
    app.add_typer(practice, name="practice")


def add(
    house: Annotated[str, typer.Argument(help="The name patients read.")],
    manager: Name,
    email: Mail,
    kind: Annotated[
        Establishment.Kind, typer.Option(help="What sort of house it is.")
    ] = Establishment.Kind.PRACTICE,
    slug: Annotated[str, typer.Option(help="In addresses; made from the name.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make an establishment, and print the one link by which its first manager comes in.

    The link is good once, for two weeks: hand it over yourself. Nothing is sent.
    """
    wanted = slug or slugify(house)[:80]
    if not wanted or not house.strip():
        raise Unusable("Write the establishment's name.")
    if Establishment.objects.filter(slug=wanted).exists():
        raise SlugTaken
    made = Establishment(id=ids.new_id(), slug=wanted, name=house.strip()[:120], kind=kind)
    with transaction.atomic():
        with tenancy.inside(tenant=made.pk):
            made.save(force_insert=True)
        link = _invited(made, manager, email, Role.MANAGER)
    _say({"establishment": wanted, "id": str(made.pk), "link": link}, link, as_json)


def manager(
    slug: Annotated[str, typer.Argument(help="Slug of the establishment.")],
    manager: Name,
    email: Mail,
    as_json: AsJson = False,
) -> None:
    """Invite a manager of an establishment that has none who can sign in. On record."""
    with transaction.atomic():
        link = _invited(_house(slug), manager, email, Role.MANAGER)
    _say({"establishment": slug, "link": link}, link, as_json)


def officer(
    slug: Annotated[str, typer.Argument(help="Slug of the establishment.")],
    office: Annotated[Office, typer.Argument(help="What they answer for.")],
    name: Officer,
    email: Mail,
    as_json: AsJson = False,
) -> None:
    """Invite the first officers: an officer's role takes the approval of two. On record."""
    with transaction.atomic():
        link = _invited(_house(slug), name, email, Role(office.value))
    _say({"establishment": slug, "link": link}, link, as_json)


def back(
    slug: Annotated[str, typer.Argument(help="Slug of the establishment.")],
    email: Mail,
    as_json: AsJson = False,
) -> None:
    """Take all factors, keys and sessions of a member, and print the link to choose new ones.

    For a house of one person: elsewhere two colleagues do it on their own page. Make sure by voice
    who asks: this command is a thief's dearest wish.
    """
    house, now = _house(slug), clock.now()
    member_id = actor_id_of(addresses.normalise(email))
    with transaction.atomic(), tenancy.inside(tenant=house.pk):
        found = StaffMember.objects.filter(active=True)
        member = None if member_id is None else found.filter(pk=member_id).first()
        if member is None or member.account_id is None:
            raise NotOfThisHouse
        # Ended and given back: the keeper's own keys of this person are revoked with it.
        passkeys.end_staff(OPERATOR, member.pk)
        passkeys.give_role(OPERATOR, member.pk, member.role)
        means.forget_all(member.account_id)
        link = invitations.for_operator(house.pk, member, now)
    _say({"establishment": slug, "link": link}, link, as_json)


def listed(as_json: AsJson = False) -> None:
    """Slug and name of every establishment."""
    rows = list(Establishment.objects.order_by("slug").values_list("slug", "name"))
    if as_json:
        typer.echo(json.dumps([{"slug": one, "name": name} for one, name in rows]))
        return
    for one, name in rows:
        typer.echo(f"{one}  {name}")


def _invited(house: Establishment, shown: str, email: str, role: Role) -> str:
    """The member's row, inactive until the link is taken, and the link."""
    given, _blank, family = shown.strip().rpartition(" ")
    try:
        values: dict[str, str | None] = {
            "given_name": names.normalise(given),
            "family_name": names.normalise(family),
            "email": addresses.normalise(email),
        }
    except SermentError as wrong:
        if not given or not family:
            raise NameIncomplete from wrong
        raise Unusable(english(wrong.sentence)) from wrong
    now = clock.now()
    with tenancy.inside(tenant=house.pk):
        member = staff.create(SYSTEM, house.pk, role, values, since=now.date())
        StaffMember.objects.filter(pk=member.pk).update(active=False)
        passkeys.give_role(OPERATOR, member.pk, role)
        return invitations.for_operator(house.pk, member, now)


def _house(slug: str) -> Establishment:
    found = Establishment.objects.filter(slug=slug).first()
    if found is None:
        raise NoSuchHouse
    return found


def _say(told: dict[str, str], link: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    typer.echo(f"Establishment: {told['establishment']}")
    typer.echo(f"Hand this link over yourself; it is good once, for two weeks:\n{link}")
