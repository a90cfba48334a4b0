"""Registers scheduling with Django."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Availability, slot search, holds and bookings."""

    name = "serment.scheduling"
    label = "scheduling"
    verbose_name = "agenda"

    def ready(self) -> None:
        """Tell the outbox, which lies below, what its messages are about."""
        from serment.scheduling import confirming, inviting, missed, taking

        confirming.register()
        taking.register()
        missed.register()
        inviting.register()
