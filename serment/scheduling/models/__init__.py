"""The agenda's tables: reasons and rules that all may read, time taken, and appointments.

Slots have no table: they are derived from these rows (``availability``).
"""

from serment.scheduling.models.calendars import CalendarFeed, OutsideCalendar
from serment.scheduling.models.calls import CallBack
from serment.scheduling.models.groups import GroupSession, Seat
from serment.scheduling.models.hours import (
    Absence,
    Closure,
    OpeningException,
    RecurringAbsence,
    VisitReason,
    WeeklyOpening,
)
from serment.scheduling.models.inviting import BookingInvitation
from serment.scheduling.models.others import Resource, ResourceKind, Substitution
from serment.scheduling.models.retention import VisitRetention
from serment.scheduling.models.time import (
    CARE_DAYS_AFTER,
    OCCUPANCY_EXCLUSION,
    Appointment,
    DayCount,
    Holder,
    Occupancy,
)
from serment.scheduling.models.versions import RulesVersion
from serment.scheduling.models.waiting import OnlineTerms, SlotOffer, Wish

__all__ = [
    "CARE_DAYS_AFTER",
    "OCCUPANCY_EXCLUSION",
    "Absence",
    "Appointment",
    "BookingInvitation",
    "CalendarFeed",
    "CallBack",
    "Closure",
    "DayCount",
    "GroupSession",
    "Holder",
    "Occupancy",
    "OnlineTerms",
    "OpeningException",
    "OutsideCalendar",
    "RecurringAbsence",
    "Resource",
    "ResourceKind",
    "RulesVersion",
    "Seat",
    "SlotOffer",
    "Substitution",
    "VisitReason",
    "VisitRetention",
    "WeeklyOpening",
    "Wish",
]
