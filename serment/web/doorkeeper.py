"""Asks the policy before every page, and answers a refusal with the page of what is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from serment.errors import SermentError
from serment.identity import policy
from serment.web import failures


class Doorkeeper:
    """Middleware; after ``Standing``, which knows whose account it is and where they work."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> HttpResponse | None:
        """None lets the view answer."""
        try:
            return policy.admit(request, view)
        except SermentError as error:
            return failures.page_of(request, error)
