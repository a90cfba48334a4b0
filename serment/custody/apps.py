"""Registers custody with Django."""

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    """Arriving and leaving."""

    name = "serment.custody"
    label = "custody"
