"""What must be done once the database answers and before pages are served. Safe to repeat."""

from __future__ import annotations

import secrets
from pathlib import Path


def secret_key(file: Path) -> None:
    """Make Django's key where there is none."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))


def prepare() -> None:
    """Migrations, grants, static files."""
    from serment.config import environment
    from serment.config.database import migration

    secret_key(environment.read().secret_key_file)
    migration.migrate()
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)


if __name__ == "__main__":
    prepare()
