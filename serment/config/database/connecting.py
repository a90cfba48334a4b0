"""How one role reaches the database, embedded or a server's; Django and the rest read it here."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from serment.config.environment import Environment

CONNECT_SECONDS_MAX = 5


def parameters(env: Environment, role: str) -> dict[str, Any]:
    """libpq's parameters; the password lies in the state folder, by role."""
    given: dict[str, Any] = {
        "dbname": env.database_name,
        "user": role,
        "host": str(env.database_socket_folder),
        "port": "5432",
        "connect_timeout": CONNECT_SECONDS_MAX,
    }
    if env.database_url:
        url = urlsplit(env.database_url)
        given |= {
            "dbname": url.path.lstrip("/") or env.database_name,
            "host": unquote(url.hostname or ""),
            "port": str(url.port or 5432),
        }
        if _is_elsewhere(url.hostname or ""):
            given |= _proven(parse_qs(url.query))
    password_file = env.state / "database-passwords" / role
    if password_file.exists():
        given["password"] = password_file.read_text().strip()
    return given


def sealing(given: dict[str, Any]) -> dict[str, str]:
    """What Django hands on to libpq of how the line is closed; empty on one machine."""
    return {name: given[name] for name in ("sslmode", "sslrootcert") if name in given}


def _is_elsewhere(host: str) -> bool:
    """Whether what is said to this host crosses a network."""
    if not host or unquote(host).startswith("/") or host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def _proven(asked: dict[str, list[str]]) -> dict[str, str]:
    """TLS, and a server that proves its name: libpq by itself would fall back to clear text.

    ``?sslrootcert=FILE`` in the address names an authority of one's own.
    """
    return {
        "sslmode": "verify-full",
        "sslrootcert": asked.get("sslrootcert", ["system"])[-1],
    }
