"""Where Django finds the outbox."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Durable messages: references that wait, addresses opened only while sending."""

    name = "serment.outbox"
    label = "outbox"
