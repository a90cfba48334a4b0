"""What each role may do with the tables that libraries bring; everything else is denied.

Serment's own tables are granted by ``tenancy.Wall`` in the migration that makes them. A library's
migrations know nothing of roles, so their tables are listed here, by name. A table that stands in
neither place stays closed, and ``unwalled`` names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

_ALL = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True, slots=True)
class Grant:
    """Privileges of one role on one library table; ``serial`` adds its sequence."""

    table: str
    privileges: str
    role: str
    serial: bool = False


GRANTS = (
    Grant("django_content_type", "SELECT", "serment_web"),
    Grant("django_content_type", "SELECT", "serment_worker"),
    Grant("django_migrations", "SELECT", "serment_web"),
    Grant("django_migrations", "SELECT", "serment_worker"),
    # Sign-in sees aliases only (architecture.md, "allauth without e-mail in clear").
    Grant("account_emailaddress", _ALL, "serment_web", serial=True),
    Grant("account_emailconfirmation", _ALL, "serment_web", serial=True),
    # The queue: pages put jobs in, the worker takes them out. Arguments are UUIDs only.
    Grant("procrastinate_jobs", "SELECT, INSERT", "serment_web", serial=True),
    Grant("procrastinate_events", "INSERT", "serment_web", serial=True),
    Grant("procrastinate_jobs", _ALL, "serment_worker", serial=True),
    Grant("procrastinate_events", _ALL, "serment_worker", serial=True),
    Grant("procrastinate_periodic_defers", _ALL, "serment_worker", serial=True),
    Grant("procrastinate_workers", _ALL, "serment_worker", serial=True),
    # The health page asks for a heartbeat and sees nothing else.
    Grant("procrastinate_workers", "SELECT", "serment_live"),
)
# Tables of libraries without any grant: permissions and groups are not used.
UNUSED = frozenset(
    {
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "django_session",
        "identity_account_groups",
        "identity_account_user_permissions",
    }
)


def apply(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """Grant what is listed; safe to repeat. Run by the owner after every migration."""
    present = _tables(owner)
    for grant in GRANTS:
        if grant.table not in present:
            continue
        table, role = sql.Identifier(grant.table), sql.Identifier(grant.role)
        owner.execute(
            sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(grant.privileges),
                table,
                role,
            )
        )
        if grant.serial:
            _grant_sequence(owner, grant)


def unwalled(owner: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Tables that neither a wall nor this file accounts for; must be empty."""
    listed = {grant.table for grant in GRANTS} | UNUSED
    return sorted(_tables(owner, "NOT relforcerowsecurity") - listed)


def _grant_sequence(owner: psycopg.Connection[tuple[object, ...]], grant: Grant) -> None:
    found = owner.execute("SELECT pg_get_serial_sequence(%s, 'id')", [grant.table]).fetchone()
    if found and found[0]:
        schema, name = str(found[0]).split(".")
        owner.execute(
            sql.SQL("GRANT USAGE, SELECT ON SEQUENCE {} TO {}").format(
                sql.Identifier(schema, name), sql.Identifier(grant.role)
            )
        )


def _tables(
    owner: psycopg.Connection[tuple[object, ...]], condition: str = "true"
) -> frozenset[str]:
    rows: Iterable[tuple[object, ...]] = owner.execute(
        sql.SQL(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace AND {}"
        ).format(sql.SQL(condition))
    )
    return frozenset(str(row[0]) for row in rows)
