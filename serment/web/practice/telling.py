"""Whether a person hears of what the desk does, and through which channel: said before and after.

Whether a file has an e-mail address shows without opening it; the address itself stays closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from serment.disclosure import Actor
from serment.identity.models import PatientFile
from serment.outbox import addressing, post
from serment.scheduling import secrecy
from serment.scheduling.models import Appointment

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAIL, LETTER, NOBODY, WISHED, SECRET = "courriel", "lettre", "personne", "voulu", "secret"
PERHAPS = "mineur"
"""Of a minor, whose visit may be secret: what it is for is closed."""
TEXT = "sms"
"""An SMS, or a letter where the number is no mobile's: the number stays closed."""

IF_CANCELLED: dict[str, _StrPromise] = {
    MAIL: _("Si vous annulez, un courriel part dans les deux minutes."),
    LETTER: _("Sans adresse e-mail : si vous annulez, une lettre attendra d’être imprimée."),
    TEXT: _(
        "Sans adresse e-mail : si vous annulez, un SMS part si le numéro est un mobile, sinon une"
        " lettre attendra d’être imprimée."
    ),
    WISHED: _("Si vous annulez, la personne l’apprend comme elle l’a demandé."),
    PERHAPS: _("Si vous annulez, la personne est prévenue, sauf si ce rendez-vous est secret."),
    SECRET: _("Ce rendez-vous est secret : si vous annulez, aucun message ne part."),
    NOBODY: _("Si vous annulez, le temps est libre ; personne n’est prévenu."),
    "": _("Si vous annulez, la personne est prévenue par courriel, ou par une lettre à imprimer."),
}
"""What cancelling would send, by channel; empty where nobody is open yet."""


def channel(file_id: UUID) -> str:
    """``WISHED`` where the person said how, else ``MAIL`` where the file has an address, else
    ``TEXT`` where it has a number and SMS leave from here, else ``LETTER``."""
    file = PatientFile.objects.filter(pk=file_id).first()
    if file is not None and file.safe_contact is not None:
        return WISHED
    if file is None or file.email is not None:
        return LETTER if file is None else MAIL
    return TEXT if file.phone is not None and addressing.may_text(post.CONFIRMATION) else LETTER


def of_visit(actor: Actor, appointment: Appointment, file_id: UUID) -> str:
    """The same of what was just done to one visit: ``SECRET`` where it is kept from those who act
    for the person. Its details are opened only where no message about it waits."""
    tenant = appointment.establishment_id
    if not post.waits(appointment.id, tenant) and secrecy.is_kept(actor, appointment):
        return SECRET
    return channel(file_id)
