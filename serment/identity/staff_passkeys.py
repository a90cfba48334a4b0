"""Professional keys: sign in with one, add one, vouch for a colleague's, stop a lost one.

Doors only: the browser speaks with the keeper through ``disclosure.passkeys``. What the keeper
believed counts as two factors, for the device recognised its holder; nothing here decides it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment.directory import tenancy
from serment.disclosure import Actor, AssertionNeeded, NotYours, gate, passkeys
from serment.disclosure.passkeys import SensitiveAct, SignedInAs
from serment.errors import Unusable
from serment.identity import accounts, policy, staff, turned_away
from serment.identity.means import asking, keeping, strength, telling
from serment.identity.means.security import surely_known
from serment.identity.means.step_up import onward_of
from serment.identity.models import StaffMember
from serment.identity.rights import Act
from serment.sightings.models import Kind

_NAME_BYTES: Final = 16
_FIRST_KEY: Final = timedelta(days=1)


@policy.staff_may(Act.OWN_PASSKEYS)
@never_cache
@require_GET
@surely_known
def page(request: HttpRequest) -> HttpResponse:
    """One's own keys, and new ones of colleagues that nobody has vouched for."""
    actor = accounts.staff_actor_for(request)
    everybody = passkeys.passkeys(actor, house=True)
    own = [one for one in everybody if one.actor == actor.id and one.revoked_at is None]
    counted = [(one, one.name.hex(), one.settled, is_hastened_by_nobody(one)) for one in own]
    waiting = [
        one for one in everybody
        if one.actor != actor.id and one.revoked_at is None and not one.settled
    ]  # fmt: skip
    names = staff.display_names(actor, {one.actor for one in waiting})
    context = {
        "own": counted,
        "waiting": [
            (one, one.name.hex(), names.get(one.actor), is_hastened_by_nobody(one))
            for one in waiting
        ],
        "may_vouch": any(one.settled for one in own),
        # Somebody else's key that counts already: else the day alone makes one's own count.
        "others_vouch": any(
            one.settled and one.revoked_at is None and one.actor != actor.id for one in everybody
        ),
        "verified": accounts.is_verified(request),
    }
    return render(request, "account/staff_passkeys.html", context)


def is_hastened_by_nobody(key: passkeys.Passkey) -> bool:
    """Does it wait longer than a first key? The keeper takes nobody's word for such a one."""
    return key.settles_at - key.enrolled_at > _FIRST_KEY


@policy.staff_may(Act.OWN_PASSKEYS)
@never_cache
@require_POST
@surely_known
def ask(request: HttpRequest) -> HttpResponse:
    """What the browser is to make or to sign, as JSON."""
    actor = accounts.staff_actor_for(request)
    return asking.answer(lambda: _to_make_or_sign(request, actor))


def _to_make_or_sign(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    if request.POST.get("what") != "make":
        return passkeys.begin_act(actor, _act_of(request))
    shown = staff.display_names(actor, [actor.id]).get(actor.id)
    name = shown.name if shown and shown.name else _("Clé professionnelle")
    return passkeys.begin_enrolment(actor, name)


@policy.staff_may(Act.OWN_PASSKEYS)
@require_POST
@surely_known
def do(request: HttpRequest) -> HttpResponse:
    """Add a key or vouch for one, as the browser signed it."""
    actor = accounts.staff_actor_for(request)
    try:
        _done(request, actor)
    except (NotYours, AssertionNeeded, Unusable):
        messages.error(request, _("Cette clé n’a pas été acceptée. Rien n’a changé."))
    return HttpResponseRedirect(reverse("account_staff_passkeys"))


def _done(request: HttpRequest, actor: Actor) -> None:
    signed = request.POST.get("signed", "")
    if request.POST.get("what") == "make" and not signed:
        passkeys.finish_enrolment(actor, *_made(request))
    else:
        passkeys.finish_act(actor, _act_of(request), signed)
    if request.POST.get("what") == "make":
        said = _("Une clé professionnelle a été ajoutée à votre accès.")
        telling.tell(request, keeping.own(request), said)
        messages.success(request, _("La clé est ajoutée."))
    else:
        messages.success(request, _("C’est confirmé : la clé de votre collègue compte."))


@policy.staff_may(Act.OWN_PASSKEYS)
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """Stop one's own key, this second. Ending is never made hard."""
    actor = accounts.staff_actor_for(request)
    try:
        passkeys.revoke(actor, _name(request))
    except (NotYours, Unusable):
        messages.error(request, _("Il n’y avait rien à arrêter."))
    else:
        said = _("Une clé professionnelle a été retirée de votre accès.")
        telling.tell(request, keeping.own(request), said)
        messages.success(request, _("Cette clé n’ouvre plus rien, ses sessions sont finies."))
    return HttpResponseRedirect(reverse("account_staff_passkeys"))


@policy.everybody(policy.SIGNING_IN)
@never_cache
@require_POST
def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """What the browser is to sign, as JSON: for whoever has a key of this site."""
    return asking.answer_anybody(request, "staff_passkey", passkeys.begin_sign_in)


@policy.everybody(policy.SIGNING_IN)
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in whom the keeper believed: the page says nothing about who that is."""
    session = secrets.token_hex(_NAME_BYTES)
    try:
        signed = request.POST.get("signed", "")
        minted = passkeys.finish_sign_in(signed, accounts.SESSION_HOURS, session)
    except (NotYours, Unusable):
        return _not_accepted(request)
    account = _account_of(minted)
    if account is None:
        gate.close_session(minted.capability)
        return _not_accepted(request)
    accounts.sign_in_as(request, account, minted)
    strength.prove(request, keeping.own(request), strength.PASSKEY, strength.BOTH)
    return HttpResponseRedirect(onward_of(request))


def _account_of(minted: SignedInAs) -> UUID | None:
    """The account of that member of staff, if they still work there in that role."""
    with tenancy.inside(tenant=minted.establishment):
        row = StaffMember.objects.filter(pk=minted.actor, role=minted.role).first()
    account = row.account_id if row is not None else None
    if account is None:
        return None
    with tenancy.inside(account=account):
        return account if staff.member_of(account) is not None else None


def _not_accepted(request: HttpRequest) -> HttpResponse:
    turned_away.noted(request, Kind.WRONG_PASSKEY)
    messages.error(
        request,
        _("Cette clé n’ouvre rien ici. Connectez-vous par mot de passe pour voir ce qu’il en est."),
    )
    return HttpResponseRedirect(reverse("account_login"))


def _act_of(request: HttpRequest) -> SensitiveAct:
    """What is signed: made the same when it is asked and when it is done."""
    what = request.POST.get("what")
    if what in ("make", "add"):
        return passkeys.adding(*_made(request))
    if what == "vouch":
        return passkeys.vouching(_name(request))
    raise Unusable(_("Cette demande est incomplète."))


def _made(request: HttpRequest) -> tuple[str, str]:
    return request.POST.get("made", ""), request.POST.get("label", "")


def _name(request: HttpRequest) -> bytes:
    try:
        return bytes.fromhex(request.POST.get("passkey", ""))
    except ValueError as wrong:
        raise Unusable(_("Cette demande est incomplète.")) from wrong
