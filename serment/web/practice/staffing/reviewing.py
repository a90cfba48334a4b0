"""The yearly look at everybody's rights: keep, change or end, on record; as a page and a table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from io import StringIO
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import Actor
from serment.identity import accounts, policy, review, rights, staff
from serment.identity.models import Role
from serment.identity.review import Standing
from serment.identity.rights import Act
from serment.identity.staff_models import RightsReview
from serment.web import asked, wording
from serment.web.practice.staffing import told

View = Callable[[HttpRequest, UUID], HttpResponse]

_BEGUN: Final = "serment.review"
"""In the session: whose rights are being changed or ended, from the review."""

_DONE_AT: Final[dict[str, str]] = {
    RightsReview.Decision.CHANGE: "practice:team_member",
    RightsReview.Decision.END: "practice:team_end",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One person as the reviewer reads them."""

    id: UUID
    name: str
    role: str
    words: tuple[str, ...]
    until: str
    last: str
    by: str
    decided: str
    due: str
    overdue: bool
    soon: bool
    may_decide: bool


@policy.staff_may(Act.SEE_STAFF)
@never_cache
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Everybody, those due first."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    rows = list(_rows(actor, now))
    context = {
        "section": "team",
        "rows": rows,
        "overdue": sum(one.overdue for one in rows),
        "today": wording.day(now.astimezone(told.ZONE).date(), year=True),
        "manages": rights.may(actor, Act.MANAGE_STAFF),
    }
    return render(request, "practice/review.html", context)


@policy.staff_may(Act.SEE_STAFF)
@require_POST
def decide(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Put the look on record; to change or to end leads on to where that is done, and stands on
    record once it was: nothing that did not happen is written."""
    decision = asked.sent(request).get("decision", "")
    actor = accounts.staff_actor_for(request)
    name = _DONE_AT.get(decision)
    if name is not None and rights.may(actor, Act.MANAGE_STAFF):
        review.require_look(actor, member_id)
        request.session[_BEGUN] = {"member": str(member_id), "decision": decision}
        messages.info(request, _("Rien n’est encore inscrit : la revue le sera une fois fait."))
        return HttpResponseRedirect(reverse(name, args=[member_id]))
    review.decide(actor, member_id, decision, clock.now())
    messages.success(request, _("C’est inscrit, avec votre nom et la date."))
    return HttpResponseRedirect(reverse("practice:team_review"))


def once_done(view: View) -> View:
    """Around a change or an end: what a review began is on record when it happened, not before."""

    @wraps(view)
    def done(request: HttpRequest, member_id: UUID) -> HttpResponse:
        begun = request.session.get(_BEGUN) or {}
        if request.method != "POST" or begun.get("member") != str(member_id):
            return view(request, member_id)
        actor = accounts.staff_actor_for(request)
        before = _rights_of(actor, member_id)
        answer = view(request, member_id)
        if _rights_of(actor, member_id) == before:
            return answer
        review.decide(actor, member_id, begun["decision"], clock.now())
        del request.session[_BEGUN]
        messages.success(request, _("C’est inscrit, avec votre nom et la date."))
        return HttpResponseRedirect(reverse("practice:team_review"))

    return done


def _rights_of(actor: Actor, member_id: UUID) -> tuple[str, bool, datetime | None]:
    member = staff.of_house(actor, member_id)
    return member.role, member.active, member.ends_at


@policy.staff_may(Act.SEE_STAFF)
@never_cache
@require_GET
def as_csv(request: HttpRequest) -> HttpResponse:
    """The same as a table, for the file of whoever inspects."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    written = StringIO()
    table = csv.writer(written, delimiter=";")
    table.writerow(
        [_("nom"), _("rôle"), _("droits"), _("revus le"), _("par"), _("décision"), _("à revoir le")]
    )
    for one in _rows(actor, now):
        cells = [one.name, one.role, ", ".join(one.words), one.last, one.by, one.decided, one.due]
        table.writerow([_inert(cell) for cell in cells])
    day = now.astimezone(told.ZONE).date().isoformat()
    return HttpResponse(
        "\ufeff" + written.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="revue-des-droits-{day}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _rows(actor: Actor, now: datetime) -> Iterator[Row]:
    found = review.standing(actor, now)
    names = told.names_of(actor, [one.member for one in found])
    reviewers = staff.display_names(
        actor, {one.last.reviewer_id for one in found if one.last is not None}
    )
    for one in found:
        yield _row(actor, one, names.get(one.member.pk, ""), reviewers, now)


def _row(
    actor: Actor, one: Standing, name: str, reviewers: dict[UUID, staff.DisplayName],
    now: datetime,
) -> Row:  # fmt: skip
    today, last = now.date(), one.last
    by = reviewers.get(last.reviewer_id) if last is not None else None
    return Row(
        id=one.member.pk,
        name=name,
        role=str(Role(one.member.role).label),
        words=one.words,
        until=told.day(one.member.ends_at) if one.member.ends_at else "",
        last=told.date_of(last.on) if last is not None else "",
        by=by.name if by is not None else "",
        decided=str(RightsReview.Decision(last.decision).label) if last is not None else "",
        due=told.date_of(one.due),
        overdue=one.is_overdue(today),
        soon=one.is_soon(today),
        may_decide=review.may_look(actor, one.member.pk),
    )
