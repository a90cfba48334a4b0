"""The account pages that need more than the library's own view."""

from __future__ import annotations

from typing import Any, Final

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
    EmailVerificationProcess,
)
from allauth.account.views import (
    ConfirmEmailVerificationCodeView,
    LoginView,
    PasswordChangeView,
    SignupView,
)
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from serment.identity import draft, policy, registration, turned_away, walls
from serment.identity.means import keeping, listed, telling
from serment.identity.means.forms import NewPasswordForm
from serment.identity.models import Account
from serment.sightings.models import Kind

PASSWORD_MINUTES: Final = 10
"""How long ago, at most, whoever changes a password proved who they are."""


class _ChangePassword(PasswordChangeView):  # type: ignore[misc]
    """Whoever has no password is led to where their means are: there is none to change.

    A change ends all other sessions and is told by e-mail.
    """

    form_class = NewPasswordForm
    success_url = reverse_lazy("account_security")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if isinstance(request.user, Account) and not request.user.has_usable_password():
            return HttpResponseRedirect(reverse("account_security"))
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        account = keeping.own(self.request)
        with keeping.changing(self.request, account.pk) as book:
            book.move_no_further()  # asked for, maybe, by whoever the change is to keep out
        listed.end(self.request, account.pk)
        telling.tell(self.request, account, _("Le mot de passe vient d’être changé."))
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        if self.request.POST.get("oldpassword") and "oldpassword" in form.errors:
            turned_away.noted(self.request, Kind.WRONG_PASSWORD)
        response: HttpResponse = super().form_invalid(form)
        return response


change_password = policy.signed_in(recent_minutes=PASSWORD_MINUTES)(
    never_cache(_ChangePassword.as_view())
)


class _SignUp(SignupView):  # type: ignore[misc]
    """The form; whoever starts over finds in it what they had typed."""

    def get_initial(self) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_initial()
        if self.request.method == "GET":
            initial |= draft.take(self.request)
        return initial


sign_up = policy.everybody(policy.SIGNING_IN)(_SignUp.as_view())


class _SignIn(LoginView):  # type: ignore[misc]
    """The form, also while a code is awaited: whoever has an account already is not kept out."""

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: Any) -> None:
        """Nowhere: the page leads to the code, and may be wanted for another account."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["code_awaited"] = EmailVerificationProcess.resume(self.request) is not None
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if self.request.user.is_authenticated:
            self.request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
            draft.forget(self.request)
        return response


sign_in = policy.everybody(policy.SIGNING_IN)(_SignIn.as_view())


class _Code(ConfirmEmailVerificationCodeView):  # type: ignore[misc]
    """The code of the e-mail: where it went, and how often it can be sent again."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        sent_again = self._process.state["resend_count"]
        context["address"] = draft.address(self.request)
        context["resends_left"] = app_settings.EMAIL_VERIFICATION_MAX_RESEND_COUNT - sent_again
        context["sent_again"] = sent_again
        context["onward"] = draft.onward(self.request)
        context["sign_in"] = draft.leading_on(self.request, "account_login")
        context["spent"] = (
            self._process.state["failed_attempts"]
            >= app_settings.EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS
        )
        return context

    def _verify_form_invalid(self, form: Any) -> HttpResponse:
        """Past the last attempt the code is worth nothing; the page stays, to ask for a new one.

        The library would forget the sign-up and where it led to. A code nobody was sent takes the
        place of the one guessed at; asking for a new one starts the count again, as often as codes
        are sent.
        """
        state, most = self._process.state, app_settings.EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS
        turned_away.noted(self.request, Kind.WRONG_CODE)
        state["failed_attempts"] += 1
        if state["failed_attempts"] >= most:
            self._process.generate_code()
            form.errors.pop("code", None)
            form.add_error(
                "code", _("Trop d’essais : ce code ne sert plus. Demandez-en un nouveau.")
            )
        self._process.persist()
        page: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return page

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        """For an address that has an account a message goes too: one answer takes no longer."""
        has_account = "user_id" not in self._process.state
        # So that a message to whoever has an account goes where they said; both ways the same.
        walls.name_alias(self._process.email)
        self._process.state["failed_attempts"] = 0
        response: HttpResponse = super()._resend_form_valid(form)
        if has_account:
            get_adapter().send_account_already_exists_mail(self._process.email)
        return response


@policy.everybody(policy.SIGNING_IN)
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """Enter the code; where none is awaited any more, say so and lead back to the form."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)
    if EmailVerificationProcess.resume(request) is None:
        messages.warning(
            request,
            _("Ce code n’est plus attendu : il a servi, ou un quart d’heure a passé."),
        )
        return HttpResponseRedirect(draft.form_again(request))
    response: HttpResponse = _Code.as_view()(request)
    return response


@policy.everybody(policy.SIGNING_IN)
@never_cache
@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    """Give up the code awaited, and correct the form: an address mistyped, above all.

    The account that waited for its code is removed. For an address that has an account already
    nothing waits and nothing is removed; the two read alike.
    """
    waiting = EmailVerificationProcess.resume(request) if request.user.is_anonymous else None
    if waiting is not None:
        alias, is_new = waiting.email, "user_id" in waiting.state
        waiting.abort()
        if is_new:
            registration.forget_unconfirmed(alias)
    messages.info(
        request,
        _(
            "L’ancien code ne sert plus et aucun compte n’est créé. Corrigez ce qu’il faut ;"
            " le mot de passe est à choisir de nouveau."
        ),
    )
    return HttpResponseRedirect(draft.form_again(request))
