"""The HTML door as a Django app: base templates, tags, the demo's pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the base templates and tags."""

    name = "serment.web"
    label = "web"
