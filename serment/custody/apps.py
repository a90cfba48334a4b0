"""Registers custody with Django."""

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    """Arriving and leaving; so far without a table of its own."""

    name = "serment.custody"
    label = "custody"
