"""How long the demo's team has been there, when each was last seen, whose rights were looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from serment.directory import tenancy
from serment.identity.models import Role, StaffMember
from serment.identity.staff_models import RightsReview

DAYS_HERE: Final = {
    Role.SECRETARY: 1_210, Role.PRACTITIONER: 2_950, Role.MANAGER: 1_870,
    Role.PRIVACY_OFFICER: 800, Role.SECURITY_OFFICER: 800, Role.SUBSTITUTE: 20, Role.TRAINEE: 10,
}  # fmt: skip
WEEKS_UNSEEN: Final = {Role.SECURITY_OFFICER: 3, Role.PRIVACY_OFFICER: 1}
REVIEWED: Final = {
    Role.SECRETARY: (402, Role.MANAGER),
    Role.PRACTITIONER: (128, Role.MANAGER),
    Role.MANAGER: (128, Role.PRIVACY_OFFICER),
    Role.PRIVACY_OFFICER: (345, Role.MANAGER),
    Role.SECURITY_OFFICER: (128, Role.MANAGER),
}
"""Days ago, and by whom: one is overdue, one is due soon."""


def remember(house: UUID, members: Mapping[Role, StaffMember], today: date) -> None:
    """Write it down for the house where everybody of the demo works."""
    monday = today - timedelta(days=today.weekday())
    with tenancy.inside(tenant=house):
        for role, member in members.items():
            StaffMember.objects.filter(pk=member.pk).update(
                since=(today - timedelta(days=DAYS_HERE[role])).replace(day=1),
                seen_week=monday - timedelta(weeks=WEEKS_UNSEEN.get(role, 0)),
            )
        RightsReview.objects.bulk_create(
            RightsReview(
                establishment_id=house, member=members[role], reviewer=members[by], role=role,
                decision=RightsReview.Decision.KEEP, on=today - timedelta(days=days),
            )
            for role, (days, by) in REVIEWED.items()
        )  # fmt: skip
