"""The receipt of one line of the record, for officers: by its number."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from serment.errors import NotThere
from serment.identity import accounts, policy, rights
from serment.web import asked, receipts

SEQ_MAX = 10**9


@policy.staff_may(rights.Act.SEE_DISCLOSURES)
@require_GET
def by_number(request: HttpRequest) -> HttpResponse:
    """The keeper decides whether the line is of this officer's establishment."""
    seq = asked.number(asked.query(request).get("ligne", ""), SEQ_MAX)
    if seq is None:
        raise NotThere
    return receipts.answer(request, accounts.staff_actor_for(request), seq)
