"""Why a disclosure happens: a closed list, each with the words a patient reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Purpose(TextChoices):
    """The purpose of one disclosure. ``label`` is what "Qui a ouvert mes données" shows."""

    BOOKING = "booking", _("prendre le rendez-vous")
    RECEPTION = "reception", _("accueil et secrétariat")
    AGENDA = "agenda", _("tenue de l’agenda")
    CARE = "care", _("soin")
    SELF = "self", _("consultation de ses propres données")
    MESSAGE = "message", _("envoi d’un message de rendez-vous")
    IMPORT = "import", _("reprise de données")
    SEARCH = "search", _("recherche d’un patient")
    IDENTITY = "identity", _("vérification d’une identité")
    ADMINISTRATION = "administration", _("gestion administrative")
    SIGN_IN = "sign_in", _("connexion")
    CONTINUITY = "continuity", _("fiche de continuité")
    EXPORT = "export", _("export de données")
    INCIDENT = "incident", _("enquête sur un incident")
    TRANSPARENCY = "transparency", _("consultation du registre des accès")


def label_of(purpose: str) -> str | _StrPromise:
    """The words of a purpose found in a record, even one of a newer release."""
    return Purpose(purpose).label if purpose in Purpose.values else purpose
