"""The index of help and its pages, for everybody, in the language they read in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from serment.identity import accounts, policy
from serment.web.help import topics, written

WHY = "how the product is used: nothing of anybody is on it"


@policy.everybody(WHY)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All topics by whom they are for; who works in a house meets theirs first."""
    groups = [
        (one, [written.page(_language(), slug) for slug in one.slugs]) for one in _order(request)
    ]
    return render(request, "help/index.html", {"groups": groups})


def _order(request: HttpRequest) -> tuple[topics.Audience, ...]:
    if not (request.user.is_authenticated and accounts.is_staff(request)):
        return topics.AUDIENCES
    at_the_desk = accounts.home_of(request) == accounts.STAFF_HOME
    return topics.AT_WORK if at_the_desk else topics.ANSWERING


@policy.everybody(WHY)
@require_GET
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """One topic, with its neighbours. Raises Http404 where there is none of that name."""
    try:
        audience = topics.audience_of(slug)
    except KeyError:
        raise Http404 from None
    others = [written.page(_language(), one) for one in audience.slugs if one != slug]
    context = {"page": written.page(_language(), slug), "audience": audience, "others": others}
    return render(request, "help/page.html", context)


def _language() -> str:
    return (get_language() or "fr")[:2]
