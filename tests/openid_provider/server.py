"""The provider as a real HTTP server in a thread of its own, and how it can be told to misbehave.

It signs with its own keys, keeps codes for one use, and answers userinfo as a signed JWT. Tests
change ``faults`` and ``people``; everything else is as strict as ``strict`` says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwe, jwt
from joserfc.jwk import ECKey, RSAKey

from tests.openid_provider import strict
from tests.openid_provider.strict import Client, Refusal

SLOW_SECONDS = 30.0


@dataclass
class Code:
    """One authorization, for one use."""

    asked: dict[str, str]
    person: dict[str, Any]
    used: bool = False


@dataclass
class Provider:
    """State of the server; ``issuer`` is its address."""

    client: Client
    people: dict[str, dict[str, Any]]
    userinfo_signed: bool = True
    closed_for: ECKey | None = None
    """Tokens are closed for this key of the client's, as FranceConnect+ does."""
    level: str = ""
    """What it says of the sign-in; what was asked, where it is empty."""
    faults: set[str] = field(default_factory=set)
    issuer: str = ""
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    stranger: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, Code] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    ended: list[dict[str, str]] = field(default_factory=list)

    def sign_in(self, url: str, who: str = "one") -> str:
        """What a person's browser does there: the address it is sent back to."""
        opener = urllib.request.build_opener(_NoRedirect)
        with _followed(opener, url) as page:
            ticket = page.split('name="ticket" value="')[1].split('"')[0]
        with _followed(opener, f"{self.issuer}/chosen?ticket={ticket}&who={who}") as to:
            return to

    def discovery(self) -> dict[str, Any]:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/session/end",
            "code_challenge_methods_supported": ["S256"] if self.client.pkce else [],
        }
        if "issuer of directory" in self.faults:
            told["issuer"] = "https://elsewhere.example"
        if "address elsewhere" in self.faults:
            told["token_endpoint"] = "https://elsewhere.example/token"
        return told

    def id_token(self, code: Code, access: str) -> str:
        now = int(time.time())
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.issuer, "sub": code.person["sub"], "aud": self.client.id,
            "iat": now, "exp": now + 60, "nonce": code.asked["nonce"],
            "acr": self.level or code.asked["acr_values"],
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }  # fmt: skip
        return self._closed(self._signed(_bent(claims, self.faults, "id_token"), "id_token"))

    def userinfo(self, code: Code) -> tuple[str, str]:
        """Content type and body."""
        claims = dict(code.person)
        if "other sub" in self.faults:
            claims["sub"] = "f" * 64 + "v1"
        if not self.userinfo_signed:
            return "application/json", json.dumps(claims)
        if "plain userinfo" in self.faults:
            return "application/json", json.dumps(claims)
        now = int(time.time())
        claims |= {"iss": self.issuer, "aud": self.client.id, "iat": now, "exp": now + 60}
        claims = _bent(claims, self.faults, "userinfo")
        return "application/jwt", self._closed(self._signed(claims, "userinfo"))

    def _signed(self, claims: dict[str, Any], which: str) -> str:
        if f"{which} alg none" in self.faults:
            head = _b64(json.dumps({"alg": "none", "typ": "JWT"}))
            return f"{head}.{_b64(json.dumps(claims))}."
        if f"{which} hs256 with public key" in self.faults:
            # By hand: the library refuses a public key as a secret, as an attacker would not.
            body = f"{_b64(json.dumps({'alg': 'HS256', 'kid': 'one'}))}.{_b64(json.dumps(claims))}"
            tag = hmac.digest(self.key.as_pem(private=False), body.encode(), "sha256")
            return f"{body}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"
        if f"{which} signed by a stranger" in self.faults:
            return jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.stranger)
        if f"{which} unknown kid" in self.faults:
            return jwt.encode({"alg": "ES256", "kid": "none of ours"}, claims, self.key)
        algorithm = "RS256" if isinstance(self.key, RSAKey) else "ES256"
        return jwt.encode({"alg": algorithm, "kid": self.key.kid}, claims, self.key)

    def _closed(self, signed: str) -> str:
        if self.closed_for is None or "not closed" in self.faults:
            return signed
        head = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT"}
        return jwe.encrypt_compact(head, signed, self.closed_for, algorithms=["ECDH-ES", "A256GCM"])


def _bent(claims: dict[str, Any], faults: set[str], which: str) -> dict[str, Any]:
    """The claims with what a test told it to get wrong."""
    now = int(time.time())
    bends: dict[str, dict[str, Any]] = {
        "wrong nonce": {"nonce": "x" * 64},
        "wrong issuer": {"iss": "https://elsewhere.example"},
        "wrong audience": {"aud": "somebody-else"},
        "several audiences": {"aud": [claims["aud"], "somebody-else"], "azp": "somebody-else"},
        "expired": {"exp": now - 120, "iat": now - 180},
        "of tomorrow": {"iat": now + 7200, "exp": now + 7300},
        "exp in words": {"exp": "tomorrow"},
        "old": {"iat": now - 3600, "exp": now + 3600},
        "wrong at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        "sub a number": {"sub": 7},
    }
    found = dict(claims)
    for name, changed in bends.items():
        if f"{which} {name}" in faults:
            found |= changed
    for name in ("nonce", "exp", "iat", "sub", "acr", "aud"):
        if f"{which} without {name}" in faults:
            found.pop(name, None)
    return found


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@contextmanager
def _followed(opener: Any, url: str) -> Iterator[str]:
    """The page, or the address of a redirect; a refusal of the provider is the test's failure."""
    try:
        with opener.open(url, timeout=5) as answer:
            yield answer.read().decode()
    except urllib.error.HTTPError as refused:
        if refused.code != 303:
            raise AssertionError(refused.read().decode()) from None
        yield refused.headers["Location"]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    provider: Provider

    def do_GET(self) -> None:
        path, asked = self._asked(urlsplit(self.path).query)
        self._answer(path, asked)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        path, asked = self._asked(self.rfile.read(length).decode())
        self._answer(path, asked)

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _asked(self, query: str) -> tuple[str, dict[str, str]]:
        return urlsplit(self.path).path, {k: v[0] for k, v in parse_qs(query).items()}

    def _answer(self, path: str, asked: dict[str, str]) -> None:
        self.provider.calls.append(path)
        name = path.strip("/").replace("/", "_").replace(".", "").replace("-", "_")
        if f"down {path}" in self.provider.faults:
            return self._send(503, "text/plain", "down")
        if f"slow {path}" in self.provider.faults:
            self.server.stopping.wait(SLOW_SECONDS)  # type: ignore[attr-defined]
            return None
        if f"redirects {path}" in self.provider.faults:
            return self._redirect("http://127.0.0.1:9/")
        if f"no json {path}" in self.provider.faults:
            return self._send(200, "text/html", "<p>maintenance</p>")
        try:
            answer = getattr(self, f"_on_{name}", None)
            return answer(asked) if answer else self._send(404, "text/plain", "")
        except Refusal as refusal:
            return self._refuse(refusal, asked)

    def _refuse(self, refusal: Refusal, asked: dict[str, str]) -> None:
        if refusal.shown or "redirect_uri" not in asked or self.command == "POST":
            body = json.dumps({"error": refusal.error, "error_description": refusal.why})
            return self._send(400, "application/json", body)
        told = {"error": refusal.error, "error_description": refusal.why}
        return self._redirect(
            _with(asked["redirect_uri"], told | {"state": asked.get("state", "")})
        )

    def _on_well_known_openid_configuration(self, asked: dict[str, str]) -> None:
        self._send(200, "application/json", json.dumps(self.provider.discovery()))

    def _on_jwks(self, asked: dict[str, str]) -> None:
        keys = [{**self.provider.key.as_dict(private=False), "use": "sig"}]
        self._send(200, "application/json", json.dumps({"keys": keys}))

    def _on_authorize(self, asked: dict[str, str]) -> None:
        strict.authorize(asked, self.provider.client)
        ticket = secrets.token_urlsafe(16)
        self.provider.codes[ticket] = Code(asked, {})
        buttons = "".join(
            f'<button name="who" value="{html.escape(who)}">{html.escape(who)}</button>'
            for who in (*self.provider.people, "nobody")
        )
        page = (
            "<!doctype html><title>Fournisseur d’essai</title><h1>Fournisseur d’essai</h1>"
            f'<form action="/chosen"><input type="hidden" name="ticket" value="{ticket}">'
            f"{buttons}</form>"
        )
        self._send(200, "text/html; charset=utf-8", page)

    def _on_chosen(self, asked: dict[str, str]) -> None:
        begun = self.provider.codes.pop(asked["ticket"])
        back, state = begun.asked["redirect_uri"], begun.asked["state"]
        if asked["who"] == "nobody":
            told = {"error": "access_denied", "error_description": "User auth aborted"}
            return self._redirect(_with(back, told | {"state": state}))
        code = secrets.token_urlsafe(32)
        self.provider.codes[code] = Code(begun.asked, self.provider.people[asked["who"]])
        issuer = "https://elsewhere.example"
        iss = (
            issuer if "callback of another issuer" in self.provider.faults else self.provider.issuer
        )
        return self._redirect(_with(back, {"code": code, "state": state, "iss": iss}))

    def _on_token(self, asked: dict[str, str]) -> None:
        client = self.provider.client
        if "Authorization" in self.headers:
            raise Refusal("invalid_client", "the secret belongs in the body")
        if (asked.get("client_id"), asked.get("client_secret")) != (client.id, client.secret):
            raise Refusal("invalid_client", "client authentication")
        if asked.get("grant_type") != "authorization_code":
            raise Refusal("unsupported_grant_type", "grant_type")
        code = self.provider.codes.get(asked.get("code", ""))
        if code is None or code.used:
            raise Refusal("invalid_grant", "code")
        code.used = True
        if asked.get("redirect_uri") != code.asked["redirect_uri"]:
            raise Refusal("invalid_grant", "redirect_uri")
        if client.pkce:
            digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if challenge != code.asked["code_challenge"]:
                raise Refusal("invalid_grant", "code_verifier")
        access = secrets.token_urlsafe(32)
        self.provider.access[access] = code
        given = {
            "access_token": access, "token_type": "Bearer", "expires_in": 60,
            "id_token": self.provider.id_token(code, access),
        }  # fmt: skip
        if "no id_token" in self.provider.faults:
            given.pop("id_token")
        self._send(200, "application/json", json.dumps(given))

    def _on_userinfo(self, asked: dict[str, str]) -> None:
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        code = self.provider.access.get(bearer)
        if code is None:
            raise Refusal("invalid_token", "access_token", shown=True)
        kind, body = self.provider.userinfo(code)
        self._send(200, kind, body)

    def _on_session_end(self, asked: dict[str, str]) -> None:
        strict.logout(asked, self.provider.client)
        self.provider.ended.append(asked)
        self._redirect(_with(asked["post_logout_redirect_uri"], {"state": asked["state"]}))

    def _redirect(self, to: str) -> None:
        self.send_response(303)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, kind: str, body: str) -> None:
        raw = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _with(url: str, asked: dict[str, str]) -> str:
    return f"{url}?{urlencode(asked)}"


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    """The provider, answering on loopback until the block ends."""
    handler = type("OwnHandler", (Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.stopping = threading.Event()  # type: ignore[attr-defined]
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.stopping.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()
        server.server_close()
