"""The database's roles: who may sign in, with which password, into which database.

The owner runs migrations and is no superuser, so forced row-level security binds it too.
Nothing is granted here beyond signing in and seeing the schema: tables are granted one by one.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
OWNER = "serment_owner"
ROLES = (OWNER, "serment_web", "serment_worker", "serment_live", "serment_search")


def password(state: Path, role: str) -> str:
    """The role's password in this state; made at the first asking, readable by its owner only."""
    file = state / "database-passwords" / role
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32))
        fresh.rename(file)
    return file.read_text().strip()


def connect(
    state: Path, host: Path | str, database: str, role: str = SUPERUSER
) -> psycopg.Connection[tuple[object, ...]]:
    """An autocommit connection of one role."""
    return psycopg.connect(
        host=str(host),
        dbname=database,
        user=role,
        password=password(state, role),
        autocommit=True,
        connect_timeout=5,
    )


def bootstrap(state: Path, host: Path, database: str = "serment") -> None:
    """Make roles and database where missing; safe to repeat, and repairs forgotten passwords."""
    with connect(state, host, "postgres") as root:
        known = {row[0] for row in root.execute("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            _make_role(root, role, password(state, role), exists=role in known)
    make_database(state, host, database)


def make_database(state: Path, host: Path, database: str) -> None:
    """One empty database of the owner, closed to everybody but Serment's roles."""
    name = sql.Identifier(database)
    with connect(state, host, "postgres") as root:
        if root.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            return
        root.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(OWNER)))
    prepare_database(state, host, database)


def prepare_database(state: Path, host: Path, database: str) -> None:
    """What only a superuser may do inside the database: extensions, and closing it to PUBLIC."""
    name, roles = sql.Identifier(database), sql.SQL(", ").join(map(sql.Identifier, ROLES))
    with connect(state, host, database) as root:
        root.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        root.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        root.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, roles))
        root.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        root.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(roles))


def _make_role(
    root: psycopg.Connection[tuple[object, ...]], role: str, secret: str, *, exists: bool
) -> None:
    verb = "ALTER" if exists else "CREATE"
    root.execute(
        sql.SQL(
            "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}"
        ).format(sql.SQL(verb), sql.Identifier(role), sql.Literal(secret))
    )
