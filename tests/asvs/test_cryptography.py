"""Every use of cryptography in the source stands in the inventory, and is of an approved kind."""

from __future__ import annotations

import ast
import re

import pytest

from tests.asvs.source import ROOT, calls, imported, trees, uses, walked

# The source is read once, by one of the test processes.
pytestmark = pytest.mark.xdist_group("source")

INVENTORY = ROOT / "docs" / "operate" / "cryptography.md"
SEALS = ("cryptography", "fido2", "joserfc", "pyrage", "rfc3161_client", "pkcs11")
"""Who imports one of these seals, signs or derives: listed file by file."""
DRAWS = ("hashlib", "hmac", "secrets", "argon2", "django.contrib.auth.hashers",
         "authlib.common.security")  # fmt: skip
"""Who imports only these hashes or draws: listed by folder."""
FORBIDDEN = re.compile(
    r"\b(MD5|md5|SHA1|sha1|sha224|DES|TripleDES|ARC4|Blowfish|CAST5|IDEA|RC2|CBC|CFB|OFB|ECB"
    r"|PKCS1v15|DSA|SECT\w+|SECP192R1|new\()\b"
)
ALLOWED = {
    "serment/identity/means/totp.py": {"SHA1"},  # RFC 6238: what applications of codes know
    "serment/outbox/sms/ovhcloud.py": {"sha1"},  # what this provider's signature is made of
    "serment/outbox/veil.py": {"ECB"},  # one block of one random number
}


def use_of(path: str, tree: ast.AST) -> str | None:
    """How the inventory has to name this module; None where it does nothing of the kind."""
    if uses(tree, *SEALS):
        return path
    drawn = any(name in {"os.urandom", "urandom"} for name, _call in calls(tree))
    return path.rpartition("/")[0] + "/" if drawn or uses(tree, *DRAWS) else None


def forbidden(tree: ast.AST) -> set[str]:
    """Names of what is broken or weak, as they are imported or used; prose is not looked at."""
    named = {name.rpartition(".")[2] for name in imported(tree)}
    named |= {node.attr for node in walked(tree) if isinstance(node, ast.Attribute)}
    return {name for name in named if FORBIDDEN.fullmatch(name)}


def test_a_use_that_nobody_listed_is_found() -> None:
    for planted, named in (
        ("import hashlib", "a/"), ("from cryptography.fernet import Fernet", "a/b.py"),
        ("os.urandom(9)", "a/"), ("import json", None),
    ):  # fmt: skip
        assert use_of("a/b.py", ast.parse(planted)) == named


def test_every_use_is_in_the_inventory() -> None:
    page = INVENTORY.read_text(encoding="utf-8")
    listed = set(re.findall(r"`(serment/[\w/]*(?:\.py|/))`", page))
    found = {
        use
        for path, tree in trees().items()
        if "/migrations/" not in path and (use := use_of(path, tree)) is not None
    }
    assert sorted(found - listed) == []
    assert sorted(listed - found) == []  # nor a use that is gone
    assert "## Moving on" in page


def test_only_approved_primitives_are_used() -> None:
    planted = ast.parse("from cryptography.hazmat.primitives.hashes import MD5\nmodes.ECB()")
    assert forbidden(planted) == {"MD5", "ECB"}
    found = {path: forbidden(tree) for path, tree in trees().items()}
    assert {path: names for path, names in found.items() if names} == ALLOWED


def hasty(tree: ast.AST) -> list[str]:
    """A digest that is made here and compared with ``==``: it tells how much of it was right."""
    return [
        ast.unparse(node)
        for node in walked(tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        and any(
            isinstance(side, ast.Call)
            and re.search(r"hmac\.digest|code_at", ast.unparse(side.func))
            for side in (node.left, *node.comparators)
        )
    ]


def test_secrets_are_compared_in_constant_time() -> None:
    assert hasty(ast.parse("hmac.digest(key, said, 'sha256') == given"))
    assert {path: found for path, tree in trees().items() if (found := hasty(tree))} == {}
    for path in ("identity/means/totp.py", "identity/means/codes.py", "identity/desk_codes.py",
                 "config/backup/manifest.py"):  # fmt: skip
        tree = trees()[f"serment/{path}"]
        assert any(name == "hmac.compare_digest" for name, _call in calls(tree)), path
