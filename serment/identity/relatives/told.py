"""A mandate between two accounts, told to the other of the two when it begins or ends.

In the other account's own name, as a failed sign-in is told: neither reads how the other is
reached. By e-mail alone, for an account names no practice that could print a letter.
"""

from __future__ import annotations

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure.acting import Acting
from serment.identity.models import Account
from serment.identity.relatives.granting import Invitation


def begun(mandate: Acting, invitation: Invitation) -> None:
    """To who invited from their own account; whom a desk invited for, the desk told."""
    if invitation.tenant is None:
        said = _(
            "Une personne que vous aviez invitée a accepté. Depuis cette minute, elle peut agir"
            " pour vous."
        )
        _tell(mandate.person, said)


def ended(mandate: Acting) -> None:
    """To the other one, if it has an account here; nobody where it was never accepted."""
    if mandate.mine:
        _tell(mandate.person, _("Une personne qui agissait pour vous a choisi d’arrêter."))
    elif mandate.account is not None:
        said = _(
            "Une personne pour qui vous agissiez y a mis fin. Depuis cette minute, rien ne s’ouvre"
            " plus par là."
        )
        _tell(mandate.account, said)


def _tell(account: UUID, what: str) -> None:
    with tenancy.inside(account=account):
        other = Account.objects.filter(pk=account).first()
        if other is not None:
            context = {"user": other, "what": what}
            get_adapter().send_mail("account/email/acting", other.alias, context)
