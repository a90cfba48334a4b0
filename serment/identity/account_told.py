"""Told of a file to its person: a code was handed out for it, its account asked back, a desk let
somebody act for them or ended it.

As every message it goes the way that the file's person named, and says no more than they want.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language

from serment import clock
from serment.directory.models import Establishment, Site
from serment.disclosure import Actor, Purpose
from serment.identity import former_ways
from serment.identity.models import PatientFile
from serment.outbox import post, registry, rendering

SECOND: Final = "second_account"
BACK: Final = "account_back"
ACTING: Final = "acting_offered"
ACTING_OVER: Final = "acting_over"


def register() -> None:
    """Tell the outbox what these messages are about; when the application starts."""
    for kind in (SECOND, BACK, ACTING, ACTING_OVER):
        registry.register(kind, _of_file)


def tell(kind: str, actor: Actor, file: PatientFile, now: datetime) -> None:
    """By a letter at the desk where there is no address. The transaction stands in its house.

    Who will sign in to read the file is told to where its person was written to until staff
    changed it, too: whoever changes an address first keeps it from nobody.
    """
    ticket = post.sign(actor, file.pk, now)
    post.again(kind, file.pk, file.establishment_id, ticket)
    facts = _of_file(file.pk)
    if kind in (SECOND, BACK) and facts is not None:
        neutrally = registry.Way("mail", neutral=True)
        letter = rendering.letter(kind, facts, get_language() or "fr", neutrally)
        purpose = Purpose.SELF if actor.kind == "patient" else Purpose.RECEPTION
        former_ways.tell(actor, file.pk, letter, now, purpose)


def _of_file(file_id: UUID) -> registry.Facts | None:
    file = PatientFile.objects.filter(pk=file_id).first()
    if file is None:
        return None
    house = Establishment.objects.get(pk=file.establishment_id)
    site = Site.objects.filter(establishment_id=house.pk).order_by("name", "id").first()
    return registry.Facts(
        starts_at=clock.now(),
        timezone=site.timezone if site else "Europe/Paris",
        with_whom=house.name,
        phone=site.phone if site else "",
        link=settings.LOGIN_REDIRECT_URL,
    )
