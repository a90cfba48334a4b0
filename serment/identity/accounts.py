"""Who is asking: from a request to the ``Actor`` that every act of the gate names.

Owns the link between a signed-in session and the keeper's own session (the capability), which is
kept in the sealed session data and minted again when the keeper no longer knows it.
"""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, gate
from serment.disclosure.passkeys import SignedInAs
from serment.errors import NotThere
from serment.identity import draft, rights, staff
from serment.identity.models import Account, Role, StaffMember

STAFF_HOME = "/cabinet/"
OFFICERS_HOME = "/acces/"
TRUSTEES_HOME = "/confiance/"
SESSION_HOURS = 12

_CAPABILITY = "serment.capability"
_CAPABILITY_UNTIL = "serment.capability_until"
_VERIFIED = "serment.verified"
_RENEW_SECONDS = 600
_REQUEST_ATTRIBUTE = "serment_actor"
_MINTED = "serment_minted"


class SignedOut(NotThere):
    """Connectez-vous d’abord."""


def actor_for(request: HttpRequest) -> Actor:
    """The signed-in patient or staff member. Raises ``SignedOut`` when nobody is."""
    known: Actor | None = getattr(request, _REQUEST_ATTRIBUTE, None)
    if known is not None:
        return known
    if not request.user.is_authenticated:
        raise SignedOut(_("Connectez-vous d’abord."))
    actor = _actor(request, UUID(str(request.user.pk)), staff.of_request(request))
    setattr(request, _REQUEST_ATTRIBUTE, actor)
    return actor


def staff_actor_for(request: HttpRequest) -> Actor:
    """The signed-in staff member; for anybody else the page does not exist."""
    actor = actor_for(request)
    if actor.kind != "staff":
        raise NotThere
    return actor


def is_staff(request: HttpRequest) -> bool:
    """Whether the signed-in account works for an establishment."""
    return request.user.is_authenticated and staff.of_request(request) is not None


def home_of(request: HttpRequest) -> str:
    """Where a member of staff works: officers have no agenda, and read who opened what."""
    member = staff.of_request(request)
    if member is not None and member.role == Role.TRUSTEE:
        return TRUSTEES_HOME
    if member is not None and rights.Act.SEE_AGENDA not in rights.ACTS_OF[Role(member.role)]:
        return OFFICERS_HOME
    return STAFF_HOME


def sign_in(request: HttpRequest, account: UUID) -> None:
    """Sign an account in without asking for anything: the caller has made sure who it is.

    For the demo's one-click sign-in. Must run inside a transaction (any view does).
    """
    from allauth.account.adapter import get_adapter

    tenancy.stand_in(account=account)
    found = Account.objects.filter(pk=account, is_active=True).first()
    if found is None or found.is_shut:
        raise NotThere
    get_adapter(request).login(request, found)


def sign_in_as(request: HttpRequest, account: UUID, minted: SignedInAs) -> None:
    """Sign in whose passkey the keeper believed, in the session that it minted for them."""
    setattr(request, _MINTED, minted)
    sign_in(request, account)


def is_verified(request: HttpRequest) -> bool:
    """Did the keeper itself check who signed in?"""
    return request.user.is_authenticated and bool(request.session.get(_VERIFIED))


def begin_session(request: HttpRequest, account: Account) -> None:
    """At sign-in: find the staff member, open the keeper's session, keep its capability.

    Must run inside a transaction, which stands in the account from here on.
    """
    tenancy.stand_in(account=account.pk)
    staff.enter(request, account.pk)
    minted: SignedInAs | None = getattr(request, _MINTED, None)
    request.session[_VERIFIED] = minted is not None and minted.verified
    if minted is None:
        _open_at_keeper(request, account.pk, staff.of_request(request))
    else:
        until = _good_until(staff.of_request(request), timezone.now().timestamp())
        _keep(request, minted.capability, until)
    draft.forget(request)
    if hasattr(request, _REQUEST_ATTRIBUTE):
        delattr(request, _REQUEST_ATTRIBUTE)
    from serment.identity import dormant  # it asks who works where, as this module does

    dormant.seen(request, account.pk, _staff_now(request, account.pk))


def _staff_now(request: HttpRequest, account: UUID) -> Actor | None:
    """The member of staff in the session just begun; its name is not settled yet."""
    member = staff.of_request(request)
    return None if member is None else _actor(request, account, member)


def end_session(request: HttpRequest) -> None:
    """At sign-out: the keeper forgets the capability at once."""
    kept = request.session.pop(_CAPABILITY, "")
    if kept:
        gate.close_session(base64.b64decode(kept))


def acting_for_itself(request: HttpRequest, account: UUID) -> Actor:
    """An account before its sign-in is complete: may be sent its own code, nothing more."""
    capability = gate.open_session("patient", account, "", None, hours=1)
    return Actor(kind="patient", id=account, session=_session_name(request), capability=capability)


def _actor(request: HttpRequest, account: UUID, member: StaffMember | None) -> Actor:
    capability = _capability(request, account, member)
    session = _session_name(request)
    if member is None:
        return Actor(kind="patient", id=account, session=session, capability=capability)
    return Actor(
        kind="staff",
        id=member.pk,
        role=member.role,
        establishment=member.establishment_id,
        session=session,
        capability=capability,
    )


def _capability(request: HttpRequest, account: UUID, member: StaffMember | None) -> bytes:
    until = request.session.get(_CAPABILITY_UNTIL, 0)
    now = timezone.now().timestamp()
    renews = not request.session.get(_VERIFIED)  # the pages' word would not be worth the same
    if renews and now > until - _RENEW_SECONDS and _good_until(member, now) > until:
        return _open_at_keeper(request, account, member)
    return base64.b64decode(request.session[_CAPABILITY])


def _good_until(member: StaffMember | None, now: float) -> float:
    """How long a capability minted now may be good: never beyond a member's last minute."""
    usual = now + SESSION_HOURS * 3600
    ends_at = member.ends_at if member is not None else None
    return usual if ends_at is None else min(usual, ends_at.timestamp())


def _open_at_keeper(request: HttpRequest, account: UUID, member: StaffMember | None) -> bytes:
    session = _session_name(request)
    now = timezone.now().timestamp()
    until = _good_until(member, now)
    hours = (until - now) / 3600
    if member is None:
        capability = gate.open_session("patient", account, "", None, hours, session)
    else:
        capability = gate.open_session(
            "staff", member.pk, member.role, member.establishment_id, hours, session
        )
    _keep(request, capability, until)
    return capability


def _keep(request: HttpRequest, capability: bytes, until: float) -> None:
    request.session[_CAPABILITY] = base64.b64encode(capability).decode()
    request.session[_CAPABILITY_UNTIL] = until


def _session_name(request: HttpRequest) -> str:
    """Names the sign-in in records without being the cookie or the database's digest of it."""
    key = request.session.session_key or ""
    return hashlib.sha256(b"serment session name\x00" + key.encode()).hexdigest()[:32]
