"""The patient's pages as a Django app."""

from django.apps import AppConfig


class PatientConfig(AppConfig):
    """Registers the patient's templates."""

    name = "serment.web.patient"
    label = "patient_pages"
