"""What every template may rely on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from serment.identity import accounts


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Whether this is the demo, and whether whoever reads is staff; never a name."""
    user = getattr(request, "user", None)
    signed_in = bool(user is not None and user.is_authenticated)
    return {
        "demo": settings.DEMO,
        "signed_in": signed_in,
        "is_staff_member": signed_in and accounts.is_staff(request),
    }
