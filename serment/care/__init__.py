"""Visits, video rooms, questionnaires, prescriptions; filled by the work on teleconsultation."""
