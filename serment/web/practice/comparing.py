"""Two files side by side: joined, parted again, or said to be two persons.

Who opens this page opens both files, for the purpose of verifying an identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from serment.disclosure import Actor, gate, persons
from serment.disclosure.persons import Holders
from serment.errors import Conflict, Refused
from serment.identity import accounts, ins, merging, policy, rights
from serment.identity.merging import Opened
from serment.identity.rights import Act
from serment.web import asked, field_words, wording
from serment.web.practice import naming

FRESH_MINUTES: Final = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both files; ``free``: whoever joins them may choose which value stays."""

    name: str
    label: str
    kept: str
    gone: str
    same: bool
    free: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    file: UUID
    name: str
    state: str
    visits: int
    read: bool = False
    """Somebody signs in for it."""


@policy.staff_may(Act.FIND_PATIENT, Act.OPEN_PATIENT)
@require_GET
def compare(request: HttpRequest, kept: UUID, gone: UUID) -> HttpResponse:
    """Both opened, what differs first; ``kept`` is the one that would stay."""
    actor = accounts.actor_for(request)
    stays, goes = merging.both(actor, kept, gone)
    held = persons.holders(actor, kept, gone)
    other = Holders(held.accounts[::-1], held.all_reached, held.people[::-1])
    refused, other_way = merging.why_not(stays, goes, held), not merging.why_not(goes, stays, other)
    if refused and other_way:
        stays, goes, held, refused, other_way = goes, stays, other, "", False
    read = [not held.all_reached and accounts > 0 for accounts in held.accounts]
    sides = [
        _side(actor, one, read=account) for one, account in zip((stays, goes), read, strict=True)
    ]
    context = {
        "section": "identities",
        "sides": sides,
        "unread": next((sides[1 - at] for at in (0, 1) if read[at] and not read[1 - at]), None),
        "by_relative": not any(held.people),
        "rows": _rows(stays, goes, held),
        "refused": refused,
        "other_way": other_way,
        "may_merge": rights.may(actor, Act.MERGE_FILES),
        "fresh": _is_fresh(request),
        "here": reverse("practice:compare", args=[stays.file, goes.file]),
    }
    return render(request, "practice/compare.html", context)


@policy.staff_may(Act.MERGE_FILES, recent_minutes=FRESH_MINUTES)
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, kept: UUID, gone: UUID) -> HttpResponse:
    """Join them; whoever comes here by an address sees them side by side first."""
    side_by_side = HttpResponseRedirect(reverse("practice:compare", args=[kept, gone]))
    if request.method == "GET":
        merging.must_be_here(kept, gone)
        return side_by_side
    actor = accounts.actor_for(request)
    chosen = {name for name in merging.COMPARED if asked.sent(request).get(name) == "autre"}
    try:
        merging.merge(actor, kept, gone, chosen)
    except (merging.NotOnePerson, Conflict) as refused:
        messages.error(request, refused.sentence)
        return side_by_side
    naming.forget()
    messages.success(
        request,
        _("Les deux dossiers n’en font plus qu’un. Rien n’est perdu : vous pouvez les séparer."),
    )
    held = persons.holders(actor, kept)
    if held.people[0] and not held.all_reached:
        messages.warning(
            request,
            _(
                "Le compte relié ne lit que ce qu’il lisait."
                " « Code pour un compte » lui ouvre le reste."
            ),
        )
    return HttpResponseRedirect(reverse("practice:patient", args=[kept]))


@policy.staff_may(Act.MERGE_FILES, recent_minutes=FRESH_MINUTES)
@require_http_methods(["GET", "POST"])
def part(request: HttpRequest, kept: UUID, gone: UUID) -> HttpResponse:
    """What parting would bring back; posted, it does."""
    actor = accounts.actor_for(request)
    page = HttpResponseRedirect(reverse("practice:patient", args=[kept]))
    if request.method == "GET":
        stays, goes = merging.both(actor, kept, gone)
        held = next((one for one in stays.merging.open_ones if one.file == str(gone)), None)
        if held is None:
            return page
        context = {
            "section": "identities",
            "sides": [_side(actor, stays, alone=True), _side(actor, goes, alone=True)],
            "back": [(_label(name), was or _("vide")) for name, (was, _now) in held.wrote.items()],
        }
        return render(request, "practice/part.html", context)
    try:
        left = merging.undo(actor, kept, gone)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return page
    naming.forget()
    messages.success(request, _("Ce sont de nouveau deux dossiers, chacun avec ses rendez-vous."))
    if left:
        names = ", ".join(_label(name).lower() for name in left)
        messages.warning(
            request, _("Changés depuis, et laissés tels quels : %(names)s.") % {"names": names}
        )
    return page


@policy.staff_may(Act.WRITE_PATIENT)
@require_POST
def tell_apart(request: HttpRequest, kept: UUID, gone: UUID) -> HttpResponse:
    """Two persons: not proposed any more."""
    persons.tell_apart(accounts.actor_for(request), kept, gone)
    said = _("C’est noté : deux personnes. Ces dossiers ne seront plus proposés.")
    messages.success(request, said)
    return HttpResponseRedirect(reverse("practice:identities"))


def _rows(stays: Opened, goes: Opened, held: Holders) -> list[Row]:
    """What differs first; what both have not is left out."""
    free = set(merging.taken(stays, goes, merging.COMPARED, held))
    rows = [
        Row(
            name=name,
            label=_label(name),
            kept=_shown(name, stays.values[name]),
            gone=_shown(name, goes.values[name]),
            same=stays.values[name] == goes.values[name],
            free=name in free and bool(stays.values[name]),
        )
        for name in merging.COMPARED
        if stays.values[name] or goes.values[name]
    ]
    return sorted(rows, key=lambda row: row.same)


def _label(name: str) -> str:
    return field_words.word(name)[0]


def _shown(name: str, value: str) -> str:
    if name == "birth_date" and value:
        return wording.birth_date(value)
    if name == "phone" and value:
        return wording.phone(value)
    sexes = {"female": _("Femme"), "male": _("Homme"), "other": _("Autre"), "unknown": _("Inconnu")}
    return sexes.get(value, value) if name == "sex" else value


def _side(actor: Actor, opened: Opened, *, alone: bool = False, read: bool = False) -> Side:
    values = opened.values
    visits = 0 if alone else len(gate.records_of(actor, opened.file))
    return Side(
        file=opened.file,
        name=f"{values['given_name']} {values['family_name']}".strip(),
        state=str(ins.WORDS[opened.standing.state]),
        visits=visits,
        read=read,
    )


def _is_fresh(request: HttpRequest) -> bool:
    since = policy.minutes_since_sign_in(request)
    return since is not None and since < FRESH_MINUTES
