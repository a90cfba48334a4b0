"""My account: what Serment keeps of me, opened by myself, on record."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from serment.disclosure import Purpose, gate
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.models import Account

FIELDS = ("given_name", "family_name", "birth_date", "email", "phone")


@policy.patient(strength=policy.Strength.TWO_FACTORS)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """My details and where they are used."""
    actor = accounts.actor_for(request)
    account = Account.objects.filter(pk=actor.id).first()
    if account is None or actor.kind != "patient":
        raise NotThere
    values = gate.reveal(actor, Purpose.SELF, [account], FIELDS)[account.pk]
    return render(request, "patient/account.html", {"values": values})
