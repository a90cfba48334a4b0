"""May this screen hear of changes in its house's agendas? The public port tells it, not this."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.web.practice import team

HEARS: Final = "serment.hears"
HOUSE: Final = "house"
WHO: Final = "who"
"""Where the port looks for the answer (``serment/live/changes.py``, which no page imports)."""


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
def direct(request: HttpRequest) -> HttpResponse:
    """The house it may hear of, to the port in front; nothing where there is none."""
    actor = accounts.actor_for(request)
    house = team.establishment_of(actor)
    slot = request.META.get(HEARS)
    if slot is None:
        return HttpResponse(status=204)
    slot[HOUSE], slot[WHO] = str(house), str(actor.id)
    answer = HttpResponse(content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-store, private"
    answer["X-Accel-Buffering"] = "no"
    return answer
