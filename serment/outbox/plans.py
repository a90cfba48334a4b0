"""A house chooses when it reminds: of every visit, or of one kind otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from serment import clock
from serment.directory import tenancy
from serment.errors import Unusable
from serment.outbox import moments, reminders
from serment.outbox.models import ReminderPlan


class MomentsUnusable(Unusable):
    """Trois moments au plus, et jamais la nuit."""


def of(establishment_id: UUID) -> dict[UUID | None, list[int]]:
    """Moments by kind of visit; the house's own under None."""
    with tenancy.inside(tenant=establishment_id):
        return reminders.plans_of(establishment_id)


def choose(establishment_id: UUID, reason: UUID | None, codes: Sequence[int]) -> None:
    """From now on these; what was due before is not made up for. Raises ``MomentsUnusable``."""
    kept = list(dict.fromkeys(codes))
    if len(kept) > moments.MOMENTS_MAX or any(moments.moment(one) is None for one in kept):
        raise MomentsUnusable(_("Trois moments au plus, et jamais la nuit."))
    with tenancy.inside(tenant=establishment_id):
        plan, made = ReminderPlan.objects.get_or_create(
            establishment_id=establishment_id, reason=reason,
            defaults={"moments": kept, "swept": clock.now()},
        )  # fmt: skip
        if not made:
            plan.moments = kept
            plan.save(update_fields=["moments"])


def as_the_house(establishment_id: UUID, reason: UUID) -> None:
    """A kind of visit is reminded of like all others again."""
    with tenancy.inside(tenant=establishment_id):
        ReminderPlan.objects.filter(establishment_id=establishment_id, reason=reason).delete()
