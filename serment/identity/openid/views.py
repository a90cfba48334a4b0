"""The doors of sign-in by a provider. Parse, one act, answer; other ways in always stay open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from allauth.account.utils import get_next_redirect_url
from allauth.account.views import SignupView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from serment.errors import NotThere
from serment.identity import accounts, policy, turned_away
from serment.identity.means.security import undoubted
from serment.identity.models import Account
from serment.identity.openid import arriving, beside, exchange, leaving, linking, pending, providers
from serment.identity.openid.exchange import Identity
from serment.identity.openid.faults import (
    AnswerRefused,
    NotAwaited,
    NotSignedIn,
    ProviderDown,
    TurnedBack,
)
from serment.identity.openid.forms import OpenidSignUpForm
from serment.identity.openid.pending import Pending
from serment.identity.openid.providers import Provider
from serment.sightings.models import Kind

CODE_LETTERS_MAX = 2048
LINK_MINUTES = 5
_WAY_IN = "a way to sign in"


def back_address(slug: str) -> str:
    """The address registered with the provider, as the operator set this site's own."""
    return settings.PUBLIC_URL + reverse("openid_return", kwargs={"provider": slug})


@policy.everybody(_WAY_IN)
@never_cache
@require_GET
def start(request: HttpRequest, provider: str) -> HttpResponse:
    """Go to a provider to sign in."""
    chosen = providers.by_slug(provider)
    if request.user.is_authenticated:
        return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)
    url = _way_there(request, chosen, pending.SIGN_IN)
    return _turned(request, url) if isinstance(url, NotSignedIn) else HttpResponseRedirect(url)


@policy.signed_in()
@never_cache
@require_GET
def again(request: HttpRequest, provider: str) -> HttpResponse:
    """Prove once more who one is, at a provider that opens this account."""
    chosen = providers.by_slug(provider)
    url = _way_there(request, chosen, pending.AGAIN)
    return _turned(request, url) if isinstance(url, NotSignedIn) else HttpResponseRedirect(url)


@policy.signed_in(recent_minutes=LINK_MINUTES)
@never_cache
@undoubted
def link(request: HttpRequest, provider: str) -> HttpResponse:
    """The way to link: a page with the address, for a form's answer may lead nowhere else."""
    chosen = providers.by_slug(provider)
    if request.method != "POST":  # back from proving who one is: the button is there
        return redirect("openid_links")
    if chosen.kind.professional or accounts.is_staff(request):
        raise NotThere
    url = _way_there(request, chosen, pending.LINK)
    if isinstance(url, NotSignedIn):
        messages.error(request, url.sentence)
        return redirect("openid_links")
    return render(request, "account/openid_away.html", {"url": url, "name": chosen.kind.name})


@policy.everybody(_WAY_IN)
@never_cache
@require_GET
def come_back(request: HttpRequest, provider: str) -> HttpResponse:
    """Back from the provider, with a code or an error."""
    chosen = providers.by_slug(provider)
    came: tuple[Pending, Identity | NotSignedIn] | None = beside.came(request)
    if came is None:
        begun = pending.take(request, provider, request.GET.get("state", ""))
        if begun is None:
            return _turned(request, exchange.told(NotAwaited(chosen.kind.name, "state"), chosen))
        fault = _fault_of(request, chosen)
        if fault is not None:
            return _turned(request, exchange.told(fault, chosen))
        came = beside.leave(request, _identity(chosen, begun, request.GET["code"]))
    if came is None:
        return HttpResponse()
    begun, who = came
    if isinstance(who, NotSignedIn):
        return _turned(request, exchange.told(who, chosen))
    return _arrived(request, chosen, begun, who)


class _SignUp(SignupView):  # type: ignore[misc]
    """The form of somebody new."""

    template_name = "account/openid_signup.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            self._who, self._onward = arriving.kept(request, professional=False)
        except NotAwaited as fault:
            return _turned(request, fault)
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer

    def get_form_class(self) -> type[OpenidSignUpForm]:
        return OpenidSignUpForm

    def get_form_kwargs(self) -> dict[str, Any]:
        given: dict[str, Any] = super().get_form_kwargs()
        return given | {"who": self._who}

    def get_initial(self) -> dict[str, Any]:
        return {"email": self._who.person.email}

    def get_success_url(self) -> str | None:
        return self._onward or None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        name = providers.by_slug(self._who.provider).kind.name
        return context | {"person": self._who.person, "name": name}


sign_up = policy.everybody(_WAY_IN)(_SignUp.as_view())


@policy.everybody(_WAY_IN)
@never_cache
def choose(request: HttpRequest) -> HttpResponse:
    """Which house, for a professional who works in several."""
    try:
        who, onward = arriving.kept(request, professional=True)
    except NotAwaited as fault:
        return _turned(request, fault)
    houses = linking.workplaces(who.person.rpps)
    for house in houses:
        if request.method == "POST" and str(house.establishment) == request.POST.get("house"):
            return arriving.enter_house(request, who, house, onward)
    return render(request, "account/openid_choose.html", {"houses": houses})


@policy.signed_in()
@never_cache
@require_safe
def links(request: HttpRequest) -> HttpResponse:
    """What opens this account, and what could."""
    held = linking.links_of(UUID(str(request.user.pk)))
    names = {kind.slug: kind.name for kind in providers.KINDS}
    linked = {one.provider for one in held}
    offered = [
        one.kind
        for one in providers.configured()
        if not one.kind.professional and one.kind.slug not in linked
    ]
    return render(
        request,
        "account/openid_links.html",
        {
            "held": [(one.pk, names.get(one.provider, one.provider)) for one in held],
            "offered": [] if accounts.is_staff(request) else offered,
            "removable": _another_way_in(request, len(held)),
        },
    )


@policy.signed_in(recent_minutes=LINK_MINUTES)
@never_cache
@undoubted
def unlink(request: HttpRequest, identity: UUID) -> HttpResponse:
    """An identity opens this account no more, unless nothing else does."""
    if request.method != "POST":  # as above
        return redirect("openid_links")
    account = UUID(str(request.user.pk))
    if not _another_way_in(request, len(linking.links_of(account))):
        messages.error(
            request, _("Choisissez d’abord un mot de passe : ce serait sans autre accès.")
        )
    elif linking.unlink(accounts.actor_for(request), account, identity):
        messages.success(request, _("Cette identité n’ouvre plus votre compte."))
    return redirect("openid_links")


@policy.everybody("ends one's own session, where there is one")
@never_cache
@require_safe
def leave(request: HttpRequest) -> HttpResponse:
    """Signed out here; the browser goes on to sign out there."""
    way = leaving.way_out(request)
    if way is None:
        return HttpResponseRedirect("/")
    names = {kind.slug: kind.name for kind in providers.KINDS}
    return render(
        request, "account/openid_leave.html", {"url": way["url"], "name": names[way["provider"]]}
    )


@policy.everybody("ends one's own session, where there is one")
@never_cache
@require_safe
def left(request: HttpRequest) -> HttpResponse:
    """Back from signing out at the provider."""
    if leaving.came_back(request, request.GET.get("state", "")):
        messages.success(request, _("Vous êtes déconnecté, ici et chez le fournisseur d’identité."))
    return HttpResponseRedirect("/")


@policy.everybody("public keys, for FranceConnect+ to close its answers with")
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The public halves of our keys."""
    del request
    ours = [one.key.as_dict(private=False) for one in providers.configured() if one.key]
    return JsonResponse({"keys": [{**key, "use": "enc"} for key in ours]})


def _way_there(request: HttpRequest, provider: Provider, purpose: str) -> str | NotSignedIn:
    """The provider's address for this browser; or why there is none."""
    where = beside.came(request) or beside.leave(
        request, _tried(lambda: exchange.addresses(provider))
    )
    if where is None:
        return "/"  # asked again once the provider has told its addresses
    if isinstance(where, NotSignedIn):
        return exchange.told(where, provider)
    onward = get_next_redirect_url(request) or ""
    begun = pending.begin(request, provider.kind.slug, purpose, onward=onward)
    return exchange.authorization_url(provider, where, begun, back_address(provider.kind.slug))


def _identity(
    provider: Provider, begun: Pending, code: str
) -> Callable[[], tuple[Pending, Identity | NotSignedIn]]:
    back = back_address(provider.kind.slug)
    ask = _tried(lambda: exchange.identity(provider, begun, code, back))
    return lambda: (begun, ask())


def _tried(ask: Callable[[], Any]) -> Callable[[], Any]:
    """Work that gives back what went wrong instead of raising it."""

    def work() -> Any:
        try:
            return ask()
        except NotSignedIn as fault:
            return fault

    return work


def _fault_of(request: HttpRequest, provider: Provider) -> NotSignedIn | None:
    """What the provider's way back says is wrong with it."""
    name = provider.kind.name
    if request.GET.get("iss", provider.place.issuer) != provider.place.issuer:
        return AnswerRefused(name, "issuer")
    if "error" in request.GET:
        turned = request.GET["error"] == "access_denied"
        return TurnedBack(name, "turned_back") if turned else AnswerRefused(name, "error")
    code = request.GET.get("code", "")
    if not code or len(code) > CODE_LETTERS_MAX or not code.isascii():
        return AnswerRefused(name, "no_code")
    return None


def _arrived(
    request: HttpRequest, provider: Provider, begun: Pending, who: Identity
) -> HttpResponse:
    signed_in = str(request.user.pk) if request.user.is_authenticated else ""
    if begun.account != signed_in:
        return _turned(request, exchange.told(NotAwaited(provider.kind.name, "account"), provider))
    if begun.purpose == pending.LINK:
        return arriving.linking_own(request, provider, who)
    if begun.purpose == pending.AGAIN:
        request.session.cycle_key()  # as after any proof (``strength.prove``)
        return arriving.proved_again(request, provider, who, begun.onward)
    if provider.kind.professional:
        return arriving.at_work(request, provider, who, begun.onward)
    return arriving.signing_in(request, provider, who, begun.onward)


def _turned(request: HttpRequest, fault: NotSignedIn) -> HttpResponse:
    """Back to where all ways in stand; to the links, for whoever is signed in."""
    if not isinstance(fault, ProviderDown):
        turned_away.noted(request, Kind.PROVIDER_REFUSED)
    messages.error(request, fault.sentence)
    return redirect("openid_links" if request.user.is_authenticated else "account_login")


def _another_way_in(request: HttpRequest, linked: int) -> bool:
    return linked > 1 or (isinstance(request.user, Account) and request.user.has_usable_password())
