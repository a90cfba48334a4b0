"""A code handed out at the desk: what was shown, then a sheet to print, once.

The sheet names neither the person nor the house: it lies about in a kitchen or a handbag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.disclosure import Purpose, persons
from serment.errors import NotThere, Refused
from serment.identity import accounts, cards, desk_codes, duplicates, files, handed, policy
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice import team
from serment.web.practice.naming import Person

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_FIELDS: Final = ("given_name", "family_name", "birth_name", "birth_date", "desk_link")
SHOWN: Final[dict[str, _StrPromise]] = {
    "identity_card": gettext_lazy("Carte d’identité"),
    "passport": gettext_lazy("Passeport"),
    "residence_permit": gettext_lazy("Titre de séjour"),
    "family_book": gettext_lazy("Livret de famille, avec la pièce d’un parent"),
    desk_codes.KNOWN: gettext_lazy("Rien : je connais cette personne"),
}
"""What somebody showed; every one of ``desk_codes.SEEN``."""


@policy.staff_may(Act.WRITE_PATIENT)
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Who is there, what they show; then the sheet."""
    actor = accounts.actor_for(request)
    if request.method == "POST":
        sent = asked.sent(request)
        shown, second = sent.get("vu", ""), sent.get("deuxieme") == "oui"
        try:
            issued = desk_codes.issue(actor, file_id, shown, clock.now(), second=second)
        except (
            desk_codes.CodeUnusable, desk_codes.BirthDateMissing, desk_codes.HasAccount
        ) as refused:  # fmt: skip
            return _form(request, file_id, refused)
        context = {
            "section": "patients",
            "file_id": file_id,
            "issued": issued,
            "card": cards.spoken(issued.card),
            "site": settings.PUBLIC_URL.partition("://")[2],
            "path": reverse("account_card"),
        }
        return render(request, "practice/desk_sheet.html", context)
    return _form(request, file_id)


@policy.staff_may(Act.WRITE_PATIENT)
@require_POST
def withdraw(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The sheet was lost before it served, or handed to somebody else."""
    desk_codes.withdraw(accounts.actor_for(request), file_id)
    messages.success(request, _("Ce code ne sert plus."))
    return HttpResponseRedirect(reverse("practice:desk_code", args=[file_id]))


def _form(request: HttpRequest, file_id: UUID, refused: Refused | None = None) -> HttpResponse:
    actor = accounts.actor_for(request)
    values = files.open(actor, [file_id], _FIELDS, Purpose.RECEPTION).get(file_id)
    if values is None:
        raise NotThere
    standing, now = handed.read(values.pop("desk_link")), clock.now()
    held = persons.holders(actor, file_id)
    reads = held.people[0] > 0 and not standing.opened
    fresh = not (held.people[0] or standing.opened)
    here = team.establishment_of(actor)
    context = {
        "section": "patients",
        "file_id": file_id,
        "person": Person(file_id, values["given_name"], values["family_name"]),
        "waits": standing.waits(now.date()),
        "opened": standing.opened,
        "back_on": standing.back_on(now),
        "held": reads and held.all_reached,
        "half": reads and not held.all_reached,
        "elsewhere": fresh and duplicates.is_read_elsewhere(actor, here, file_id, values),
        "chosen": asked.sent(request).get("vu", ""),
        "past": [
            (one, SHOWN.get(one.document, ""), one.is_over(now.date()))
            for one in reversed(standing.codes)
        ],
        "shown": SHOWN.items(),
        "refused": refused.sentence if refused else "",
        "days": desk_codes.GOOD_DAYS,
    }
    return render(request, "practice/desk_code.html", context, status=422 if refused else 200)
