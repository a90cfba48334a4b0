"""Where Django finds accounts, patient files and staff."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Accounts, patient files, staff, sign-in."""

    name = "serment.identity"
    label = "identity"
