"""The practice's pages as a Django app."""

from django.apps import AppConfig


class PracticeConfig(AppConfig):
    """Registers the practice's templates and static files."""

    name = "serment.web.practice"
    label = "practice_pages"
