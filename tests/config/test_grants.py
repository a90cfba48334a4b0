"""Default deny: who may touch which table."""

from typing import Any

import psycopg
import pytest

from serment.config.database import grants


@pytest.mark.usefixtures("keeper")
def test_every_table_is_walled_or_listed(superuser: Any) -> None:
    assert grants.unwalled(superuser) == []


def test_a_new_table_without_a_wall_is_named_and_closed(superuser: Any) -> None:
    superuser.execute(
        "CREATE TABLE forgotten (id int); ALTER TABLE forgotten OWNER TO serment_owner"
    )
    try:
        assert grants.unwalled(superuser) == ["forgotten"]
        for role in ("serment_web", "serment_worker", "serment_live", "serment_search"):
            superuser.execute(f"SET ROLE {role}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                superuser.execute("SELECT * FROM forgotten")
            superuser.execute("RESET ROLE")
    finally:
        superuser.execute("RESET ROLE; DROP TABLE forgotten")


@pytest.mark.parametrize("role", ["serment_live", "serment_search"])
def test_live_and_search_cannot_read_the_queue(superuser: Any, role: str) -> None:
    superuser.execute(f"SET ROLE {role}")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            superuser.execute("SELECT * FROM procrastinate_jobs")
    finally:
        superuser.execute("RESET ROLE")


def test_no_role_of_ours_is_above_the_walls(superuser: Any) -> None:
    above = superuser.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'serment%'"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)"
    ).fetchall()
    assert above == []
