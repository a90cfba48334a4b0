"""Every table of the database, by hand: behind which wall it lies, or why behind none."""

from __future__ import annotations

from typing import Final

TENANT: Final = {
    "custody_agendaarrival", "custody_arrivedevent", "identity_accessreturn",
    "identity_invitation", "identity_rightsreview", "outbox_message", "outbox_reminderplan",
    "outbox_reminderticket", "outbox_tally", "scheduling_callback", "scheduling_daycount",
    "scheduling_occupancy", "scheduling_outsidecalendar", "scheduling_seat", "scheduling_slotoffer",
    "scheduling_visitretention",
}  # fmt: skip
"""Read and written where the establishment stands, and nowhere else."""

TENANT_OR_NAMED: Final = {
    "identity_patientfile", "identity_staffmember", "scheduling_appointment", "scheduling_wish",
    "scheduling_bookinginvitation",
}  # fmt: skip
"""The same, or rows whose ids the keeper gave (``serment.records``); a member's own account; the
row whose link's digest its reader brings."""

NAMED: Final = {"identity_dependant", "identity_relation", "identity_relationproof"}
"""Rows whose ids the keeper gave, to whoever it gave them; nothing else in them says whose."""

ACCOUNT: Final = {"account_emailaddress", "identity_account", "identity_openididentity"}
"""Read by the account itself, or by whoever names its alias at sign-in."""

APPENDED: Final = {"sightings_sighting"}
"""Read by its establishment and by the worker that watches; nobody changes or removes a row."""

SECRET: Final = {
    "identity_deskcode", "identity_signedinsession", "outbox_envelope", "outbox_handover",
    "outbox_stop", "scheduling_calendarfeed", "scheduling_holder",
}  # fmt: skip
"""Rows that name nobody: a keyed tag, a cookie's digest or a ticket is what opens them."""

PUBLISHED: Final = {
    "care_questionnaire", "care_questionnaireversion",
    "directory_commune", "directory_establishment", "directory_practitioner",
    "directory_practitionerrole", "directory_profession", "directory_site", "directory_specialty",
    "scheduling_absence", "scheduling_closure", "scheduling_groupsession", "scheduling_onlineterms",
    "scheduling_openingexception", "scheduling_recurringabsence", "scheduling_resource",
    "scheduling_resourcekind", "scheduling_rulesversion", "scheduling_substitution",
    "scheduling_visitreason", "scheduling_weeklyopening",
}  # fmt: skip
"""The public directory: everybody reads it; its establishment writes it, or a migration."""

NO_WALL: Final = {
    "account_emailconfirmation": "the library's links, which are switched off: always empty",
    "auth_group": "the library's groups: unused, empty",
    "auth_group_permissions": "the library's groups: unused, empty",
    "auth_permission": "names of the library's permissions: unused",
    "django_content_type": "names of models",
    "django_migrations": "names of migrations",
    "procrastinate_events": "states of jobs, whose arguments are random ids",
    "procrastinate_jobs": "jobs, whose arguments are random ids",
    "procrastinate_periodic_defers": "when something was last done on time",
    "procrastinate_workers": "workers' heartbeats",
}

WALLED: Final = TENANT | TENANT_OR_NAMED | NAMED | ACCOUNT
"""Of which nobody who stands elsewhere reads a row."""
