"""Registers scheduling with Django."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Availability, slot search, holds and bookings."""

    name = "serment.scheduling"
    label = "scheduling"
    verbose_name = "agenda"
