"""An address typed without its last slash leads to the page; no cache keeps where it led."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware


class _Onward(HttpResponsePermanentRedirect):
    """Said before anybody knows who asks, so never kept: the address may hold a way in."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self["Cache-Control"] = "no-store, private"


class Common(CommonMiddleware):
    """Django's own, which would leave that answer to be kept."""

    response_redirect_class = _Onward
