"""Alarms in words: what happened, and what an officer can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

FAMILIES: Final[dict[str, _StrPromise]] = {
    "budget": _("Trop d’ouvertures"),
    "glass": _("Ouvertures en urgence"),
    "freeze": _("Gels"),
    "key": _("Clés professionnelles"),
    "team": _("Équipe"),
    "machine": _("Machine"),
}

GRAVE: Final = frozenset(
    {"budget.actor.hour", "budget.actor.day", "budget.client.hour", "budget.client.day",
     "frozen.session", "break_glass", "glass_overdue", "glass_abusive", "passkey_count",
     "officer_read"}
)  # fmt: skip
"""What asks for a look today; the rest is told so that it can be found."""

_WORDS: Final[dict[str, tuple[_StrPromise, _StrPromise, str]]] = {
    "budget.actor": (
        _("Beaucoup plus de dossiers que d’habitude"),
        _(
            "Cette personne a atteint sa limite : la suite a été refusée."
            " Demandez-lui pourquoi ; en cas de doute, gelez ses connexions."
        ),
        "budget",
    ),
    "budget.client": (
        _("Un programme a ouvert trop de dossiers"),
        _("Il a atteint sa limite : la suite lui a été refusée."),
        "budget",
    ),
    "budget.process": (
        _("Les pages ouvrent plus de dossiers que d’habitude"),
        _("Les soins continuent, au ralenti. Prévenez qui héberge Serment."),
        "budget",
    ),
    "budget.establishment": (
        _("L’établissement ouvre plus de dossiers que d’habitude"),
        _("Les soins continuent, au ralenti. Regardez qui ouvre le plus dans « Accès »."),
        "budget",
    ),
    "budget.sign_in": (
        _("Beaucoup de connexions de patients"),
        _("Elles continuent, au ralenti. Prévenez qui héberge Serment."),
        "budget",
    ),
    "officer_read": (
        _("Un responsable a lu le registre très souvent"),
        _("Le registre dit qui a ouvert quoi, sans dire de qui. Demandez-lui pourquoi."),
        "budget",
    ),
    "break_glass": (
        _("Un dossier ouvert en urgence"),
        _(
            "La personne est prévenue si elle a un e-mail."
            " La justification se lit dans « Urgences »."
        ),
        "glass",
    ),
    "glass_overdue": (
        _("Une ouverture en urgence sans justification depuis trois jours"),
        _("Demandez-la, ou jugez l’ouverture abusive dans « Urgences »."),
        "glass",
    ),
    "glass_abusive": (
        _("Une ouverture en urgence jugée abusive"),
        _("C’est une violation de données : documentez-la, et voyez si elle se notifie."),
        "glass",
    ),
    "frozen.session": (
        _("Le gardien a gelé une connexion"),
        _(
            "Vingt refus en une heure. Le gel passe seul au bout d’une heure ;"
            " gelez la personne si vous avez un doute."
        ),
        "freeze",
    ),
    "passkey_enrolled": (
        _("Une nouvelle clé professionnelle"),
        _(
            "Elle compte dans un jour, celle qui remplace la clé d’un responsable dans trois."
            " Si cette personne n’a rien ajouté, arrêtez la clé et gelez ses connexions."
        ),
        "key",
    ),
    "officer_by_word": (
        _("Un second responsable, sans deux accords"),
        _(
            "Sa clé compte dans trois jours. Si personne ne l’a nommé ici, arrêtez-la avant"
            " et prévenez l’équipe."
        ),
        "team",
    ),
    "passkey_vouched": (
        _("Une clé confirmée par un collègue"),
        _("Elle compte dès maintenant."),
        "key",
    ),
    "passkey_revoked": (_("Une clé arrêtée"), _("Ses sessions sont finies."), "key"),
    "passkey_count": (
        _("Une clé qui a peut-être été copiée"),
        _("Son compteur a reculé : arrêtez cette clé, la personne en ajoutera une autre."),
        "key",
    ),
    "staff_ended": (_("Un départ"), _("Plus rien ne s’ouvre pour cette personne."), "team"),
    "staff_role": (
        _("Un rôle changé"),
        _("Un rôle de responsable ne change qu’avec deux accords."),
        "team",
    ),
    "solo": (
        _("Ce cabinet n’a qu’un responsable"),
        _("Ce qui demande deux accords prend effet après 72 heures, et chacun peut l’arrêter."),
        "team",
    ),
    "solo.gone": (
        _("Ce cabinet a de nouveau deux responsables"),
        _("Ce qui demande deux accords en demande deux."),
        "team",
    ),
    "continuity_key": (
        _("Une clé de fiches de continuité a changé"),
        _("Si personne n’en a créé, prévenez qui héberge Serment."),
        "machine",
    ),
    "clock.difference": (
        _("L’horloge de la machine est décalée"),
        _("Prévenez qui héberge Serment : les heures du registre s’en ressentent."),
        "machine",
    ),
}


def of(word: str) -> tuple[str, str, str]:
    """Title, what to do, and family of an alarm; one of a newer release says its own word."""
    found = next((_WORDS[one] for one in _beginnings(word) if one in _WORDS), None)
    if found is None:
        return word, "", "machine"
    return str(found[0]), str(found[1]), found[2]


def _beginnings(word: str) -> list[str]:
    """The whole word, then without its last parts."""
    parts = word.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
