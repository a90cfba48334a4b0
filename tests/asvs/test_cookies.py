"""Cookies of an https site: this name's alone, closed to scripts, sent to no other site."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.asvs.source import ROOT, files, imported, trees, walked

# The source is read once, by one of the test processes.
pytestmark = pytest.mark.xdist_group("source")

ASKED = """
import json
from serment.config import settings
told = {name: getattr(settings, name) for name in dir(settings) if "COOKIE" in name}
print(json.dumps(told | {"MESSAGES": settings.MESSAGE_STORAGE}, default=str))
"""


def _settings(public_url: str) -> dict[str, Any]:
    env = {**os.environ, "SERMENT_PUBLIC_URL": public_url, "SERMENT_DEMO": "0"}
    said = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=ROOT, env=env, capture_output=True, check=True, text=True
    )
    told: dict[str, Any] = json.loads(said.stdout)
    return told


def wrong(told: dict[str, Any]) -> list[str]:
    """What is missing on the cookies of these settings."""
    found = []
    for cookie in ("SESSION", "CSRF", "LANGUAGE"):
        if not told[f"{cookie}_COOKIE_NAME"].startswith("__Host-"):
            found.append(f"{cookie}: its name")
        if told.get(f"{cookie}_COOKIE_DOMAIN"):
            found.append(f"{cookie}: shared with other names")
    for cookie in ("SESSION", "CSRF"):
        if not told[f"{cookie}_COOKIE_SECURE"]:
            found.append(f"{cookie}: in clear")
        if not told[f"{cookie}_COOKIE_HTTPONLY"]:
            found.append(f"{cookie}: scripts read it")
        if told[f"{cookie}_COOKIE_SAMESITE"] not in {"Lax", "Strict"}:
            found.append(f"{cookie}: sent by other sites")
    if "cookie" in told["MESSAGES"].lower() or "fallback" in told["MESSAGES"].lower():
        found.append("messages lie in a cookie of the library's own")
    return found


def test_over_https_every_cookie_is_this_hosts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _settings("https://rdv.example.fr")
    assert wrong(told) == []
    bare = {"SESSION_COOKIE_NAME": "sessionid", "CSRF_COOKIE_SECURE": False}
    assert wrong(told | bare) == ["SESSION: its name", "CSRF: in clear"]  # the controls
    library = told | {"MESSAGES": "django.contrib.messages.storage.fallback.FallbackStorage"}
    assert wrong(library) == ["messages lie in a cookie of the library's own"]
    # Those that are set by hand: each says all of it.
    setting = {path for path, tree in trees().items() if "set_cookie" in _attributes(tree)}
    assert setting >= {"serment/identity/means/listed.py", "serment/web/language.py"}
    for path in setting:
        text = (ROOT / path).read_text(encoding="utf-8")
        call = text[text.index(".set_cookie(") :].split("\n        )")[0]
        for part in ("secure=", "httponly=True", "samesite="):
            assert part in call, (path, part)
        assert "COOKIE_PREFIX" in text or "LANGUAGE_COOKIE_NAME" in call, path
    written = [
        text for _path, text in files("js") for _one in re.findall(r"document\.cookie\s*=", text)
    ]
    assert len(written) == 1
    assert '"__Host-fuseau", "; secure"' in written[0]
    assert not any(
        name.endswith("CookieStorage") for tree in trees().values() for name in imported(tree)
    )


def _attributes(tree: Any) -> set[str]:
    return {node.attr for node in walked(tree) if isinstance(node, ast.Attribute)}
