"""Registers care with Django."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    """What is asked before a visit, and what was answered."""

    name = "serment.care"
    label = "care"
    verbose_name = "soin"

    def ready(self) -> None:
        """Tell the outbox, which lies below, which houses ask before a visit."""
        from serment.care import asking

        asking.register()
