"""The line to the keeper: builds requests for an actor, turns its answers into our errors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.disclosure import patience
from serment.disclosure.actors import Actor
from serment.errors import Broken, NotThere, Refused, Unusable
from serment.ids import new_id
from serment.keeper.client import Client, Denied, Unreachable
from serment.keeper.wire import ActorWire, FrameRefused, Request, raw

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Answer = TypeVar("Answer", bound=msgspec.Struct)


class KeeperUnavailable(Broken):
    """Le gardien des données ne répond pas. Rien n’a été ouvert ni perdu."""


class NotYours(NotThere):
    """Cette page n’existe pas, ou ne vous est pas ouverte."""


class AssertionNeeded(Refused):
    """Confirmez cet acte avec votre clé professionnelle."""


class TwoNeeded(Refused):
    """Cet acte demande l’accord de deux responsables."""


class AccessFrozen(Refused):
    """Cet accès est gelé par un responsable ou par une alarme."""


class TooManyFiles(Refused):
    """Beaucoup de dossiers ont été ouverts en peu de temps."""


class OpeningSlowed(Refused):
    """Beaucoup de dossiers s’ouvrent en même temps."""


class SessionEnded(Refused):
    """Votre session est terminée. Connectez-vous de nouveau."""


client = Client(lambda: str(settings.KEEPER_SOCKET))


def process_name() -> str:
    """How this process is called in the record: its part and its number."""
    return f"{getattr(settings, 'PROCESS_NAME', 'web')}-{os.getpid()}"


def ask(  # noqa: PLR0913 -- the parts of the envelope, each by name
    op: str,
    actor: Actor,
    answer: type[Answer],
    body: msgspec.Struct,
    *,
    purpose: str = "",
    tenant: UUID | None = None,
    errand: bytes = b"",
    grant: bytes = b"",
    recipient: str = "",
) -> Answer:
    """One call. KeeperUnavailable, NotYours, SessionEnded or Unusable when it fails."""
    try:
        packed = raw(body)
    except (UnicodeEncodeError, OverflowError) as unspeakable:
        # Half a surrogate pair, or a number of more than 64 bits: no wire carries it.
        raise Unusable(_("Cette demande contient des signes illisibles.")) from unspeakable
    request = Request(
        id=new_id().bytes,
        op=op,
        actor=ActorWire(
            actor.kind,
            actor.id.bytes,
            actor.role,
            None if actor.establishment is None else actor.establishment.bytes,
        ),
        purpose=purpose,
        client=actor.client,
        process=process_name(),
        session=actor.session,
        capability=actor.capability,
        tenant=None if tenant is None else tenant.bytes,
        errand=errand,
        grant=grant,
        recipient=recipient,
        body=packed,
    )
    try:
        return patience.call(client, request, answer)
    except Unreachable as down:
        raise KeeperUnavailable(
            _(
                "Le gardien des données ne répond pas. Rien n’a été ouvert ni perdu ;"
                " réessayez dans une minute."
            )
        ) from down
    except FrameRefused as unusable:
        raise Unusable(_("Cette demande est trop grande.")) from unusable
    except Denied as no:
        raise refusal(no.why) from no


_REFUSALS: Final[dict[str, tuple[type[Refused], _StrPromise]]] = {
    "session": (
        SessionEnded,
        gettext_lazy("Votre session est terminée. Connectez-vous de nouveau."),
    ),
    "refused": (NotYours, gettext_lazy("Cette page n’existe pas, ou ne vous est pas ouverte.")),
    "assertion": (
        AssertionNeeded,
        gettext_lazy("Confirmez cet acte avec votre clé professionnelle."),
    ),
    "grant": (
        TwoNeeded,
        gettext_lazy("Cet acte demande d’abord l’accord de deux responsables."),
    ),
    "frozen": (
        AccessFrozen,
        gettext_lazy(
            "Cet accès est gelé : rien n’a été ouvert. Le responsable de la protection des"
            " données de l’établissement peut dire pourquoi et lever le gel."
        ),
    ),
    "budget": (
        TooManyFiles,
        gettext_lazy(
            "Vous avez ouvert beaucoup de dossiers en peu de temps : celui-ci n’a pas été"
            " ouvert. En cas d’urgence, la page du dossier permet de"
            " l’ouvrir tout de suite ; sinon, deux responsables peuvent relever la limite."
        ),
    ),
    "busy": (
        OpeningSlowed,
        gettext_lazy(
            "Beaucoup de dossiers s’ouvrent en même temps : celui-ci n’a pas été ouvert."
            " Réessayez dans quelques secondes."
        ),
    ),
}


def refusal(why: str) -> Refused:
    """What the keeper's word for a refusal is here; not raised."""
    if why not in _REFUSALS:
        return Unusable(_("Le gardien des données ne peut pas utiliser cette demande."))
    kind, sentence = _REFUSALS[why]
    return kind(str(sentence))
