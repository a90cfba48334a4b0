"""What providers say afterwards: delivered, returned, or that its reader wants no more.

A word of theirs changes nothing but how one hand-over fared and whom we leave alone; it opens
nothing. Who calls is told from a stranger by the door (``serment.web.providers``).
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from serment.directory import tenancy
from serment.errors import NotThere
from serment.outbox import references, tallies, undelivered
from serment.outbox.models import Channel, HandOver, Message, State, Stop
from serment.outbox.sms import chosen
from serment.outbox.sms.port import Fate

STOPPED: Final = "stopped"
_STATES: Final = {
    Fate.DELIVERED: HandOver.State.DELIVERED,
    Fate.RETURNED: HandOver.State.RETURNED,
}
_LATER: Final = {
    HandOver.State.DELIVERED: (HandOver.State.UNDER_WAY, HandOver.State.TAKEN),
    HandOver.State.RETURNED: (
        HandOver.State.UNDER_WAY, HandOver.State.TAKEN, HandOver.State.DELIVERED,
    ),
}  # fmt: skip
"""From which states each follows: told twice, or out of turn, it changes nothing."""


def called_back(
    name: str, reference: str, token: str, query: Mapping[str, str], body: bytes, now: datetime
) -> None:
    """A call of the SMS provider, at its account's address or at one message's own. Raises
    ``NotThere`` for whoever does not know that address."""
    provider = chosen.provider()
    if provider is None or provider.name != name:
        raise NotThere
    known = references.hook_token(name, reference) if reference else provider.callback_token
    if not known or not hmac.compare_digest(token.encode(), known.encode()):
        raise NotThere
    for told in provider.told(query, body, reference):
        if told.reference and told.fate in _STATES:
            fared(told.reference, told.fate, now)
        if told.fate is Fate.STOPPED:
            for number in told.numbers:
                stop(number)


def fared(reference: str, fate: Fate, now: datetime) -> None:
    """How one message fared, by its reference; what is not ours is passed over."""
    row = HandOver.objects.filter(reference=reference).first()
    state = _STATES[fate]
    if row is None:
        return
    with tenancy.inside(tenant=row.establishment_id):
        known = HandOver.objects.filter(reference=reference, state__in=_LATER[state])
        if not known.update(state=state):
            return
        counts = Counter({(row.provider, str(fate)): 1})
        tallies.add(row.establishment_id, now.date(), counts)
        if fate is Fate.RETURNED:
            returned = Message.objects.filter(pk=row.message_id, state=State.SENT)
            # What was printed meanwhile lies in its envelope: a late bounce is none of a letter's.
            if returned.exclude(channel=Channel.LETTER).update(state=State.FAILED):
                undelivered.to_desk([row.message_id], now)


def stopped(addresses: Collection[str]) -> set[str]:
    """Those whose reader said STOP."""
    tags = {references.stop_tag(one): one for one in addresses}
    known = Stop.objects.filter(tag__in=list(tags)).values_list("tag", flat=True)
    return {tags[bytes(tag)] for tag in known}


def stop(address: str) -> None:
    """From now on no text goes to this number, no reminder to this address."""
    Stop.objects.get_or_create(tag=references.stop_tag(address))
