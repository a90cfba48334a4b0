"""What changed in how an account is signed in to, told to its owner by e-mail at once."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.utils.translation import gettext as _

from serment.identity.means import devices
from serment.identity.models import Account


def tell(request: HttpRequest, account: Account, what: str) -> None:
    """A sentence; the message says what to do if it was somebody else."""
    context = {"user": account, "what": what}
    get_adapter(request).send_mail("account/email/means_changed", account.alias, context)


def new_device(request: HttpRequest, account: Account) -> None:
    """Somebody signed in from a browser that never did before."""
    name = devices.name_of(request.headers.get("user-agent", ""))
    tell(
        request,
        account,
        _("Une connexion vient d’avoir lieu depuis un nouvel appareil : %(device)s.")
        % {"device": name},
    )
