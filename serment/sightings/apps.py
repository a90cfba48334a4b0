"""Registers the table of sightings with Django."""

from django.apps import AppConfig


class SightingsConfig(AppConfig):
    """Things somebody may want to look at."""

    name = "serment.sightings"
    label = "sightings"
