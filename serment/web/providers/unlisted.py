"""Pages behind a secret address, which no search engine may list: mails are archived and quoted."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.http import HttpResponse

Asked = ParamSpec("Asked")


def unlisted(view: Callable[Asked, HttpResponse]) -> Callable[Asked, HttpResponse]:
    """Says so to whatever program opened the page."""

    @wraps(view)
    def answered(*asked: Asked.args, **named: Asked.kwargs) -> HttpResponse:
        answer = view(*asked, **named)
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer

    return answered
