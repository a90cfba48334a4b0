"""Visits, video rooms, questionnaires, prescriptions.

What is asked before a visit is here; the rest comes with the work on teleconsultation.
"""
