"""The providers' buttons; none where none is configured."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import template

from serment.identity.openid import linking, providers

register = template.Library()


@register.inclusion_tag("account/openid_buttons.html")
def openid_buttons(redirect_field_value: str = "") -> dict[str, Any]:
    """A way to each provider, leading on to where the person was going."""
    return {
        "kinds": [one.kind for one in providers.configured()],
        "onward": redirect_field_value,
    }


@register.inclusion_tag("account/openid_again.html")
def openid_again(account: UUID, onward: str = "") -> dict[str, Any]:
    """The providers that open this account, to prove once more who one is."""
    linked = {one.provider for one in linking.links_of(account)}
    kinds = [one.kind for one in providers.configured() if one.kind.slug in linked]
    return {"kinds": kinds, "onward": onward}


@register.inclusion_tag("account/openid_card.html")
def openid_card() -> dict[str, Any]:
    """The way to the linked identities, where a provider is configured."""
    return {"kinds": [one.kind for one in providers.configured()]}
