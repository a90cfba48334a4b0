"""The practice's pages as a Django app."""

from django.apps import AppConfig


class PracticeConfig(AppConfig):
    """Registers the practice's templates and static files."""

    name = "serment.web.practice"
    label = "practice_pages"

    def ready(self) -> None:
        """Tell the outbox what messages about emergencies say."""
        from serment.web.practice import glass_messages, trustee_messages

        glass_messages.register()
        trustee_messages.register()
