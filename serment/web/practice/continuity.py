"""When all is down: the newest sealed sheet of each site, the reader, and what to do, in words."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from serment import clock
from serment.custody import continuity
from serment.directory.models import Establishment, Site
from serment.disclosure import receipts
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.web import loopback
from serment.web.practice import team

READER: Final = "vendor/continuity.htm"
NO_KEEPER: Final = '<meta name="keeper" content="">'


@dataclass(frozen=True, slots=True)
class Place:
    """A site and its newest sheet; ``demo_key`` where a demo left the site's key on the server."""

    site: Site
    sheet: continuity.Kept | None
    is_late: bool
    demo_key: Path | None = None


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
def sheets(request: HttpRequest) -> HttpResponse:
    """Every site's sheet, how to prepare, and what to do on the day."""
    establishment = team.establishment_of(accounts.actor_for(request))
    now = clock.now()
    places = []
    for site in Site.objects.filter(establishment_id=establishment).order_by("name", "id"):
        kept = continuity.newest(site.pk)
        late = kept is not None and kept.is_late(now)
        places.append(Place(site, kept, late, _demo_key(site.pk)))
    context = {
        "section": "continuity",
        "places": places,
        "house": Establishment.objects.get(pk=establishment),
        "keeper": receipts.log_key(),
        "demo_passphrase": continuity.DEMO_PASSPHRASE,
    }
    return render(request, "practice/continuity.html", context)


def _demo_key(site: UUID) -> Path | None:
    path = continuity.demo_key(site)
    return path if settings.DEMO and path.exists() else None


@policy.staff_may(Act.TAKE_SHEET)
@require_GET
def sheet(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """The newest sheet as a file: ciphertext, recorded as disclosed when it was made."""
    mine = _own_site(request, site_id)
    kept = continuity.newest(mine.pk)
    if kept is None:
        raise NotThere
    return _file(kept.path.read_bytes(), f"{mine.slug}-{kept.path.name}")


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
def reader(request: HttpRequest) -> HttpResponse:
    """The one-file reader; the keeper's public key is written into it, so that it knows its own."""
    del request
    path = finders.find(READER)
    if path is None:
        raise NotThere
    named = f'<meta name="keeper" content="{escape(receipts.log_key())}">'
    page = Path(path).read_text(encoding="utf-8").replace(NO_KEEPER, named, 1)
    return _file(page.encode(), "serment-lecteur-de-fiches.html")


@policy.staff_may(Act.TAKE_SHEET, demo=loopback.only)
@require_GET
def demo_key(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """A demo's key, to try the reader with; anywhere else no server has it, and no such page is."""
    path = _demo_key(_own_site(request, site_id).pk)
    if path is None:
        raise NotThere
    return _file(path.read_bytes(), "cle-de-demonstration.key")


def _own_site(request: HttpRequest, site_id: UUID) -> Site:
    establishment = team.establishment_of(accounts.actor_for(request))
    mine = Site.objects.filter(pk=site_id, establishment_id=establishment).first()
    if mine is None:
        raise NotThere
    return mine


def _file(contents: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        contents,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
