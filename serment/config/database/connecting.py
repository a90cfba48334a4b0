"""How one role reaches the database, embedded or a server's; Django and the rest read it here."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

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
    password_file = env.state / "database-passwords" / role
    if password_file.exists():
        given["password"] = password_file.read_text().strip()
    return given
