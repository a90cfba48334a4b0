"""A time-stamping authority outside (RFC 3161): what it is asked, and whether its answer counts.

The library parses and verifies with a statically linked OpenSSL; it is loaded only where an
authority was named. It wants the certificates of an answer in DER's order, which many authorities
do not keep and no signature covers: they are put in order before it looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serment.errors import Broken, Unusable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest, TimeStampResponse

SHA256: Final = "2.16.840.1.101.3.4.2.1"


class AuthorityUnusable(Broken):
    """The file with the time-stamping authority's root certificate cannot be read."""


class TokenRefused(Unusable):
    """The answer is no time-stamp of the named authority for what was asked."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question: the signed checkpoint it is about, with a nonce that only this one has."""

    note: bytes
    request: TimeStampRequest
    at: int
    """The keeper's instant when it was made (µs)."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The authorities whose word counts: all that chain to one of these certificates."""

    roots: tuple[Certificate, ...]

    @classmethod
    def read(cls, path: Path) -> Authority:
        """From a PEM file. Raises AuthorityUnusable."""
        from cryptography.x509 import load_pem_x509_certificates

        try:
            return cls(tuple(load_pem_x509_certificates(path.read_bytes())))
        except (OSError, ValueError) as wrong:
            raise AuthorityUnusable from wrong

    def query(self, note: bytes, now: int) -> Query:
        """A question about this note, with a fresh nonce and the wish for certificates."""
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

        builder = TimestampRequestBuilder(data=note, hash_algorithm=HashAlgorithm.SHA256)
        return Query(note, builder.build(), now)

    def time_of(self, query: Query, answer: bytes) -> int:
        """The authority's instant (µs). Raises TokenRefused.

        Checked: status, signature, chain to a root with the time-stamping usage, nonce, imprint.
        """
        try:
            return self._time_of(query, answer)
        except Exception as wrong:  # whatever a parser dies of on a stranger's bytes
            raise TokenRefused from wrong

    def _time_of(self, query: Query, answer: bytes) -> int:
        found = _parsed(answer)
        if found.tst_info.message_imprint.hash_algorithm.dotted_string != SHA256:
            raise TokenRefused
        self._verify(query, found)
        told = found.tst_info.gen_time
        return round(told.timestamp() * 1_000_000)

    def _verify(self, query: Query, found: TimeStampResponse) -> None:
        from rfc3161_client import VerifierBuilder

        verifier = VerifierBuilder(roots=list(self.roots), nonce=query.request.nonce).build()
        verifier.verify_message(found, query.note)


def _parsed(answer: bytes) -> TimeStampResponse:
    from asn1crypto.tsp import TimeStampResp
    from rfc3161_client import decode_timestamp_response

    outer = TimeStampResp.load(answer, strict=True)
    content = outer["time_stamp_token"]["content"]
    content["certificates"] = sorted(content["certificates"], key=lambda one: one.dump())
    return decode_timestamp_response(outer.dump())
