"""Identity's own pages and two more: enough for its tests, without the pages above it."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from serment.directory import tenancy
from serment.identity import accounts, rights


@accounts.patient_only
def whoami(request: HttpRequest) -> HttpResponse:
    actor = accounts.actor_for(request)
    return HttpResponse(f"{actor.kind} {actor.id} {actor.role}".strip())


@accounts.staff_only(rights.Act.FIND_PATIENT)
def desk(request: HttpRequest) -> HttpResponse:
    return HttpResponse(tenancy._where("default")[tenancy.TENANT])


urlpatterns = [
    path("compte/", include("serment.identity.urls")),
    path("", lambda request: HttpResponse("accueil")),
    path("moi/", whoami),
    path("cabinet/", desk),
    path("mes-rendez-vous/", whoami),
]
