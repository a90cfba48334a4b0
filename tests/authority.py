"""A real time-stamping authority: Debian's ``openssl ts`` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """[tsa]
default_tsa=t
[t]
serial=./serial
signer_cert=./tsa.pem
signer_key=./tsa.key
certs=./between.pem
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256
accuracy=secs:1
ess_cert_id_alg=sha256
"""
_EXTENSIONS = """[between]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[tsa]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[bare]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
"""
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class TestAuthority:
    """One authority's folder: a root, one between, the stamping certificate, and one without the
    usage under the same key, issuer and number."""

    __test__ = False
    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    @property
    def bare(self) -> Path:
        return self.folder / "bare.pem"

    def make(self) -> TestAuthority:
        self.folder.mkdir()
        (self.folder / "ts.cnf").write_text(_CONFIG)
        (self.folder / "ext.cnf").write_text(_EXTENSIONS)
        (self.folder / "serial").write_text("01\n")
        self._run(
            "req", "-x509", *_KEY, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=root"
        )
        self._issue("between", "root", "between")
        self._issue("tsa", "between", "tsa")
        self._sign("tsa", "between", "bare", "bare")
        return self

    def answer(self, query: bytes) -> bytes:
        """A TimeStampResp for a TimeStampReq."""
        (self.folder / "query").write_bytes(query)
        self._run("ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "answer")
        return (self.folder / "answer").read_bytes()

    def verified(self, note: Path, token: Path) -> bool:
        """What an outsider asks who has OpenSSL and the root, nothing else."""
        said = self._run(
            "ts", "-verify", "-data", str(note), "-in", str(token), "-CAfile", "root.pem",
            check=False,
        )  # fmt: skip
        return "Verification: OK" in said

    def _issue(self, name: str, issuer: str, kind: str) -> None:
        self._run(
            "req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"
        )
        self._sign(name, issuer, kind, name)

    def _sign(self, name: str, issuer: str, kind: str, to: str) -> None:
        self._run(
            "x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey",
            f"{issuer}.key", "-set_serial", "7", "-out", f"{to}.pem", "-days", "30",
            "-extfile", "ext.cnf", "-extensions", kind,
        )  # fmt: skip

    def _run(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["openssl", *words], cwd=self.folder, check=check, capture_output=True, text=True
        )
        return done.stdout + done.stderr


@contextmanager
def served(authority: TestAuthority, manner: str = "well") -> Iterator[str]:
    """The authority's address. ``manner``: well, hangs, drips, floods, errs, redirects."""
    over = threading.Event()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            with suppress(OSError):
                _MANNERS[manner](self, authority, query, over)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _head(door: BaseHTTPRequestHandler, status: int = 200) -> None:
    door.send_response(status)
    door.send_header("Content-Type", "application/timestamp-reply")
    if status == 302:
        door.send_header("Location", door.path)
    door.end_headers()


def _well(door, authority, query, over) -> None:
    _head(door)
    door.wfile.write(authority.answer(query))


def _hangs(door, authority, query, over) -> None:
    over.wait(20)


def _drips(door, authority, query, over) -> None:
    _head(door)
    until = time.monotonic() + 20
    while not over.wait(0.1) and time.monotonic() < until:
        door.wfile.write(b"0")


def _floods(door, authority, query, over) -> None:
    _head(door)
    for _ in range(64):
        door.wfile.write(bytes(1 << 20))


_MANNERS = {
    "well": _well,
    "hangs": _hangs,
    "drips": _drips,
    "floods": _floods,
    "errs": lambda door, *_: _head(door, 500),
    "redirects": lambda door, *_: _head(door, 302),
}
