"""A receipt: what the keeper tells of one access, with the proof that the public ledger holds it.

The keeper gives the statement to whom it concerns and records that; the proof comes from the
published files alone, which hold no personal data. Put together here and checked before it is
given: a receipt that would not verify is never handed out.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from serment.disclosure.actors import Actor
from serment.disclosure.line import NotYours, ask
from serment.disclosure.purposes import Purpose
from serment.errors import Broken, SermentError
from serment.keeper import wire
from serment.ledger import proof
from serment.ledger.checkpoint import Signed
from serment.ledger.note import Verifier
from serment.ledger.statement import Statement
from serment.ledger.tiling import Site

_log = logging.getLogger("serment.disclosure")

SEQ_MAX: Final = 1 << 53


class ReceiptNotReady(Broken):
    """Ce reçu sera prêt dans une seconde ou deux."""


class ReceiptWrong(Broken):
    """Le registre publié et ce reçu ne concordent pas. Rien ne vous est donné plutôt qu’un faux."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The published ledger as anybody may see it; ``witnesses`` counts the lines beside ours."""

    key: str
    size: int
    witnesses: int


def receipt(actor: Actor, seq: int) -> bytes:
    """The ``.tlog-proof`` of a leaf. NotYours, ReceiptNotReady, ReceiptWrong, KeeperUnavailable."""
    if not 0 <= seq <= SEQ_MAX:
        raise NotYours(_("Cette page n’existe pas, ou ne vous est pas ouverte."))
    asked = wire.ReceiptAsk(seq)
    answer = ask("receipt", actor, wire.ReceiptAnswer, asked, purpose=Purpose.TRANSPARENCY)
    statement = Statement.parse(answer.statement)
    try:
        return _proven(seq, statement)
    except ReceiptNotReady:
        raise
    except (SermentError, OSError) as fault:
        _log.error("A receipt does not fit the published ledger: %s", type(fault).__name__)
        raise ReceiptWrong(
            _(
                "Le registre publié et ce reçu ne concordent pas. Rien ne vous est donné plutôt"
                " qu’un faux ; prévenez le responsable des données du cabinet."
            )
        ) from fault


def _proven(seq: int, statement: Statement) -> bytes:
    site, signed = _announced()
    if site is None or signed is None or seq >= signed.checkpoint.size:
        raise ReceiptNotReady(_("Ce reçu sera prêt dans une seconde ou deux."))
    read = site.reader(signed.checkpoint.size)
    made = proof.make(seq, statement.encode(), signed, read)
    made.check(statement.entry(), [site.log])
    return made.encode()


def log_key() -> str:
    """The public key of the keeper's log, ``name+id+base64``; empty before its first start."""
    try:
        return Path(settings.LEDGER_KEY_FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def ledger() -> Ledger | None:
    """What a reader of receipts should know of the log; None before it was ever published."""
    site, signed = _announced()
    if site is None or signed is None:
        return None
    lines = len(signed.note.signatures) - 1
    return Ledger(site.log.text, signed.checkpoint.size, lines)


def _announced() -> tuple[Site | None, Signed | None]:
    try:
        key = Verifier.parse(Path(settings.LEDGER_KEY_FILE).read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None, None
    site = Site(Path(settings.LEDGER_SITE), key)
    return site, site.announced()
