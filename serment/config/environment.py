"""The one reader of environment variables: everything else receives values."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Environment:
    """What the machine tells Serment.

    ``state`` holds PostgreSQL, the keeper's store and the sockets: one folder per clone and user,
    so that root and an ordinary user never meet in the same files.
    """

    state: Path
    port: int
    host: str
    demo: bool
    debug: bool
    database_url: str | None
    database_role: str
    secret_key_file: Path
    keeper_socket: Path
    public_url: str

    @property
    def database_socket_folder(self) -> Path:
        """Where the embedded PostgreSQL listens."""
        return self.state / "run"


def state_folder() -> Path:
    """``SERMENT_STATE``, or ``.state/<uid>`` inside the clone."""
    given = os.environ.get("SERMENT_STATE")
    return Path(given) if given else ROOT / ".state" / str(os.getuid())


def read() -> Environment:
    """Read the environment once."""
    state = state_folder()
    port = int(os.environ.get("PORT") or "8000")
    return Environment(
        state=state,
        port=port,
        host=os.environ.get("SERMENT_HOST", "localhost"),
        demo=os.environ.get("SERMENT_DEMO") == "1",
        debug=os.environ.get("SERMENT_DEBUG") == "1",
        database_url=os.environ.get("SERMENT_DATABASE_URL") or None,
        database_role=os.environ.get("SERMENT_DATABASE_ROLE", "serment_web"),
        secret_key_file=Path(os.environ.get("SERMENT_SECRET_KEY_FILE", state / "secret-key")),
        keeper_socket=Path(os.environ.get("SERMENT_KEEPER_SOCKET", state / "run" / "keeper.sock")),
        public_url=os.environ.get("SERMENT_PUBLIC_URL", f"http://localhost:{port}"),
    )
