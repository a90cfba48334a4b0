"""Who opened the appointments of somebody one acts for: what their mandate lets be told."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from serment import clock
from serment.directory.models import Establishment
from serment.disclosure import gate
from serment.errors import NotThere
from serment.identity import accounts, policy, staff
from serment.identity.policy import Strength
from serment.identity.relatives import people
from serment.identity.relatives.terms import Scope
from serment.web.patient import opened_told, relatives_told
from serment.web.patient.opened_told import Known

SHOWN = 200


@policy.patient(strength=Strength.TWO_FACTORS)
@require_GET
def timeline(request: HttpRequest, relation: UUID) -> HttpResponse:
    """Day by day, newest first; one's own acts folded."""
    actor = accounts.actor_for(request)
    person = people.one_acted_for(actor, relation)
    if not person.may(Scope.OPENED):
        raise NotThere
    rows = gate.history(actor, person.mandate.person, SHOWN)
    moments = list(opened_told.together(rows))
    houses = {row.establishment for row in rows if row.establishment}
    known = Known(
        staff.display_names(actor, {row.actor_id for row in rows if row.actor_kind == "staff"}),
        dict(Establishment.objects.filter(id__in=houses).values_list("id", "name")),
        relatives_told.as_whom(rows, person),
    )
    days = opened_told.days(moments, known, actor.id, clock.now())
    context = {"person": person, "days": [day for day in days if day.entries or day.own]}
    return render(request, "patient/relative_opened.html", context)
