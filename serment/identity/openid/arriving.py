"""What happens to somebody whom a provider vouches for: signed in, linked, or asked to sign up.

May run in a transaction only (any view does). Nobody is ever recognised by an e-mail address.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from serment import clock
from serment.directory import tenancy
from serment.errors import Conflict
from serment.identity import accounts, joining, turned_away
from serment.identity.joining import Arrival
from serment.identity.means import keeping, strength
from serment.identity.models import Account
from serment.identity.openid import leaving, linking
from serment.identity.openid.claims import Person
from serment.identity.openid.exchange import Identity
from serment.identity.openid.faults import NotAwaited
from serment.identity.openid.linking import Workplace
from serment.identity.openid.providers import KINDS, Provider
from serment.sightings.models import Kind

WAITS_SECONDS: Final = 1800
_KEY = "serment.openid_arrived"


def signing_in(
    request: HttpRequest, provider: Provider, who: Identity, onward: str
) -> HttpResponse:
    """A patient's way: the account this subject opens, else the form that makes one."""
    account = linking.account_of(linking.alias_of(who.issuer, who.subject))
    if account is not None:
        return enter(request, account, who, onward)
    keep(request, who, onward)
    return redirect("openid_sign_up")


def at_work(request: HttpRequest, provider: Provider, who: Identity, onward: str) -> HttpResponse:
    """A professional's way: the house that has them on its staff; several are asked about."""
    come = joining.kept(request)
    if come is not None:
        return _invited(request, who, come)
    houses = linking.workplaces(who.person.rpps)
    if not houses:
        turned_away.noted(request, Kind.PROVIDER_REFUSED)
        messages.error(
            request,
            _(
                "Aucun établissement ne vous a ouvert d’accès sous ce numéro RPPS."
                " Demandez-le à votre responsable ; Pro Santé Connect seul n’en crée pas."
            ),
        )
        return redirect("account_login")
    if len(houses) > 1:
        keep(request, who, onward)
        return redirect("openid_choose")
    return enter_house(request, who, houses[0], onward)


def _invited(request: HttpRequest, who: Identity, come: Arrival) -> HttpResponse:
    """Somebody who brought an invitation: let in where the number is the one invited."""
    try:
        account = joining.come_by_number(request, come, who.person.rpps)
    except Conflict as refused:
        messages.error(request, refused.sentence)
        return redirect("account_invitation")
    return enter_house(request, who, Workplace(come.establishment, come.house, account), "")


def enter_house(request: HttpRequest, who: Identity, house: Workplace, onward: str) -> HttpResponse:
    """Into one house. The first time the identity is linked, and the member told by e-mail."""
    alias = linking.alias_of(who.issuer, who.subject, house.establishment)
    if linking.account_of(alias) != house.account:
        itself = accounts.acting_for_itself(request, house.account)
        linking.link(itself, house.account, alias, who.provider, Person())
        tell_linked(request, house.account, who.provider)
    return enter(request, house.account, who, onward)


def linking_own(request: HttpRequest, provider: Provider, who: Identity) -> HttpResponse:
    """Link to the account that is signed in, which proved itself just before it left."""
    actor = accounts.actor_for(request)
    account = UUID(str(request.user.pk))
    alias = linking.alias_of(who.issuer, who.subject)
    try:
        linking.link(actor, account, alias, who.provider, who.person)
    except linking.LinkedElsewhere as error:
        messages.error(request, error.sentence)
        return redirect("openid_links")
    tell_linked(request, account, who.provider)
    messages.success(
        request,
        _("%(provider)s ouvre désormais votre compte.") % {"provider": provider.kind.name},
    )
    return redirect("openid_links")


def proved_again(
    request: HttpRequest, provider: Provider, who: Identity, onward: str
) -> HttpResponse:
    """Note a fresh proof, where the identity is one that opens the account signed in.

    Where the account has a second factor, one factor proves no more than a password would.
    """
    account = UUID(str(request.user.pk))
    user = Account.objects.get(pk=account)
    house = None
    if provider.kind.professional:
        known = [one for one in linking.workplaces(who.person.rpps) if one.account == account]
        house = known[0].establishment if known else None
    own = linking.account_of(linking.alias_of(who.issuer, who.subject, house)) == account
    if not own:
        turned_away.noted(request, Kind.PROVIDER_REFUSED)
        messages.error(request, _("Cette identité n’ouvre pas ce compte."))
    elif who.factors < strength.BOTH and keeping.book_of(request, account).has_second_factor:
        messages.error(request, _("Confirmez avec votre second facteur."))
    else:
        vouched(request, user, who)
        return redirect(onward or settings.LOGIN_REDIRECT_URL)
    return redirect("account_reauthenticate")


def enter(request: HttpRequest, account: UUID, who: Identity, onward: str) -> HttpResponse:
    """Sign in through allauth's own stages: an address to confirm, a second factor where due."""
    tenancy.stand_in(account=account)
    user = Account.objects.get(pk=account, is_active=True)
    vouched(request, user, who)
    answer: HttpResponse = perform_login(request, Login(user=user, redirect_url=onward or None))
    return answer


def vouched(request: HttpRequest, user: Account, who: Identity) -> None:
    """Note how this session's person was recognised, and how to leave there as well."""
    record_authentication(
        request,
        user,
        method=strength.PROVIDER,
        provider=who.provider,
        level=who.level,
        factors=who.factors,
    )
    leaving.keep(request, who)
    request.session.pop(_KEY, None)


def tell_linked(request: HttpRequest, account: UUID, slug: str) -> None:
    """To the account's own address: a new way in, in case it was somebody else's doing."""
    tenancy.stand_in(account=account)
    user = Account.objects.get(pk=account)
    name = next(kind.name for kind in KINDS if kind.slug == slug)
    get_adapter(request).send_mail(
        "account/email/openid_linked", user.alias, {"user": user, "provider": name}
    )


def keep(request: HttpRequest, who: Identity, onward: str) -> None:
    """Hold an arrival for half an hour, in the browser's own sealed session."""
    request.session[_KEY] = {
        "who": asdict(who),
        "onward": onward,
        "until": clock.now().timestamp() + WAITS_SECONDS,
    }


def kept(request: HttpRequest, *, professional: bool) -> tuple[Identity, str]:
    """The arrival that waits, and where it was going; of a patient or of a professional, never
    one for the other. NotAwaited.
    """
    held: dict[str, Any] = request.session.get(_KEY) or {}
    slug = held["who"]["provider"] if held else "franceconnect"
    kind = next(one for one in KINDS if one.slug == slug)
    late = not held or clock.now().timestamp() > held["until"]
    if late or kind.professional is not professional:
        raise NotAwaited(kind.name, "nothing_kept")
    who = dict(held["who"])
    person = who.pop("person")
    person["professions"] = tuple(person["professions"])
    return Identity(person=Person(**person), **who), held["onward"]
