"""The HTML door as a Django app: base templates, tags, the demo's pages."""

from django.apps import AppConfig
from django.utils.translation import gettext

from serment.errors import SermentError


class WebConfig(AppConfig):
    """Registers the base templates and tags."""

    name = "serment.web"
    label = "web"

    def ready(self) -> None:
        """Errors speak the reader's language from here on."""
        SermentError.in_words = staticmethod(gettext)
