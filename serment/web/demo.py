"""The demo's own door: one click signs in, what was sent, and "steal this database".

Answers on a demo instance and to this machine only; anywhere else it does not exist. Accounts come
from the file the seed wrote; the dump comes from the callable named in settings, because the web
role could not make one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from serment import clock
from serment.disclosure import gate
from serment.errors import Broken, NotThere
from serment.identity import accounts as identity_accounts
from serment.identity import policy
from serment.identity.means import strength
from serment.outbox import demo_mail
from serment.web import asked, loopback, theft, wording

ZONE = ZoneInfo("Europe/Paris")


class DemoAccountsMissing(Broken):
    """La démonstration n’a pas encore ses comptes : lancez make demo-reset."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One line of the seed's file."""

    role: str
    login: str
    password: str
    name: str
    url: str
    house: str = ""


def accounts() -> list[DemoAccount]:
    """The named accounts of the demo; empty before the seed."""
    file = settings.STATE / "demo-accounts.json"
    if not file.exists():
        return []
    return [
        DemoAccount(
            role=one["role"],
            login=one["login"],
            password=one["password"],
            name=one.get("name") or _spoken(one["login"]),
            url=one.get("url", "/"),
            house=one.get("house", ""),
        )
        for one in json.loads(file.read_text(encoding="utf-8"))
    ]


def _spoken(login: str) -> str:
    """The name behind an invented address: nadia.kerviel@… is Nadia Kerviel."""
    return login.partition("@")[0].replace(".", " ").title()


@policy.demo(loopback.only)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Who to be, what was sent, what a thief would get."""
    roles, today = _roles(), _today()
    shown = [(one, roles.get(one.role, ""), today.get(one.role, "")) for one in accounts()]
    return render(request, "demo/home.html", {"accounts": shown})


@policy.demo(loopback.only)
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the named accounts, by the ordinary way."""
    wanted = asked.sent(request).get("login", "")
    account = next((one for one in accounts() if one.login == wanted), None)
    if account is None:
        raise NotThere
    alias = gate.alias(account.login)
    user = authenticate(request, email=alias, password=account.password)
    if user is None:
        raise DemoAccountsMissing
    with transaction.atomic():
        get_adapter(request).login(request, user)
        strength.prove(request, user, strength.DEMO)
    return HttpResponseRedirect(_home_of(request, account.role))


def _home_of(request: HttpRequest, role: str) -> str:
    """Where a role begins."""
    if identity_accounts.is_staff(request):
        return identity_accounts.home_of(request)
    return reverse("partners") if role == "partner_developer" else reverse("patient:appointments")


@policy.demo(loopback.only)
@require_GET
def mail(request: HttpRequest) -> HttpResponse:
    """What the demo sent, as its addressees would read it."""
    today = clock.now().astimezone(ZONE).date()
    letters = [
        (letter, _linked(letter.body), _sent_at(letter.date, today)) for letter in demo_mail.sent()
    ]
    texts = [
        (text, _linked(text.body), wording.moment(datetime.fromisoformat(text.date), ZONE, today))
        for text in demo_mail.texts()
    ]
    return render(request, "demo/mail.html", {"letters": letters, "texts": texts})


def _linked(body: str) -> list[tuple[bool, str]]:
    """The text in pieces: addresses of this very site can be clicked, those of no other."""
    own = re.compile(rf"({re.escape(settings.PUBLIC_URL)}/[^\s<>\"']*[^\s<>\"'.,;:!?)])")
    return [(at % 2 == 1, piece) for at, piece in enumerate(own.split(body))]


def _sent_at(header: str, today: date) -> str:
    """The date of a message's header as people say it; as it stands where it is none."""
    try:
        sent = parsedate_to_datetime(header)
        # "-0000" means UTC said without a zone (RFC 5322, 3.3).
        return wording.moment(sent if sent.tzinfo else sent.replace(tzinfo=UTC), ZONE, today)
    except ValueError:
        return header


@policy.demo(loopback.only)
@require_http_methods(["GET", "POST"])
def steal(request: HttpRequest) -> HttpResponse:
    """Dump the whole database and search it for what the visitor types."""
    context: dict[str, Any] = {"wanted": asked.sent(request).get("wanted", "").strip()[:80]}
    if request.method == "POST":
        if len(context["wanted"]) < theft.LETTERS_MIN:
            context["error"] = _("Écrivez au moins trois lettres.")
        else:
            dump: Callable[[], Iterator[bytes]] = import_string(settings.DEMO_DUMP)
            loot = theft.search(dump(), context["wanted"], theft.public_name())
            context |= {"loot": loot, "words": " · ".join(loot.words)}
    return render(request, "demo/steal.html", context)


def _roles() -> dict[str, str]:
    """What each role may be shown as."""
    return {
        "patient": _("patiente"),
        "relative": _("proche aidant"),
        "secretary": _("secrétaire"),
        "practitioner": _("soignant"),
        "manager": _("responsable"),
        "privacy_officer": _("délégué à la protection des données"),
        "security_officer": _("responsable de la sécurité"),
        "substitute": _("remplaçante"),
        "trainee": _("stagiaire"),
        "trustee": _("tiers de confiance"),
        "partner_developer": _("développeuse partenaire"),
    }


def _today() -> dict[str, str]:
    """What each can do in this version, so that nobody looks for what is still to come."""
    return {
        "patient": _("Ses rendez-vous, ceux qu’elle prend, et qui a ouvert ses données."),
        "relative": _("Les rendez-vous de sa fille et de sa mère, à côté des siens."),
        "secretary": _("L’agenda, les dossiers, le téléphone, l’import."),
        "practitioner": _("Son agenda, ses patients, deux dossiers d’une personne réunis."),
        "manager": _("L’équipe, les invitations, la revue des droits, les agendas sans les noms."),
        "privacy_officer": _(
            "Qui a ouvert quoi, les alertes, les gels, les effacements décidés à deux."
        ),
        "security_officer": _("Les mêmes pages, et l’état du gardien."),
        "substitute": _("Comme le soignant, jusqu’à la fin de son remplacement."),
        "trainee": _("L’agenda et les noms d’un jour. Ni motifs, ni dossiers, ni import."),
        "trustee": _(
            "Le second accord d’un cabinet seul, donné du dehors : ni dossier, ni agenda, ni nom."
        ),
        "partner_developer": _("Ce que sera la porte des logiciels : elle n’est pas ouverte."),
    }
