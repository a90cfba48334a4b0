"""Sensitive acts of officers: what the browser signs, and doing it, signed or not as is needed.

The act is made the same from the same form when it is asked and when it is done: its digest is what
the passkey signs, and the keeper checks it. Where the establishment knows no passkey yet, the
keeper takes the act unsigned; these pages decide nothing about that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from serment.disclosure import Actor, AssertionNeeded, containment, glass, passkeys
from serment.disclosure.passkeys import SensitiveAct
from serment.errors import NotThere, Refused, Unusable
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.web import asked
from serment.web.privacy import grants_told

VALUE_LETTERS_MAX = 64
WHY_LETTERS_MAX = 500

OUTCOMES: Final = ("accepted", "asked", "abusive")
LIFTED_HERE = ("session", "actor", "subject", "exports")


@policy.staff_may(Act.CONTAIN)
@never_cache
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """What the browser is to sign, as JSON."""
    actor = accounts.staff_actor_for(request)
    try:
        return JsonResponse(passkeys.begin_act(actor, act_of(asked.sent(request))))
    except Refused as refused:
        return JsonResponse({"error": refused.sentence}, status=409)


def act_of(sent: Mapping[str, str]) -> SensitiveAct:
    """The act a form names. Raises Unusable."""
    if sent.get("what") == "approve":
        digest = grants_told.digest_in(sent)
        if digest is not None:
            return passkeys.approving(digest)
    if sent.get("what") == "unfreeze":
        return passkeys.unfreezing(*freeze_in(sent))
    if sent.get("what") == "judge":
        return passkeys.judging(*review_in(sent))
    raise Unusable(_("Cette demande est incomplète."))


def freeze_in(sent: Mapping[str, str]) -> tuple[str, str, str]:
    """What is frozen, its value, and why it is lifted. Raises Unusable."""
    what, value = sent.get("quoi", ""), asked.words(sent.get("valeur", ""), VALUE_LETTERS_MAX)
    why = asked.words(sent.get("pourquoi", ""), WHY_LETTERS_MAX)
    if what not in LIFTED_HERE or not value or not why:
        raise Unusable(_("Cette demande est incomplète."))
    return what, value, why


def review_in(sent: Mapping[str, str]) -> tuple[UUID, glass.Outcome, str]:
    """Which opening in an emergency, what is said of it, the remark. Raises NotThere, Unusable."""
    name, outcome = asked.uuid(sent.get("ouverture", "")), sent.get("avis", "")
    if name is None:
        raise NotThere
    if outcome not in OUTCOMES:
        raise Unusable(_("Choisissez un avis."))
    remark = asked.words(sent.get("remarque", ""), glass.WHY_LETTERS_MAX)
    return name, outcome, remark  # type: ignore[return-value]


def judge(actor: Actor, sent: Mapping[str, str]) -> None:
    """What an officer says of it, with the signature that came along. Raises AssertionNeeded."""
    if signed := asked_signature(sent):
        passkeys.finish_act(actor, act_of(sent), signed)
        return
    glass.review(actor, *review_in(sent))


def approve(actor: Actor, sent: Mapping[str, str]) -> None:
    """One's own approval, with the signature that came along. Raises AssertionNeeded."""
    if signed := asked_signature(sent):
        passkeys.finish_act(actor, act_of(sent), signed)
        return
    digest = grants_told.digest_in(sent)
    if digest is None:
        raise Unusable(_("Cette demande est incomplète."))
    containment.approve_grant(actor, digest)


def lift(actor: Actor, sent: Mapping[str, str]) -> None:
    """Lift a freeze, with the signature that came along. Raises AssertionNeeded."""
    what, value, why = freeze_in(sent)
    if signed := asked_signature(sent):
        passkeys.finish_act(actor, act_of(sent), signed)
        return
    containment.unfreeze(actor, what, value, why)  # type: ignore[arg-type]


def asked_signature(sent: Mapping[str, str]) -> str:
    """What the browser's device signed; empty where there is none."""
    return sent.get("signed", "")


def has_key(actor: Actor) -> bool:
    """Has this officer a passkey to sign with? The asking is recorded."""
    return any(one.revoked_at is None for one in passkeys.passkeys(actor))


def refusal(refused: Refused) -> str:
    """What to say to an officer whose act was not taken."""
    if isinstance(refused, AssertionNeeded):
        return _(
            "Cet acte demande votre clé professionnelle. Ajoutez-en une, ou ouvrez cette page sur"
            " l’appareil qui la porte. Rien n’a changé."
        )
    return refused.sentence
