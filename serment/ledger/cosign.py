"""Asking witnesses to cosign a checkpoint: the client's side of c2sp.org/tlog-witness."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final

from serment.errors import Broken, SermentError
from serment.ledger import note
from serment.ledger.checkpoint import Signed, parse_size
from serment.ledger.note import Signature
from serment.ledger.policy import Party
from serment.ledger.witness import SIZE_TYPE, Asked

TIMEOUT_SECONDS: Final = 5
ANSWER_BYTES_MAX: Final = 1 << 16

Prove = Callable[[int], Sequence[bytes]]
"""Gives the consistency proof from an older size to the checkpoint's."""


class WitnessDown(Broken):
    """The witness does not answer."""


class WitnessRefused(Broken):
    """The witness does not cosign this checkpoint."""


class WitnessAhead(WitnessRefused):
    """The witness saw this log larger than it is here, or another one: rolled back or forked."""


@dataclass(slots=True)
class Gathered:
    """What came back from all witnesses."""

    signatures: list[Signature] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """Name of each witness that did not cosign, and why."""
    alarm: bool = False
    """A witness saw this log larger than it is, or another one."""


def ask(witness: Party, signed: Signed, old: int, prove: Prove) -> Signature:
    """One witness's cosignature on a checkpoint; ``old`` is the size it is believed to know.

    Asks a second time from the size that the witness names. Raises WitnessDown, WitnessRefused,
    or WitnessAhead, which is an alarm.
    """
    size = signed.checkpoint.size
    status, kind, body = _post(witness.url, _question(signed, min(old, size), prove))
    if status == 409 and kind == SIZE_TYPE:
        known = parse_size(body.removesuffix("\n"))
        if known > size or known == min(old, size):
            raise WitnessAhead
        status, kind, body = _post(witness.url, _question(signed, known, prove))
    if status != 200:
        raise WitnessRefused(f"The witness refused the checkpoint (status {status}).")
    for one in note.parse_lines(body):
        if (one.name, one.id) == (witness.verifier.name, witness.verifier.id):
            witness.verifier.time_of(one.signature, signed.note.text)
            return one
    raise WitnessRefused("The witness answered without its own signature.")


def gather(witnesses: dict[str, Party], signed: Signed, prove: Prove) -> Gathered:
    """Ask all at once; what each answered or why it did not."""
    found = Gathered()
    reachable = {name: party for name, party in witnesses.items() if party.url}
    with ThreadPoolExecutor(max(len(reachable), 1), "witness") as threads:
        size = signed.checkpoint.size
        asked = {
            name: threads.submit(ask, party, signed, size, prove)
            for name, party in reachable.items()
        }
        for name, answer in asked.items():
            try:
                found.signatures.append(answer.result())
            except SermentError as refusal:
                found.refusals[name] = refusal.sentence
                found.alarm |= isinstance(refusal, WitnessAhead)
    return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A witness answers where it was named, or not at all."""

    def redirect_request(self, *_asked: Any) -> None:
        """Never: the redirect is the answer."""


_OPENER: Final = urllib.request.build_opener(_NoRedirect)


def _question(signed: Signed, old: int, prove: Prove) -> bytes:
    proof = tuple(prove(old)) if 0 < old < signed.checkpoint.size else ()
    return Asked(old, proof, signed.note).encode()


def _post(prefix: str, body: bytes) -> tuple[int, str, str]:
    """Status, content type and body of one answer."""
    if not prefix.startswith(("https://", "http://")):
        raise WitnessDown("A witness's address starts with https:// or http://.")
    url = f"{prefix.rstrip('/')}/add-checkpoint"
    request = urllib.request.Request(url, body, {"User-Agent": "serment-ledger"})  # noqa: S310
    try:
        try:
            answer = _OPENER.open(request, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            text = answer.read(ANSWER_BYTES_MAX).decode("utf-8")
            return answer.status, answer.headers.get_content_type(), text
    except (OSError, HTTPException, UnicodeDecodeError) as fault:
        raise WitnessDown from fault
