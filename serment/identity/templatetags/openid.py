"""The buttons of the providers; none where none is configured."""

from __future__ import annotations

from typing import Any

from django import template

from serment.identity.openid import providers

register = template.Library()


@register.inclusion_tag("account/openid_buttons.html")
def openid_buttons(redirect_field_value: str = "") -> dict[str, Any]:
    """A way to each provider, leading on to where the person was going."""
    return {
        "kinds": [one.kind for one in providers.configured()],
        "onward": redirect_field_value,
    }
