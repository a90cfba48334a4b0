"""The border of django-allauth: an address comes in, an alias goes on, mail reaches the address.

The library keeps rate limits, password rules, codes and flows. It never sees an address: here every
typed one becomes its alias, and only a message being sent turns the alias back, from what was typed
in this very request or, failing that, by opening the account's own address on the record.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.email_verification import get_address_for_login
from allauth.account.models import Login
from allauth.account.utils import has_verified_email, setup_user_email
from allauth.core import context as current
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import Purpose, gate
from serment.errors import Unusable
from serment.identity import accounts, addresses, alerts, asleep, cards, draft, turned_away, walls
from serment.identity.means import attempts, listed, stage, strength, telling
from serment.identity.models import Account
from serment.identity.openid import leaving
from serment.outbox import envelopes
from serment.outbox.rendering import Letter
from serment.sightings.models import Kind

_TYPED = "serment_typed_addresses"
_SEALED_AT_SIGN_UP = ("given_name", "family_name", "birth_date", "phone")


class SealedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's hooks, translated."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("L’adresse e-mail ou le mot de passe ne convient pas."),
        "too_many_login_attempts": _(
            "Trop d’essais. Attendez quelques minutes avant de recommencer."
        ),
        "incorrect_code": _("Ce code ne convient pas. Vérifiez le dernier e-mail reçu."),
        "rate_limited": _("Trop de demandes. Attendez quelques minutes."),
    }

    def clean_email(self, email: str) -> str:
        """Address → alias; the account of that alias becomes visible to this transaction."""
        try:
            address = addresses.normalise(email)
        except Unusable as error:
            raise ValidationError(error.sentence) from error
        alias = addresses.alias_of(address)
        _typed(current.request)[alias] = address
        walls.name_alias(alias)
        return alias

    def clean_card(self, number: str) -> str:
        """A card's number → alias, as of an address: the same work, the same rows."""
        alias = cards.alias_of(number)
        walls.name_alias(alias)
        return alias

    def save_user(
        self, request: HttpRequest, user: Account, form: Any, commit: bool = True
    ) -> Account:
        """The new account: alias and password hash, everything else sealed."""
        del commit  # it is always kept
        alias = form.cleaned_data["email"]
        self._save(request, user, alias, _typed(request)[alias], form)
        if user.has_usable_password():
            strength.prove(request, user, strength.PASSWORD)
        return user

    def save_nobody(self, request: HttpRequest, form: Any) -> None:
        """Where somebody signs up with an address that has an account: one of no address at all.

        It is made by the steps of one that is wanted, and goes as one that nobody ever confirms,
        so neither the answer's time nor a dump tells that the address was taken.
        """
        nobody = Account()
        self._save(request, nobody, addresses.alias_of_nobody(), addresses.NOBODYS, form)
        # And the library's own steps with an account of whoever signs up.
        setup_user_email(request, nobody, [])
        has_verified_email(nobody)
        get_address_for_login(Login(user=nobody, signup=True))

    def _save(
        self, request: HttpRequest, user: Account, alias: str, address: str, form: Any
    ) -> None:
        typed = form.cleaned_data
        user.alias = alias
        user.language = get_language() or "fr"
        user.set_password(typed["password1"] or None)
        values: dict[str, str | None] = {
            name: typed[name] for name in _SEALED_AT_SIGN_UP if typed.get(name)
        }
        values["email"] = address
        tenancy.stand_in(account=user.pk)
        itself = accounts.acting_for_itself(request, user.pk)
        gate.seal(itself, Purpose.SELF, user, values, subject=user.pk, tenant=None)
        user.save(force_insert=True)
        from serment.identity import tasks  # the queue is there once Django has loaded

        tasks.sweep_later(user.pk, clock.now())

    def get_login_stages(self) -> list[str]:
        """The library's, a passkey first where no password was wanted, and the second step."""
        return [*super().get_login_stages(), *stage.PATHS]

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Past the limit: refused like a wrong one, and counted like one."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            turned_away.noted(request, Kind.WRONG_PASSWORD)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Counted; of many in a row the account's person hears."""
        turned_away.noted(request, Kind.WRONG_PASSWORD)
        attempts.password_failed(request, str(credentials.get("email", "")))

    def pre_login(self, request: HttpRequest, user: Account, **rest: Any) -> HttpResponse | None:
        """Whose account closed for want of use asks for it back, whatever they showed."""
        if user.is_shut:
            return asleep.to_ask_back(request)
        led: HttpResponse | None = super().pre_login(request, user, **rest)
        return led

    def login(self, request: HttpRequest, user: Account) -> None:
        """Sign in, and have the keeper open the session that reveals will name."""
        tenancy.stand_in(account=user.pk)
        super().login(request, user)
        attempts.ROW.over(user.alias)
        accounts.begin_session(request, user)
        if listed.enter(request, user.pk):
            telling.new_device(request, user)
        asleep.seen(request, user)

    def logout(self, request: HttpRequest) -> None:
        """Sign out here and at the keeper; then the next page signs out at a provider."""
        if request.user.is_authenticated:
            listed.leave(request, UUID(str(request.user.pk)))
        accounts.end_session(request)
        elsewhere = leaving.held(request)
        super().logout(request)
        if elsewhere is not None:
            leaving.leave(request, elsewhere)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """To the provider that signed this session in, if one did."""
        if leaving.held(request) is not None:
            return reverse("openid_leave")
        return str(super().get_logout_redirect_url(request))

    def post_login(
        self, request: HttpRequest, user: Account, *, redirect_url: str | None, **rest: Any
    ) -> HttpResponse:
        """On to where the person was going; staff go to where they work."""
        if redirect_url is None and accounts.is_staff(request):
            redirect_url = accounts.home_of(request)
        response: HttpResponse = super().post_login(
            request, user, redirect_url=redirect_url, **rest
        )
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """One of sign-in's messages, into the outbox: durable with the request's transaction.

        The alias becomes an address here and nowhere else, the one that the account's person
        named where they did (``alerts``). Whether the address has an account changes neither the
        work done nor what waits; where ``leaves`` is false in the context, all but the leaving.
        """
        user = context.get("user")
        usual = self._address_behind(email, user)
        if usual is None and user is None:
            return
        itself = accounts.acting_for_itself(current.request, _account_behind(email, user))
        way = alerts.way(itself, usual)
        leaves = way.channel == "mail" and context.get("leaves", True)
        address = way.address if leaves else ""
        message = self.render_mail(template_prefix, address, context | {"email": ""})
        letter = alerts.as_wished(Letter(message.subject, message.body), template_prefix, way)
        envelopes.put(itself, address, letter, clock.now(), neutral=way.neutral or way.bare)
        gate.close_session(itself.capability)

    def send_account_already_exists_mail(self, email: str) -> None:
        """To somebody who signs up twice: told by e-mail only, the page says the same as ever."""
        context = {
            "signup_url": _public("account_signup"),
            "login_url": _public("account_login"),
            "password_reset_url": _public("account_reset_password"),
        }
        self.send_mail("account/email/account_already_exists", email, context)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built from the public address set by the operator, never from the request's host.

        It names nobody: account and token are closed in one opaque word.
        """
        from serment.identity import reset  # the library's views are there once Django has loaded

        return settings.PUBLIC_URL + reset.address_of(key)

    def is_safe_url(self, url: str | None) -> bool:
        """Whether somebody may be sent there after signing in; what cannot be read is nowhere."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Behind our own relay (a Unix socket) the address stands in the forwarded header.

        Used for rate limits in this process's memory; stored nowhere.
        """
        direct = request.META.get("REMOTE_ADDR") or ""
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return direct or forwarded or "local"

    def _address_behind(self, email: str, user: Account | None) -> str | None:
        if not addresses.is_alias(email):
            return email
        typed = _typed(current.request).get(email) or _drafted(current.request, email)
        if typed is not None or user is None:
            return typed
        itself = accounts.acting_for_itself(current.request, UUID(str(user.pk)))
        opened = gate.reveal(itself, Purpose.SIGN_IN, [user], ["email"])
        return opened.get(user.pk, {}).get("email") or None  # who has a card has no mailbox


def _account_behind(alias: str, user: Account | None) -> UUID:
    """The account of the address; where there is none, a number that is nobody's."""
    if user is not None:
        return UUID(str(user.pk))
    known = Account.objects.filter(alias=alias).values_list("pk", flat=True).first()
    return known or ids.new_id()


def _public(name: str, **parts: str) -> str:
    """An address of this site as the operator set it."""
    return f"{settings.PUBLIC_URL}{reverse(name, kwargs=parts)}"


def _drafted(request: HttpRequest, alias: str) -> str | None:
    """The address of the sign-up under way, if this is its alias: asked for again, a code goes
    there without a look at whether the address has an account."""
    typed = draft.address(request)
    try:
        address = addresses.normalise(typed) if typed else None
    except Unusable:
        return None
    return address if address and addresses.alias_of(address) == alias else None


def _typed(request: HttpRequest) -> dict[str, str]:
    """Addresses typed in this request, by alias. They die with it."""
    if not hasattr(request, _TYPED):
        setattr(request, _TYPED, {})
    typed: dict[str, str] = getattr(request, _TYPED)
    return typed
