"""Who opened my data: all of it, page by page, with who and how often over the last month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from serment import clock
from serment.directory.models import Establishment
from serment.disclosure import Actor, gate
from serment.disclosure.told import Disclosure
from serment.identity import accounts, policy, staff
from serment.identity.relatives import people
from serment.web import asked, receipts
from serment.web.patient import opened_told, relatives_told
from serment.web.patient.opened_told import Known, Moment, is_own, is_upkeep

COUNTED_DAYS: Final = 30
SEQ_MAX: Final = 10**9
READ_AT_ONCE: Final = 500
"""What the keeper tells in one answer."""

SHOWN: Final = 60
SHOWN_MAX: Final = 180
"""A page ends with a day, where the day is not longer than this. One's own accesses, which are
folded, do not count: a day of signing in often would hide who else looked."""

FOLDED_MAX: Final = 600
"""With one's own, however few the others are."""

READ_MAX: Final = 20_000
"""Records read for one page; what is beyond is counted as “more than”."""


@dataclass(slots=True)
class Often:
    """One person or program that opened something lately, and how often."""

    who: str
    where: str
    times: int = 0
    latest: datetime | None = None
    actor: UUID | None = None


@dataclass(slots=True)
class Page:
    """What one page shows, and from where the next goes on."""

    moments: list[Moment] = field(default_factory=list)
    recent: list[Moment] = field(default_factory=list)
    others: int = 0
    """Moments of this page that are not the patient's own."""
    older: int | None = None
    counts_all: bool = True


@policy.patient(strength=policy.Strength.TWO_FACTORS)
@require_GET
def timeline(request: HttpRequest) -> HttpResponse:
    """Others' accesses, counted and told; then one's own, folded."""
    actor = accounts.actor_for(request)
    before = asked.number(asked.query(request).get("avant", ""), SEQ_MAX)
    only = asked.uuid(asked.query(request).get("qui", ""))
    page = _page(actor, before, only)
    known = _known(actor, [*page.moments, *page.recent])
    often = _often(page.recent, known)
    told = {(one.row.actor_kind, one.row.actor_id) for one in page.recent}
    context = {
        "days": opened_told.days(page.moments, known, actor.id, clock.now()),
        "first": before is None and only is None,
        "only": next((one for one in often if one.actor == only), None) if only else None,
        "filtered": only is not None,
        "qui": only,
        "count": len(page.recent),
        "counts_all": page.counts_all,
        "people": sum(kind == "staff" for kind, _actor in told),
        "partners": sum(kind == "partner" for kind, _actor in told),
        "often": often,
        "window_days": COUNTED_DAYS,
        "older": page.older,
    }
    return render(request, "patient/opened.html", context)


@policy.patient(strength=policy.Strength.TWO_FACTORS)
@require_GET
def receipt(request: HttpRequest, seq: int) -> HttpResponse:
    """One line of the record with its proof, as a file to keep."""
    return receipts.answer(request, accounts.actor_for(request), seq)


def read(actor: Actor, before: int | None = None) -> Iterator[Disclosure]:
    """All that was recorded about the account and its files, newest first, as far as is asked."""
    while True:
        rows = gate.history(actor, actor.id, READ_AT_ONCE, before)
        yield from rows
        if len(rows) < READ_AT_ONCE:
            return
        before = rows[-1].seq


def _page(actor: Actor, before: int | None, only: UUID | None) -> Page:
    """Enough moments for a page; from the newest on, all of the counted days as well."""
    page = Page()
    since = clock.now() - timedelta(days=COUNTED_DAYS)
    counting, full, lines = before is None, False, 0
    for moment in opened_told.together(read(actor, before)):
        lines += len(moment.seqs)
        counting = counting and moment.row.at > since
        own = is_own(moment.row, actor.id)
        if counting and not own and not is_upkeep(moment.row):
            page.recent.append(moment)
        if not full and (only is None or moment.row.actor_id == only):
            full = _is_full(page, moment)
            if full:
                page.older = page.moments[-1].seqs[-1]
            else:
                page.moments.append(moment)
                page.others += not own
        if full and not counting:
            break
        if lines > READ_MAX:
            page.counts_all = not counting
            page.older = page.older or moment.seqs[-1]
            break
    return page


def _is_full(page: Page, coming: Moment) -> bool:
    shown = page.moments
    if page.others < SHOWN and len(shown) < FOLDED_MAX:
        return False
    if page.others >= SHOWN_MAX or len(shown) >= FOLDED_MAX:
        return True
    return opened_told.day_of(shown[-1]) != opened_told.day_of(coming)


def _known(actor: Actor, moments: list[Moment]) -> Known:
    """Names of those who looked, each opened on record, and of their houses."""
    rows = [moment.row for moment in moments]
    houses = {row.establishment for row in rows if row.establishment}
    return Known(
        staff.display_names(actor, {row.actor_id for row in rows if row.actor_kind == "staff"}),
        dict(Establishment.objects.filter(id__in=houses).values_list("id", "name")),
        _relatives(actor, rows),
    )


def _relatives(actor: Actor, rows: list[Disclosure]) -> dict[UUID, tuple[str, str]]:
    """Who the other accounts are; nobody is asked for where none looked."""
    others = any(row.actor_kind == "patient" and row.actor_id != actor.id for row in rows)
    return relatives_told.of_timeline(people.acting_for_me(actor)) if others else {}


def _often(recent: list[Moment], known: Known) -> list[Often]:
    """Who opened in the counted days, most often first; programs as one of their kind."""
    found: dict[tuple[str, UUID | str], Often] = {}
    for moment in recent:
        row = moment.row
        who, where = opened_told.who(row, known)
        own = row.actor_id if row.actor_kind == "staff" else f"{row.purpose}{row.establishment}"
        one = found.setdefault((row.actor_kind, own), Often(who, where))
        one.times += 1
        one.latest = max(one.latest or row.at, row.at)
        one.actor = row.actor_id if row.actor_kind == "staff" else None
    return sorted(found.values(), key=lambda one: (-one.times, one.who))
