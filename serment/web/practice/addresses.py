"""Ways back: where a form was, with an appointment's panel beside it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from serment.web import asked
from serment.web.practice.team import Member

SAID = {
    "pris": _("Rendez-vous pris."),
    "pris-courriel": _(
        "Rendez-vous pris. La confirmation part par courriel dans les deux minutes."
    ),
    "pris-lettre": _(
        "Rendez-vous pris. Cette personne n’a pas d’adresse e-mail : imprimez la carte"
        " ou la lettre."
    ),
    "pris-deux": _("Deux rendez-vous pris, chacun avec son message. Annuler l’un laisse l’autre."),
    "annule-courriel": _(
        "Rendez-vous annulé. Un courriel part à la personne dans les deux minutes."
    ),
    "pris-voulu": _("Rendez-vous pris. La personne est prévenue comme elle l’a demandé."),
    "pris-secret": _(
        "Rendez-vous pris. Il est secret : aucun message ne part, dites de noter l’heure."
    ),
    "deplace-secret": _(
        "Rendez-vous déplacé. Il est secret : aucun message ne part, dites la nouvelle heure."
    ),
    "annule-secret": _(
        "Rendez-vous annulé, le temps est libre. Il était secret : aucun message ne part."
    ),
    "remis-secret": _(
        "Le rendez-vous est remis à sa place. Il est secret : aucun message ne part."
    ),
    "pris-sms": _(
        "Rendez-vous pris. Sans adresse e-mail : un SMS part si le numéro est un mobile, sinon"
        " imprimez la carte ou la lettre."
    ),
    "deplace-sms": _(
        "Rendez-vous déplacé. Sans adresse e-mail : un SMS part si le numéro est un mobile, sinon"
        " imprimez la carte ou la lettre."
    ),
    "annule-sms": _(
        "Rendez-vous annulé. Sans adresse e-mail : un SMS part si le numéro est un mobile, sinon"
        " une lettre attend d’être imprimée."
    ),
    "remis-sms": _(
        "Le rendez-vous est remis à sa place. Un SMS le confirme si le numéro est un mobile."
    ),
    "annule-voulu": _("Rendez-vous annulé. La personne est prévenue comme elle l’a demandé."),
    "deplace-voulu": _("Rendez-vous déplacé. La personne est prévenue comme elle l’a demandé."),
    "remis-voulu": _(
        "Le rendez-vous est remis à sa place. La personne est prévenue comme elle l’a demandé."
    ),
    "annule-lettre": _(
        "Rendez-vous annulé. Cette personne n’a pas d’adresse e-mail : une lettre attend"
        " d’être imprimée."
    ),
    "annule-personne": _(
        "Rendez-vous annulé, le temps est libre. Le dossier est fermé : personne n’est prévenu."
    ),
    "dossier-ferme": _("Ce dossier est fermé : il a été effacé, ou il est gelé. Rien n’a changé."),
    "change": _("Rendez-vous déplacé entre-temps : rien n’a été fait. Voici sa nouvelle heure."),
    "deplace-courriel": _("Rendez-vous déplacé. Un courriel dit la nouvelle heure à la personne."),
    "deplace-lettre": _(
        "Rendez-vous déplacé. Cette personne n’a pas d’adresse e-mail : imprimez la carte"
        " ou la lettre."
    ),
    "garde": _("Ce rendez-vous ne se voit plus des proches, et aucun message ne part."),
    "remis": _("Le rendez-vous est remis à sa place."),
    "remis-courriel": _("Le rendez-vous est remis à sa place. Un courriel le confirme."),
    "remis-personne": _(
        "Le rendez-vous est remis à sa place. Aucun message n’était parti ; aucun ne part."
    ),
    "remis-lettre": _("Le rendez-vous est remis à sa place. La lettre d’annulation n’attend plus."),
    "excuse": _("Ce rendez-vous ne compte plus comme manqué. La personne en est avertie."),
    "defait": _("Défait : le rendez-vous est revenu à sa place."),
    "plus-libre": _("Ce temps n’est plus libre : choisissez une autre heure."),
}
"""What the agenda says about the act one comes from, by the word in its address."""
_OF_BEFORE = frozenset({"rdv", "dit", "fait", "propose"})
"""What an address says of an act before (``shifting``)."""
REFUSED = frozenset({"plus-libre", "dossier-ferme", "change"})
"""Words that say that nothing was done."""


def ours(address: str) -> str:
    """An address of the practice's own pages, else the agenda."""
    fine = url_has_allowed_host_and_scheme(address, None) and address.startswith("/cabinet/")
    return address if fine else reverse("practice:agenda")


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page the form was on."""
    return HttpResponseRedirect(ours(asked.sent(request).get("retour", "")))


def back_beside(request: HttpRequest, appointment: UUID, said: str = "") -> HttpResponseRedirect:
    """To the page the form was on, with this appointment's panel and a word (``SAID``)."""
    parts = urlsplit(ours(asked.sent(request).get("retour", "")))
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in _OF_BEFORE]
    query.append(("rdv", str(appointment)))
    if said:
        query.append(("dit", said))
    return HttpResponseRedirect(f"{parts.path}?{urlencode(query)}#panel")


def of_appointment(starts_at: datetime, member: Member, appointment: UUID, said: str = "") -> str:
    """The day on which an appointment is, its practitioner shown, with its panel."""
    on = starts_at.astimezone(member.zone).date()
    query = {"jour": on.isoformat(), "avec": str(member.id), "rdv": str(appointment)}
    if said:
        query["dit"] = said
    return f"{reverse('practice:agenda')}?{urlencode(query)}#panel"
