"""Addresses that other programs expect: security contact (RFC 9116), robots."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from serment import clock
from serment.identity import policy


@policy.everybody("addresses that other programs expect")
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """RFC 9116: where to report a weakness; renewed each day, valid for a year."""
    del request
    expires = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=364)
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.PUBLIC_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@policy.everybody("addresses that other programs expect")
@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Practitioners' public pages may be found; nothing else is worth a robot's time."""
    del request
    text = "User-agent: *\nDisallow: /compte/\nDisallow: /cabinet/\nDisallow: /demo\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
