"""Where a message of sign-in may go: as the account's person said, or to the address as ever.

Whether an account said anything is heard by nobody: without it as much is done.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from serment import ids
from serment.disclosure import Actor, Purpose, gate
from serment.identity import contact
from serment.identity.models import Account
from serment.outbox.registry import Way
from serment.outbox.rendering import Letter

TOLD: Final = frozenset(
    {
        "account/email/acting",
        "account/email/asleep",
        "account/email/means_changed",
        "account/email/openid_linked",
        "account/email/passwords_failed",
        "account/email/second_failed",
    }
)
"""Messages that carry neither code nor link: to somebody who wants it neutral they say nothing."""


def way(itself: Actor, address: str | None) -> Way:
    """How the account ``itself`` is written to; ``address`` is the usual one, if there is one."""
    account = Account.objects.filter(pk=itself.id).first()
    if account is None or account.safe_contact is None:
        gate.close_session(gate.open_session("patient", ids.new_id(), "", None, hours=1))
        return Way("mail", address) if address else Way("none")
    opened = gate.reveal(itself, Purpose.SIGN_IN, [account], [contact.FIELD])[account.pk]
    return contact.way(contact.read(opened[contact.FIELD]), address or "")


def as_wished(letter: Letter, template: str, way: Way) -> Letter:
    """The message, or as little of it as the person wants in a mailbox."""
    if not (way.neutral or way.bare):
        return letter
    body = letter.body
    if template in TOLD:
        body = _("Connectez-vous comme d’habitude : il y a du nouveau dans votre compte.") + "\n"
    return Letter(_("Un message pour vous"), body)
