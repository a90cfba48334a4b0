"""Identity's own pages and two more: enough for its tests, without the pages above it."""

from django.conf import settings
from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from serment.directory import tenancy
from serment.identity import accounts, policy, rights
from serment.identity.models import Account


@policy.everybody("the first page")
def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("accueil")


@policy.signed_in()
def whoami(request: HttpRequest) -> HttpResponse:
    actor = accounts.actor_for(request)
    return HttpResponse(f"{actor.kind} {actor.id} {actor.role}".strip())


@policy.staff_may(rights.Act.FIND_PATIENT)
def desk(request: HttpRequest) -> HttpResponse:
    return HttpResponse(tenancy._moved({}, "default")[tenancy.TENANT])


@policy.everybody("the tests' own way in")
def enter(request: HttpRequest) -> HttpResponse:
    """As the demo's one click does: Django's own authenticate and login, then the keeper's."""
    user = authenticate(request, email=request.GET["login"], password=request.GET["password"])
    assert isinstance(user, Account)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    accounts.begin_session(request, user)
    return HttpResponse("staff" if accounts.is_staff(request) else "patient")


urlpatterns = [
    path("compte/", include("serment.identity.urls")),
    path("aide/", include("serment.web.help.urls")),  # its pages lead there
    path("", home),
    path("entrer/", enter),
    path("moi/", whoami),
    path("cabinet/", desk),
    path("mes-rendez-vous/", whoami),
]

handler404 = "serment.web.failures.not_found"
