"""The demo's continuity sheets: a key for one site of the eye practice, and its first sheet.

No real house's key ever lies on its server. This one does, in the state folder, so that a newcomer
can open a sheet of invented people with the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from serment.custody import continuity
from serment.directory import tenancy
from serment.directory.models import Site
from serment.disclosure import continuity as sheets
from serment.disclosure import receipts
from serment.disclosure.line import KeeperUnavailable
from serment.drills.demo import named
from serment.drills.demo.planting import Planted


def give_key(houses: Sequence[Planted]) -> None:
    """Make the key and tell the keeper its public half, on record as for anybody."""
    for house in houses:
        if house.plan.slug == named.QUAIS:
            with tenancy.inside(house.establishment):
                site = Site.objects.get(
                    establishment_id=house.establishment, slug=house.plan.sites[0].slug
                )
            recipient = continuity.make_demo_key(site.pk, receipts.log_key())
            sheets.register_key(house.establishment, site.pk, recipient)


def issue(now: datetime) -> None:
    """The first sheet; the worker makes the next within the hour, and this one too if it fails."""
    try:
        continuity.issue_all(now)
    except KeeperUnavailable:
        return
