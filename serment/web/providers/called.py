"""Call-backs of providers: each behind a secret of its own, and answered with nothing."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from anymail.signals import tracking
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.errors import NotThere
from serment.identity import policy
from serment.outbox import receipts
from serment.outbox.sms.port import Fate
from serment.web import asked

BODY_BYTES_MAX: Final = 100_000
_WHY: Final = "providers' call-backs, each behind a secret; they change how a message fared"
_VIEWS: Final = {
    "brevo": "BrevoTrackingWebhookView",
    "mailjet": "MailjetTrackingWebhookView",
    "mailgun": "MailgunTrackingWebhookView",
}
_FATES: Final = {
    "delivered": Fate.DELIVERED,
    "bounced": Fate.RETURNED,
    "rejected": Fate.RETURNED,
    "failed": Fate.RETURNED,
    "complained": Fate.STOPPED,
    "unsubscribed": Fate.STOPPED,
}


@policy.everybody(_WHY)
@csrf_exempt  # no browser's session counts here: the secret in the address does
@require_http_methods(["GET", "POST"])
def texts(request: HttpRequest, provider: str, token: str, reference: str = "") -> HttpResponse:
    """Of SMS: the account's address, or the one a message named for itself."""
    body = asked.body(request, BODY_BYTES_MAX)
    if body is None:
        raise NotThere
    receipts.called_back(provider, reference, token, asked.query(request), body, clock.now())
    return HttpResponse(status=204)


@policy.everybody(_WHY)
@csrf_exempt  # likewise: a password, or the provider's signature
@require_http_methods(["HEAD", "POST"])
def mail(request: HttpRequest, provider: str) -> HttpResponse:
    """Of mail: read and believed by django-anymail, as the one provider that is set signs it."""
    if provider not in _VIEWS or provider != settings.MAIL_PROVIDER or not settings.ANYMAIL:
        raise NotThere
    if asked.body(request, BODY_BYTES_MAX) is None:
        raise NotThere
    view = getattr(import_module(f"anymail.webhooks.{provider}"), _VIEWS[provider])
    answer: HttpResponse = view.as_view()(request)
    return answer


@receiver(tracking, dispatch_uid="serment.messages")
def _tracked(event: Any, **_more: Any) -> None:
    """The library tells what it read by a signal; ours is the tag."""
    fate = _FATES.get(event.event_type)
    if fate is Fate.STOPPED and event.recipient:
        receipts.stop(event.recipient)
    for reference in event.tags or ():
        if fate is not None and fate is not Fate.STOPPED:
            receipts.fared(str(reference), fate, clock.now())
