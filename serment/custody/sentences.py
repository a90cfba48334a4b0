"""What a person reads about a line or an event that was not taken; never what stood there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

FIELD_NAMES: dict[str, _StrPromise] = {
    "family_name": gettext_lazy("nom"),
    "given_name": gettext_lazy("prénom"),
    "birth_name": gettext_lazy("nom de naissance"),
    "birth_date": gettext_lazy("date de naissance"),
    "sex": gettext_lazy("sexe"),
    "phone": gettext_lazy("téléphone"),
    "email": gettext_lazy("adresse e-mail"),
    "address": gettext_lazy("adresse"),
    "source_reference": gettext_lazy("numéro de dossier"),
}

COLUMN_NAMES: dict[str, _StrPromise] = {
    "name": gettext_lazy("nom (en usage ; de naissance, à côté d’une colonne « nom d’usage »)"),
    "used_name": gettext_lazy("nom d’usage"),
    "birth_name": gettext_lazy("nom de naissance"),
    "given_name": gettext_lazy("prénom"),
    "full_name": gettext_lazy("nom et prénom ensemble"),
    "birth_date": gettext_lazy("date de naissance"),
    "sex": gettext_lazy("sexe"),
    "phone": gettext_lazy("téléphone"),
    "mobile": gettext_lazy("téléphone portable (préféré à l’autre)"),
    "email": gettext_lazy("adresse e-mail"),
    "address": gettext_lazy("adresse"),
    "address_more": gettext_lazy("complément d’adresse"),
    "postcode": gettext_lazy("code postal"),
    "city": gettext_lazy("ville"),
    "source_reference": gettext_lazy("numéro de dossier"),
}

_OF_FAULT: dict[str, _StrPromise] = {
    "missing": gettext_lazy("Cette colonne est vide ; elle est nécessaire."),
    "too_many_cells": gettext_lazy(
        "Cette ligne a plus de colonnes que l’en-tête : un séparateur de trop, sans doute."
    ),
    "too_long": gettext_lazy("Ce texte est trop long pour cette colonne."),
    "letters_lost": gettext_lazy(
        "Des lettres ont été perdues dans l’ancien logiciel ; corrigez-les dans le fichier."
    ),
    "date_unknown_form": gettext_lazy("Cette date n’est pas lisible ; écrivez-la 12/03/1961."),
    "date_not_in_calendar": gettext_lazy("Cette date n’existe pas dans le calendrier."),
    "date_without_day": gettext_lazy("Le jour ou le mois manque ; demandez-les à la personne."),
    "date_to_come": gettext_lazy("La date de naissance est dans le futur."),
    "date_too_old": gettext_lazy("Cette date remonte à plus de 130 ans : vérifiez l’année."),
    "sex_unknown": gettext_lazy("Écrivez F, M, ou laissez vide."),
    "phone_unusable": gettext_lazy("Ce numéro de téléphone n’est pas lisible."),
    "phone_rounded": gettext_lazy(
        "Le tableur a arrondi ce numéro ; mettez la colonne au format texte et exportez à nouveau."
    ),
    "event_unusable": gettext_lazy("Cet événement ne suit pas le format iCalendar."),
    "no_start": gettext_lazy("Cet événement n’a pas de date de début."),
    "too_dense": gettext_lazy("Cet événement se répète trop souvent, ou jamais."),
    "too_old": gettext_lazy("Cette série commence avant 1900 : vérifiez l’année."),
    "lasts_too_long": gettext_lazy("Cet événement dure plus d’un an : vérifiez sa fin."),
    "ends_before_start": gettext_lazy("Cet événement finit avant de commencer."),
    "cancelled": gettext_lazy("Annulé : laissé de côté."),
    "free": gettext_lazy("Marqué comme libre : laissé de côté."),
    "file_too_big": gettext_lazy("Ce fichier est trop grand ; envoyez-le en plusieurs parties."),
    "too_many_lines": gettext_lazy(
        "Cette liste a plus de 50 000 lignes ; envoyez-la en plusieurs parties."
    ),
    "too_many_events": gettext_lazy(
        "Cet agenda a trop d’événements ; exportez une période plus courte."
    ),
    "too_long_to_read": gettext_lazy(
        "Ce fichier demande trop de temps à lire ; exportez-en une partie à la fois."
    ),
    "workbook": gettext_lazy(
        "C’est un classeur de tableur : enregistrez-le au format CSV et envoyez ce fichier."
    ),
    "not_text": gettext_lazy("Ce fichier n’est pas du texte ; exportez la liste au format CSV."),
    "empty": gettext_lazy("Ce fichier est vide."),
    "no_header": gettext_lazy(
        "La première ligne doit nommer les colonnes, au moins NOM et PRENOM."
    ),
    "no_calendar": gettext_lazy("Ce fichier n’est pas un agenda au format iCalendar (.ics)."),
    "no_events": gettext_lazy("Cet agenda ne contient aucun événement."),
    "cut_off": gettext_lazy("Ce fichier est coupé avant sa fin ; exportez-le à nouveau."),
}


def of(fault: str, other_line: int = 0) -> str:
    """The sentence of a fault; ``other_line`` is the line it repeats or begins at."""
    if fault == "unclosed_quote":
        return _("Un guillemet ouvert à la ligne %(line)s n’est jamais fermé.") % {
            "line": other_line
        }
    if fault == "repeated":
        return _("La même personne figure déjà à la ligne %(line)s.") % {"line": other_line}
    if fault == "reference_repeated":
        return _("Ce numéro de dossier est déjà celui de la ligne %(line)s.") % {"line": other_line}
    return str(_OF_FAULT[fault])


def field_name(field: str) -> str:
    """A field in words; "" where the whole line is meant."""
    return str(FIELD_NAMES[field]) if field in FIELD_NAMES else ""


def about(field: str, sentence: str) -> str:
    """A fault where the field has no column of its own to say it: "nom : Cette colonne…"."""
    return (
        _("%(field)s : %(sentence)s") % {"field": field, "sentence": sentence}
        if field
        else sentence
    )


def faults_column() -> str:
    """Head of the column that refused lines are given back with; reading leaves it out."""
    return _("À CORRIGER")
