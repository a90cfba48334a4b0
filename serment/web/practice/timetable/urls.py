"""The timetable's addresses, under ``/cabinet/horaires/``; none holds a name."""

from django.urls import path

from serment.web.practice.timetable import (
    absences,
    hours,
    page,
    reason_words,
    reasons,
    rooms,
    sessions,
    unsettled,
    why,
)

urlpatterns = [
    path("", page.hours, name="hours"),
    path("heures/", hours.edit, name="hours_edit"),
    path("heures/retirer", hours.remove, name="hours_remove"),
    path("absence/", absences.add, name="absence"),
    path("absence/retirer", absences.remove, name="absence_remove"),
    path("motif/nouveau/", reason_words.add, name="reason_new"),
    path("motif/<uuid:reason_id>/", reasons.edit, name="reason_rules"),
    path("salles/", rooms.rooms, name="rooms"),
    path("seances/", sessions.sessions, name="sessions"),
    path("seances/changer", sessions.change, name="sessions_change"),
    path("pourquoi/", why.why, name="why"),
    path("sans-heure/", unsettled.unsettled, name="unsettled"),
    path("sans-heure/defaire", unsettled.undo, name="unsettled_undo"),
]
