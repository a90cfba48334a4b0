"""Why a slot is not offered, in one sentence that names the rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.scheduling import rules, wall_clock
from serment.scheduling.diagnosis import Finding, Rule, diagnose

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_SENTENCES: dict[Rule, _StrPromise] = {
    Rule.OFFERED: gettext_lazy("Ce créneau est proposé à la réservation."),
    Rule.PAST: gettext_lazy("Cette heure est déjà passée."),
    Rule.NOTICE: gettext_lazy(
        "Il est trop tard pour réserver ce créneau en ligne : appelez le cabinet."
    ),
    Rule.HORIZON: gettext_lazy("Cette date n’est pas encore ouverte à la réservation."),
    Rule.ABSENCE: gettext_lazy("Le soignant est absent à ce moment."),
    Rule.CLOSED_DATE: gettext_lazy("Le soignant ne reçoit pas à cette date, par exception."),
    Rule.HOLIDAY: gettext_lazy("C’est un jour férié et le soignant ne reçoit pas."),
    Rule.OTHER_REASON: gettext_lazy("Ces heures sont réservées à d’autres motifs."),
    Rule.TOO_LONG: gettext_lazy("La consultation finirait après la fermeture."),
    Rule.OUTSIDE_OPENINGS: gettext_lazy("Le soignant ne reçoit pas à cette heure."),
    Rule.TAKEN: gettext_lazy("Ce temps est déjà pris."),
    Rule.OFF_GRID: gettext_lazy("Les créneaux de ce jour commencent à d’autres heures."),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The rule's name for programs, and its sentence for people."""

    rule: str
    sentence: str

    @property
    def offered(self) -> bool:
        """Whether the time can be booked after all."""
        return self.rule == Rule.OFFERED


def why_not(
    role_id: UUID,
    reason_id: UUID | None,
    instant: datetime,
    now: datetime,
    *,
    using: str = "search",
) -> Explanation:
    """Why a visit for this reason cannot start at this instant; ``offered`` if it can."""
    minute, present = wall_clock.minute_of(instant), wall_clock.minute_of(now)
    window = (minute, minute + 1)
    plan = rules.plans([role_id], window, using=using).get(role_id)
    if plan is None:
        return Explanation("no_role", _("Ce soignant ne prend pas de rendez-vous en ligne."))
    reason = plan.reason(reason_id)
    if reason is None:
        return Explanation(
            "reason_closed", _("Ce motif n’est pas ouvert à la réservation en ligne.")
        )
    taken = rules.taken([plan], window, present, using=using).get(role_id, [])
    finding = diagnose(plan.calendar, reason.visit, taken, minute, present)
    return Explanation(finding.rule.value, sentence(finding, plan))


def sentence(finding: Finding, plan: rules.Plan) -> str:
    """The finding for a person, in the language of the moment and the zone of the site."""
    if finding.rule is Rule.KEPT and finding.released_at is not None:
        released = timezone.localtime(
            wall_clock.instant_of(finding.released_at), plan.calendar.zone
        )
        return _("Ce créneau est gardé pour les urgences et s’ouvre le %(day)s à %(time)s.") % {
            "day": date_format(released, "l j F"),
            "time": date_format(released, "H:i"),
        }
    return str(_SENTENCES[finding.rule])
