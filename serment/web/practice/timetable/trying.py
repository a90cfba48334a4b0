"""Before a rule is saved: what it would orphan, and whether it gives anything at all.

The first press saves where there is nothing to say. Where there is, the same form comes back with
what it would do, and saves at the second press.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from serment.disclosure import Actor
from serment.identity import rights
from serment.identity.rights import Act
from serment.scheduling import orphans
from serment.scheduling.orphans import Orphan
from serment.web import asked, wording
from serment.web.practice import team

SEEN = "vu"
LEFT = "serment.cabinet.sans_heure"


@dataclass(frozen=True, slots=True)
class Left:
    """An appointment that would stand outside open time, as a page tells it."""

    id: UUID
    when: str
    who: str
    because: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What saving would do."""

    orphaned: Sequence[Orphan]
    fruitless: Sequence[str] = ()
    twice: Sequence[str] = ()
    """Where the same practitioner receives at the same hours, elsewhere or by another rule."""

    def accepted(self, request: HttpRequest) -> bool:
        """Whether there is nothing to say, or it was said on the page the form was on."""
        if not (self.orphaned or self.fruitless or self.twice):
            return True
        return asked.sent(request).get(SEEN) == self.mark

    @property
    def mark(self) -> str:
        """What was said, so that more than was seen is said again."""
        return f"{len(self.orphaned)}-{len(self.fruitless)}-{len(self.twice)}"


def told_with_times(
    found: Iterable[Orphan], members: Sequence[team.Member], now: datetime
) -> list[tuple[Left, str]]:
    """Each with its day, hour and practitioner, no name opened; and when it begins, as a form
    carries it."""
    known = {one.id: one for one in members}
    lines = []
    for one in found:
        member = known.get(one.role_id)
        if member is None:
            continue
        when = wording.moment(one.starts_at, member.zone, now.astimezone(member.zone).date())
        line = Left(one.id, when, member.name, one.because)
        lines.append((line, one.starts_at.isoformat()))
    return lines


@dataclass(frozen=True, slots=True)
class Day:
    """What would be left of one practitioner's day, for one rule."""

    day: str
    who: str
    because: str
    hours: Sequence[str]


def by_day(found: Iterable[Orphan], members: Sequence[team.Member]) -> list[Day]:
    """The same, a line for each day: many visits of one holiday read as a few lines."""
    known = {one.id: one for one in members}
    days: dict[tuple[str, str, str], list[str]] = {}
    for one in found:
        member = known.get(one.role_id)
        if member is not None:
            day = wording.day(one.starts_at.astimezone(member.zone).date())
            hours = days.setdefault((day, member.name, one.because), [])
            hours.append(wording.hour(one.starts_at, member.zone))
    return [Day(*head, hours) for head, hours in days.items()]


def tried(roles: Sequence[UUID], act: Callable[[], object], now: datetime) -> list[Orphan]:
    """As ``orphans.of_change``; a first look at what the form would do."""
    return orphans.of_change(roles, act, now)


def saved(
    request: HttpRequest, actor: Actor, trial: Trial, said: str, member: team.Member
) -> HttpResponse:
    """To the list of what is left without open time, for whoever may settle it; else back."""
    home = f"{reverse('practice:hours')}?agenda={member.id}"
    if not trial.orphaned:
        messages.success(request, said)
        return HttpResponseRedirect(home)
    request.session[LEFT] = [str(one.id) for one in trial.orphaned]
    count = len(trial.orphaned)
    left = ngettext(
        "%(count)d rendez-vous est maintenant hors des heures ouvertes.",
        "%(count)d rendez-vous sont maintenant hors des heures ouvertes.",
        count,
    ) % {"count": count}
    messages.success(request, f"{said} {left}")
    if rights.may(actor, Act.BOOK):
        return HttpResponseRedirect(f"{reverse('practice:unsettled')}?agenda={member.id}")
    messages.info(request, _("L’accueil peut les déplacer, ou prévenir les personnes."))
    return HttpResponseRedirect(home)
