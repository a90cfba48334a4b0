"""Registers the directory with Django."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """The public directory: who sees patients where."""

    name = "serment.directory"
    label = "directory"
    verbose_name = "annuaire"
