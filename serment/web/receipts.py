"""Receipts as files to keep, and the page that says how anybody checks one."""

from __future__ import annotations

import hashlib
import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from serment.disclosure import Actor, receipts
from serment.errors import SermentError
from serment.identity import policy
from serment.ledger import one_file
from serment.web import receipt_words

_log = logging.getLogger("serment.web")

RETRY_SECONDS = 2


def answer(request: HttpRequest, actor: Actor, seq: int) -> HttpResponse:
    """The receipt of an access as a download; a page that comes back by itself if it is too new."""
    try:
        data = receipts.receipt(actor, seq)
    except receipts.ReceiptNotReady:
        page = render(request, "web/receipt_waits.html", {"again": request.path}, status=503)
        page["Retry-After"] = str(RETRY_SECONDS)
        return page
    given = HttpResponse(data, content_type="application/octet-stream")
    given["Content-Disposition"] = f'attachment; filename="recu-serment-{seq}.tlog-proof"'
    given["Cache-Control"] = "private, no-store"
    return given


@policy.everybody("how anybody checks a receipt: nothing of anybody is on it")
@require_GET
def explain(request: HttpRequest) -> HttpResponse:
    """How to check a receipt without us, and what it proves; for everybody, signed in or not."""
    try:
        ledger = receipts.ledger()
    except (SermentError, OSError) as fault:
        _log.error("the published ledger cannot be read: %s", type(fault).__name__)
        ledger = None
    digest = hashlib.sha256(one_file.build()).hexdigest()
    context = {"ledger": ledger, "digest": digest, "words": receipt_words.words()}
    return render(request, "web/receipts.html", context)


@policy.everybody("how anybody checks a receipt: nothing of anybody is on it")
@require_GET
def verifier(request: HttpRequest) -> HttpResponse:
    """The verifier itself, in one file, for everybody."""
    del request
    given = HttpResponse(one_file.build(), content_type="application/octet-stream")
    given["Content-Disposition"] = f'attachment; filename="{one_file.NAME}"'
    return given
