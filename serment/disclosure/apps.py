"""Registers the gate with Django: no table of its own, two checks."""

from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    """Sealed fields and the gate."""

    name = "serment.disclosure"
    label = "disclosure"

    def ready(self) -> None:
        """Hook the checks in."""
        from serment.disclosure import checks

        checks.hook()
