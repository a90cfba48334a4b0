"""What every template may rely on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from serment.identity import accounts
from serment.web import signed_in
from serment.web.practice import kiosk_state


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Whether this is the demo, and who reads; their name is opened only where a page shows it."""
    user = getattr(request, "user", None)
    known = bool(user is not None and user.is_authenticated)
    is_staff = known and accounts.is_staff(request)
    return {
        "demo": settings.DEMO,
        "signed_in": known,
        "is_staff_member": is_staff,
        "lock_minutes": kiosk_state.minutes_of(request) if is_staff else 0,
        "home": accounts.home_of(request) if is_staff else "/",
        "me": SimpleLazyObject(lambda: signed_in.of_request(request)) if known else None,
    }
