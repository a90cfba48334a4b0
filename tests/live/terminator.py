"""Ends TLS in front of the public port as an operator's proxy does: real TLS, real sockets."""

from __future__ import annotations

import http.client
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAYS = 90


def certificate(folder: Path) -> Path:
    """Key and certificate of ``localhost``, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "localhost.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class _Relay(BaseHTTPRequestHandler):
    """One request, passed on; ``lost`` names headers a careless proxy drops on the way back."""

    protocol_version = "HTTP/1.1"
    behind = 0
    lost: tuple[str, ...] = ()

    def do_GET(self) -> None:
        asking = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=10)
        # A proxy adds the address it sees behind whatever a visitor claims.
        claimed = self.headers.get("X-Forwarded-For")
        told = ", ".join(one for one in (claimed, self.client_address[0]) if one)
        sent = dict(self.headers.items()) | {"X-Forwarded-For": told, "X-Forwarded-Proto": "https"}
        asking.request(self.command, self.path, None, sent)
        answer = asking.getresponse()
        body = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in self.lost:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        asking.close()

    def log_message(self, *_: Any) -> None:
        """Silent."""


class _Away(BaseHTTPRequestHandler):
    """Port 80 as it should be."""

    def do_GET(self) -> None:
        self.send_response(308)
        self.send_header("Location", "https://localhost/")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Silent."""


@contextmanager
def relay(
    folder: Path, behind: int, lost: tuple[str, ...] = (), old: bool = False, number: int = 0
) -> Iterator[int]:
    """TLS 1.2 and 1.3 in front of a port; ``old`` lets TLS 1.1 in too. Yields its own port."""
    handler = type("Relay", (_Relay,), {"behind": behind, "lost": lost})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "localhost.pem")
    context.set_alpn_protocols(["http/1.1"])
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
    with _served(handler, context, number) as at:
        yield at


@contextmanager
def away() -> Iterator[int]:
    """Sends everybody to https. Yields its port."""
    with _served(_Away, None, 0) as at:
        yield at


@contextmanager
def _served(handler: Any, context: ssl.SSLContext | None, number: int) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", number), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
