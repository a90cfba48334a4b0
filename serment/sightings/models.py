"""One odd thing that was seen: what kind, in which hour, where. Nobody's name, nobody's id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.db import models

from serment.clock import now
from serment.ids import new_id

DOOR_LETTERS_MAX: Final = 80


def this_hour() -> datetime:
    """The hour it is: an instant beside an actor's other traces would name the actor."""
    return now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class Kind(models.TextChoices):
    """What may be seen; a closed list, so that the watch knows all of them."""

    CROSS_TENANT = "cross_tenant", "asked for a record that is not their establishment's"
    TRIPWIRE = "tripwire", "touched something nobody has a reason to touch"
    BREAK_GLASS = "break_glass", "went past a limit in an emergency"
    REFUSED_OPENING = "refused_opening", "the keeper refused an opening"
    CLOSED_DOOR = "closed_door", "asked for a page that is not theirs"
    STRONGER_ASKED = "stronger_asked", "was stopped for want of a surer or newer proof"
    FOREIGN_FORM = "foreign_form", "sent a form that is too old or comes from elsewhere"
    WRONG_PASSWORD = "wrong_password", "signed in with a wrong password"
    WRONG_CODE = "wrong_code", "gave a wrong code"
    WRONG_PASSKEY = "wrong_passkey", "showed a passkey that opens nothing"
    WRONG_DESK_CODE = "wrong_desk_code", "typed a code of a desk that is none"
    WRONG_UNLOCK = "wrong_unlock", "could not take up a locked desk"
    PROVIDER_REFUSED = "provider_refused", "came back from a provider signed in by nobody"


class Sighting(models.Model):
    """A row that is written once and never changed; no role may update or delete it.

    A stolen dump says that something was seen at an establishment in some hour, and no more. Who,
    and about whom, stands in the keeper's record or nowhere. ``facts`` holds counts only, ``door``
    the name of a route: one of the program's own, the same for everybody.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seen_in_hour = models.DateTimeField(default=this_hour)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    establishment_id = models.UUIDField(null=True)
    facts = models.JSONField(default=dict)
    door = models.CharField(max_length=DOOR_LETTERS_MAX, blank=True, default="")

    class Meta:
        db_table = "sightings_sighting"
        indexes = [models.Index(fields=["kind", "seen_in_hour"], name="sighting_kind_seen_in_hour")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
