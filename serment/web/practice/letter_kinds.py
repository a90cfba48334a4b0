"""What a letter is about, by the kind of its message: each kind says how it reaches whoever has no
e-mail. A test holds this against every kind the outbox knows; none is skipped in silence.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from serment.identity import account_told
from serment.outbox import post, registry
from serment.scheduling import inviting
from serment.web.practice import glass_messages, trustee_messages

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class About(StrEnum):
    """What the message's record is, and so what the desk can print for it."""

    VISIT = "visit"
    FILE = "file"
    PROMPT = "prompt"
    """No letter: it would come too late. Of a freed hour the waiting list tells whom to call."""
    COLLEAGUE = "colleague"
    """No letter: who works here reads it on their own pages, and is only written to by e-mail."""


KINDS: Final[dict[str, tuple[About, _StrPromise]]] = {
    post.CONFIRMATION: (About.VISIT, _("Confirmation")),
    post.CANCELLATION: (About.VISIT, _("Annulation")),
    post.MOVE: (About.VISIT, _("Changement d’heure")),
    registry.MISSED: (About.VISIT, _("Rendez-vous manqué")),
    registry.REMINDER: (About.PROMPT, _("Rappel")),
    registry.OFFER: (About.PROMPT, _("Heure libérée")),
    inviting.KIND: (About.PROMPT, _("Invitation")),
    glass_messages.PERSON: (About.FILE, _("Dossier ouvert en urgence")),
    account_told.SECOND: (About.FILE, _("Un code de plus a été remis")),
    account_told.BACK: (About.FILE, _("Un compte est redemandé")),
    account_told.ACTING: (About.FILE, _("Quelqu’un est invité à agir")),
    account_told.ACTING_OVER: (About.FILE, _("Quelqu’un n’agit plus")),
    glass_messages.OFFICER: (About.COLLEAGUE, _("Urgence à vérifier")),
    glass_messages.WAITS: (About.COLLEAGUE, _("Acte en attente")),
    glass_messages.KEEPING: (About.COLLEAGUE, _("Effacement décidé")),
    trustee_messages.ASKED: (About.COLLEAGUE, _("Accord demandé")),
    trustee_messages.APPROVED: (About.COLLEAGUE, _("Accord donné")),
    trustee_messages.REFUSED: (About.COLLEAGUE, _("Accord refusé")),
    trustee_messages.ENDED: (About.COLLEAGUE, _("Mission finie")),
}


def word(kind: str) -> _StrPromise | str:
    """What the list calls it."""
    return KINDS[kind][1] if kind in KINDS else kind


def is_about_file(kind: str) -> bool:
    """Is the record a patient's file itself?"""
    return kind in KINDS and KINDS[kind][0] is About.FILE
