"""When all is down: the newest sealed sheet of each site, the reader, and what to do, in words."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from serment import clock
from serment.custody import continuity
from serment.directory.models import Establishment, Site
from serment.errors import NotThere
from serment.identity import accounts
from serment.identity.rights import Act
from serment.web.practice import team


@dataclass(frozen=True, slots=True)
class Place:
    """A site and its newest sheet."""

    site: Site
    sheet: continuity.Kept | None
    is_late: bool


@require_GET
@accounts.staff_only(Act.SEE_AGENDA)
def sheets(request: HttpRequest) -> HttpResponse:
    """Every site's sheet, how to prepare, and what to do on the day."""
    establishment = team.establishment_of(accounts.actor_for(request))
    now = clock.now()
    places = []
    for site in Site.objects.filter(establishment_id=establishment).order_by("name", "id"):
        kept = continuity.newest(site.pk)
        places.append(Place(site, kept, kept is not None and kept.is_late(now)))
    context = {
        "section": "continuity",
        "places": places,
        "house": Establishment.objects.get(pk=establishment),
    }
    return render(request, "practice/continuity.html", context)


@require_GET
@accounts.staff_only(Act.SEE_AGENDA)
def sheet(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """The newest sheet as a file: ciphertext, recorded as disclosed when it was made."""
    establishment = team.establishment_of(accounts.actor_for(request))
    mine = Site.objects.filter(pk=site_id, establishment_id=establishment).first()
    kept = None if mine is None else continuity.newest(mine.pk)
    if mine is None or kept is None:
        raise NotThere
    return HttpResponse(
        kept.path.read_bytes(),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{mine.slug}-{kept.path.name}"',
            "Cache-Control": "no-store",
        },
    )
