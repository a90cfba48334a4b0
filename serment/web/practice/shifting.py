"""A visit taken by hand in the grid, or by the keyboard: put elsewhere, stretched, and put back.

What a rule refuses is not done: the agenda says which rule, and whoever wants it all the same says
so once more. What was done can be undone for a minute, as long as its message waits. Both travel in
the page's address, signed: a place in the agenda and no word about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from serment import clock
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import refusals, shifting
from serment.scheduling.models import Appointment
from serment.scheduling.shifting import Place
from serment.web import asked, wording
from serment.web.practice import addresses, panel, panel_shown, team, telling
from serment.web.practice.team import Member

DONE, ASKED = "fait", "propose"
ACTS: Final = (DONE, ASKED, "dit")
"""What an address says about the act one comes from."""
UNDO_SECONDS: Final = 60
_ON_ITS_WAY_SECONDS: Final = 15
_ASKED_SECONDS: Final = 600
_SALT = "serment.practice.shifting"


@dataclass(frozen=True, slots=True)
class Told:
    """What the agenda says of the last act on the grid."""

    sentence: str
    undo: str = ""
    """What the button that undoes it sends."""
    visit: UUID | None = None
    why: str = ""
    """Of something not done: the rule in words."""
    form: dict[str, str] | None = None
    """What to send to have it all the same; None where no wish helps."""


@policy.staff_may(Act.BOOK)
@require_POST
def shift(request: HttpRequest) -> HttpResponse:
    """Put a visit elsewhere or give it another length."""
    actor = accounts.actor_for(request)
    given = asked.sent(request)
    row = panel_shown.seen(asked.uuid(given.get("visite", "")) or UUID(int=0))
    members = {str(one.id): one for one in team.members(team.establishment_of(actor))}
    target = members.get(given.get("agenda", ""))
    starts_at = _instant(given.get("vers", ""), target) if target else None
    minutes = asked.number(given.get("minutes", ""), shifting.MINUTES_MAX) or _minutes(row)
    seen_at = asked.instant(given.get("vu", ""))
    if target is None or starts_at is None:
        raise NotThere
    to = Place(target.id, starts_at, minutes, over=given.get("en_plus") == "oui")
    before = asked.uuid(given.get("de", "")) or row.role_id
    seen = Place(before, seen_at, minutes) if seen_at else None
    try:
        done = shifting.shift(actor, row.id, to, clock.now(), seen)
    except refusals.MovedSince:
        return panel.moved_since(row)
    except shifting.FileClosed:
        return addresses.back_beside(request, row.id, "dossier-ferme")
    except (Conflict, Refused) as refused:
        return _back(request, ASKED, _asked(row, to, seen, refused))
    channel = (
        telling.of_visit(actor, panel_shown.seen(row.id), done.patient_file) if done.moved else ""
    )
    return _back(request, DONE, _done(row, to, done, channel))


@policy.staff_may(Act.BOOK)
@require_POST
def put_back(request: HttpRequest) -> HttpResponse:
    """Undo, within the minute in which nobody has heard of it."""
    actor = accounts.actor_for(request)
    signed = asked.whole(request, "defaire")
    told = _read(signed, UNDO_SECONDS + _ON_ITS_WAY_SECONDS)
    row = panel_shown.seen(UUID(told["v"]) if told else UUID(int=0))
    try:
        was, to = _place(told["was"]), _place(told["to"])
        shifting.shift_back(actor, row.id, was, clock.now(), to)
    except refusals.MovedSince:
        return panel.moved_since(row)
    except (Conflict, Refused):
        return addresses.back_beside(request, row.id, "plus-libre")
    return _back(request, "dit", "defait")


def told(request: HttpRequest, everybody: list[Member]) -> Told | None:
    """What the page's address says of the last act, while it is fresh."""
    query = asked.query(request)
    members = {one.id: one for one in everybody}
    found = _read(query.get(ASKED, ""), _ASKED_SECONDS)
    if found and _place(found["to"]).role_id in members:
        to = _place(found["to"])
        where = _where(to, members)
        form = None
        if found["may"]:
            seen = found["seen"] or {"r": str(to.role_id), "s": ""}
            form = {
                "visite": found["v"], "agenda": str(to.role_id), "vers": to.starts_at.isoformat(),
                "minutes": str(to.minutes), "vu": seen["s"], "de": seen["r"], "en_plus": "oui",
            }  # fmt: skip
        return Told(where, visit=UUID(found["v"]), why=found["why"], form=form)
    found = _read(query.get(DONE, ""), UNDO_SECONDS)
    if found and _place(found["to"]).role_id in members:
        was, to = _place(found["was"]), _place(found["to"])
        sentence = f"{_did(was, to, members, found['t'])} {_alone(found.get('n', 0))}".strip()
        return Told(sentence, query.get(DONE, ""), UUID(found["v"]))
    return None


def _did(was: Place, to: Place, members: dict[UUID, Member], channel: str) -> str:
    if was.at == to.at:
        minutes = ngettext("%(n)s minute", "%(n)s minutes", to.minutes) % {"n": to.minutes}
        return _("Durée : %(minutes)s. Personne n’en est prévenu.") % {"minutes": minutes}
    moved = _("Rendez-vous déplacé : %(where)s.") % {"where": _where(to, members)}
    more = {
        telling.MAIL: _("Un courriel part dans la minute."),
        telling.LETTER: _("Imprimez la carte ou la lettre."),
        telling.TEXT: _("Un SMS part si le numéro est un mobile, sinon imprimez la lettre."),
        telling.SECRET: _("Il est secret : aucun message ne part, dites la nouvelle heure."),
    }
    return f"{moved} {more.get(channel, '')}".strip()


def _alone(step: int) -> str:
    """Of a step that was moved by itself."""
    if not step:
        return ""
    told = _("C’est l’étape %(step)d d’une réservation : les autres étapes n’ont pas bougé.")
    return told % {"step": step}


def _where(place: Place, members: dict[UUID, Member]) -> str:
    member = members[place.role_id]
    day = place.starts_at.astimezone(member.zone).date()
    return _("%(day)s à %(time)s, %(who)s") % {
        "day": wording.day(day), "time": wording.hour(place.starts_at, member.zone),
        "who": member.name,
    }  # fmt: skip


def _instant(text: str, member: Member) -> datetime | None:
    """An instant, or a time by the clock of the practitioner's site."""
    local = asked.local_instant(text)
    if local is None or asked.instant(text) is not None:
        return asked.instant(text)
    return local.replace(tzinfo=member.zone).astimezone(UTC)


def _minutes(row: Appointment) -> int:
    return int((row.ends_at - row.starts_at).total_seconds() // 60)


def _done(row: Appointment, to: Place, done: shifting.Shifted, channel: str) -> str:
    value = {
        "v": str(row.id), "to": _written(to), "was": _written(done.was), "t": channel,
        "n": done.step if done.moved else 0,
    }  # fmt: skip
    return signing.dumps(value, salt=_SALT)


def _asked(row: Appointment, to: Place, seen: Place | None, refused: Exception) -> str:
    never = (refusals.PastTime, refusals.AlreadyOver, shifting.NoSuchReasonThere)
    value = {
        "v": str(row.id),
        "to": _written(to),
        "seen": _written(seen) if seen else None,
        "why": str(_(getattr(refused, "sentence", ""))),
        "may": isinstance(refused, (refusals.SlotTaken, refusals.NotOffered))
        and not isinstance(refused, never),
    }
    return signing.dumps(value, salt=_SALT)


def _written(place: Place) -> dict[str, Any]:
    return {
        "r": str(place.role_id),
        "s": place.starts_at.isoformat(),
        "m": place.minutes,
        "o": place.over,
    }


def _place(kept: dict[str, Any]) -> Place:
    starts_at = datetime.fromisoformat(kept["s"])
    return Place(UUID(kept["r"]), starts_at, int(kept["m"]), over=bool(kept["o"]))


def _read(signed: str, seconds: int) -> dict[str, Any]:
    """What this server signed within these seconds, or nothing."""
    try:
        found: dict[str, Any] = signing.loads(signed, salt=_SALT, max_age=seconds)
    except signing.BadSignature:
        return {}
    return found


def _back(request: HttpRequest, name: str, value: str) -> HttpResponseRedirect:
    """To the page the visit was taken on, saying so."""
    parts = urlsplit(addresses.ours(asked.sent(request).get("retour", "")))
    query = [(key, kept) for key, kept in parse_qsl(parts.query) if key not in ACTS]
    return HttpResponseRedirect(f"{parts.path}?{urlencode([*query, (name, value)])}")
