"""A receipt's words for the page that checks one in the browser, in the reader's language.

The script knows no language; it looks codes up here. A code without words is shown as it stands.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from serment.disclosure import all_sealed
from serment.identity.models import Role
from serment.web import field_words


def words() -> dict[str, Any]:
    """Everything ``receipt.js`` says."""
    return _labels() | _answers() | _codes()


def _labels() -> dict[str, str]:
    return {
        "when": _("Quand"),
        "what": _("Quoi"),
        "who": _("Qui"),
        "house": _("Établissement"),
        "why": _("Pourquoi"),
        "opened": _("Champs ouverts"),
        "none": _("aucun"),
        "through": _("Par quel programme, quelle connexion"),
        "signIn": _("Connexion"),
        "whose": _("Données de"),
        "nobody": _("personne en particulier"),
        "reason": _("Raison donnée"),
        "place": _("Place"),
        "placed": _("ligne {index} d’un registre de {size}"),
        "log": _("Registre"),
        "withheld": _("non montré dans ce reçu ; seule son empreinte y est"),
    }


def _answers() -> dict[str, Any]:
    return {
        "intact": _("Ce reçu est intact"),
        "intactMeans": _(
            "La ligne ci-dessous était au registre quand il a été signé, et elle disait cela."
        ),
        "keyOfSite": _(
            "Vérifié avec la clé que ce site donne aujourd’hui. Comparez-la avec celle que vous"
            " avez notée ou reçue autrement."
        ),
        "keyBrought": _("Vérifié avec la clé que vous avez apportée."),
        "drill": _("C’est le registre d’une démonstration, pas un vrai."),
        "wrong": _("Ce reçu ne tient pas"),
        "wrongMeans": _(
            "Gardez le fichier et la clé tels quels, et demandez pourquoi : au responsable des"
            " données du cabinet, ou à la CNIL."
        ),
        "unreadable": _("Rien n’a pu être vérifié"),
        "faults": {
            "form": _("Ce fichier n’est pas un reçu, ou il est abîmé."),
            "silent": _("Ce reçu ne dit pas quelle ligne il prouve."),
            "key": _("La clé n’est pas entière : elle se lit nom+chiffres+lettres, sans coupure."),
            "otherKey": _("Ce n’est pas cette clé qui a signé ce reçu."),
            "signature": _("La signature du registre est fausse."),
            "path": _(
                "Ce que dit ce reçu ne mène pas au registre signé : une ligne a été changée."
            ),
        },
    }


def _codes() -> dict[str, dict[str, str]]:
    names = {field.name for _model, field in all_sealed()}
    return {
        "kinds": {
            "read": _("champs ouverts"),
            "write": _("écriture"),
            "search": _("recherche ou liste"),
            "query": _("question sur qui a ouvert quoi"),
            "alarm": _("alarme du gardien"),
            "recovered": _("reprise du registre"),
        },
        "actors": {
            "patient": _("compte de patient"),
            "staff": _("membre de l’équipe"),
            "worker": _("envoi automatique"),
            "system": _("Serment"),
            "partner": _("logiciel partenaire"),
            "operator": _("hébergeur"),
        },
        "roles": {role.value: str(role.label) for role in Role},
        "subjects": {
            "patient": _("dossier"),
            "account": _("compte"),
            "staff": _("membre de l’équipe"),
        },
        "evidence": {
            "claimed": _("telle que le site l’a dite ; le gardien ne l’a pas vérifiée lui-même"),
            "verified": _("vérifiée par le gardien lui-même"),
        },
        "purposes": field_words.purposes(),
        "fields": {name: field_words.word(name)[0] for name in names}
        | {
            "found": _("dossier trouvé en cherchant"),
            "listed": _("liste des enregistrements"),
            "patient": _("à qui est un enregistrement"),
            "link": _("compte relié au dossier"),
            "errand": _("message autorisé pour plus tard"),
            "relation": _("relation de soin ouverte"),
            "acting": _("droit d’agir pour la personne, donné ou proposé"),
            "acting_ended": _("fin du droit d’agir pour la personne"),
            "kept": _("rendez-vous fermé aux proches"),
            "kept_no_more": _("rendez-vous rouvert aux proches"),
            "joined": _("dossiers réunis"),
            "parted": _("dossiers séparés de nouveau"),
            "told_apart": _("dossiers de deux personnes différentes"),
            "deleted": _("enregistrement effacé"),
            "break_glass": _("ouverture d’urgence"),
            "break_glass.life": _("une vie était en danger"),
            "break_glass.care": _("des soins ne pouvaient pas attendre"),
            "break_glass.asked": _("à la demande de la personne"),
            "break_glass.other": _("une autre raison"),
            "erased": _("données effacées"),
        },
    }
