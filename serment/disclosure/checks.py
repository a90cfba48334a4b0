"""System checks: every model with a sealed field is one the keeper can name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.db.models import UUIDField

from serment.disclosure.fields import all_sealed


def sealed_models_have_uuids(app_configs: Any = None, **_: Any) -> Sequence[CheckMessage]:
    """The keeper knows a record by its UUID; any other primary key cannot be sealed."""
    models = {model for model, _field in all_sealed()}
    return [
        Error(
            f"{model.__name__} holds sealed fields, so its primary key is a UUIDField.",
            obj=model,
            id="disclosure.E004",
        )
        for model in models
        if not isinstance(model._meta.pk, UUIDField)
    ]


def hook() -> None:
    """Register with Django's check framework."""
    register(sealed_models_have_uuids)
