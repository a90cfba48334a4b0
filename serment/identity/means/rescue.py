"""Everything lost: no telephone, no passkey, no paper. A way back that a thief cannot take alone.

It wants the password, three days during which the owner is told by e-mail and any true sign-in ends
it, and then the mailbox. A password that the mailbox itself chose is none: both would be one theft.
What comes back is the account with its password only, in doubt for two more days. Staff have no
such way: a second person brings them in anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from serment import clock
from serment.directory import tenancy
from serment.identity import links, policy, staff
from serment.identity.means import keeping, listed, stage, telling
from serment.identity.means.book import Book
from serment.identity.models import Account

WAIT: Final = timedelta(hours=72)
GOOD_FOR: Final = timedelta(days=4)
"""How long after the wait the way back stays open; then it is asked for anew."""

DOUBT: Final = timedelta(hours=48)
"""After a mailbox alone changed something, no first factor is added for so long."""

_LINK: Final = timedelta(hours=1)
_PURPOSE: Final = "rescue"
_MAILS: Final = "3/h/key"


def doubted_until(book: Book) -> datetime | None:
    """When a first factor may be added again; None when it may now."""
    if not book.doubted or book.has_second_factor:
        return None
    until = datetime.fromisoformat(book.doubted) + DOUBT
    return until if until > clock.now() else None


def state_of(book: Book, now: datetime) -> str:
    """``none`` asked, ``waiting``, or ``ready`` to send the mailbox its link."""
    if not book.asked_back:
        return "none"
    since = now - datetime.fromisoformat(book.asked_back)
    if since < WAIT:
        return "waiting"
    return "ready" if since < WAIT + GOOD_FOR else "none"


@policy.everybody(policy.SIGNING_IN)
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """For whoever knows the password and has nothing else."""
    waiting = stage.waiting(request)
    if waiting is None:
        return HttpResponseRedirect(reverse("account_login"))
    account, now = waiting.login.user, clock.now()
    if staff.member_of(account.pk) is not None:
        return render(request, "account/rescue.html", {"state": "staff"})
    if account.email is None:
        return render(request, "account/rescue.html", {"state": "desk"})
    book = keeping.book_of(request, account.pk)
    if book.vouched_by_mail:
        return render(request, "account/rescue.html", {"state": "mailbox"})
    if request.method == "POST":
        _ask(request, account, now)
        return HttpResponseRedirect(reverse("account_rescue"))
    state, until = state_of(book, now), None
    if state == "waiting":
        until = datetime.fromisoformat(book.asked_back) + WAIT
    return render(request, "account/rescue.html", {"state": state, "until": until})


@policy.everybody("the link of an e-mail, which carries its own proof")
@never_cache
def back(request: HttpRequest, word: str) -> HttpResponse:
    """The last step, from the mailbox: the lost factors count no more."""
    account = _carried(word)
    if account is None:
        return render(request, "account/rescue.html", {"state": "spent"})
    if request.method != "POST":
        return render(request, "account/rescue.html", {"state": "link"})
    tenancy.stand_in(account=account)
    with keeping.changing(request, account) as book:
        if book.vouched_by_mail or state_of(book, clock.now()) != "ready":
            return render(request, "account/rescue.html", {"state": "spent"})
        book.drop_factors()
        book.doubted = clock.now().isoformat()
        listed.end_all(book)
    row = Account.objects.get(pk=account)
    telling.tell(request, row, _("Les anciens moyens de connexion ont été retirés."))
    messages.success(
        request, _("C’est fait. Connectez-vous avec votre adresse et votre mot de passe.")
    )
    return HttpResponseRedirect(reverse("account_login"))


def _ask(request: HttpRequest, account: Account, now: datetime) -> None:
    """Begin the wait, or send the link once it is over; nothing else, however often."""
    with keeping.changing(request, account.pk) as book:
        state = state_of(book, now)
        if state == "none":
            book.asked_back = now.isoformat()
    if state == "none":
        telling.tell(
            request,
            account,
            _(
                "Quelqu’un qui connaît votre mot de passe dit avoir perdu son téléphone et ses"
                " codes, et redemande l’accès. Il sera rendu dans trois jours. Pour l’empêcher,"
                " connectez-vous comme d’habitude."
            ),
        )
    elif state == "ready" and _may_mail(request, account):
        _send_link(request, account, now)
        messages.success(
            request, _("Un lien est parti à votre adresse. Il sert pendant une heure.")
        )


def _send_link(request: HttpRequest, account: Account, now: datetime) -> None:
    carried = f"{account.pk.hex} {int((now + _LINK).timestamp())}"
    path = reverse("account_rescue_back", kwargs={"word": links.close(carried, _PURPOSE)})
    context = {"user": account, "address": settings.PUBLIC_URL + path}
    get_adapter(request).send_mail("account/email/rescue", account.alias, context)


def _carried(word: str) -> UUID | None:
    account, _blank, until = (links.open_(word, _PURPOSE) or "").partition(" ")
    if not until.isdigit() or int(until) < clock.now().timestamp():
        return None
    return UUID(account)


def _may_mail(request: HttpRequest, account: Account) -> bool:
    return bool(
        ratelimit.consume(
            request,
            app="serment",
            action="rescue",
            config={"rescue": _MAILS},
            key=str(account.pk),
        )
    )
