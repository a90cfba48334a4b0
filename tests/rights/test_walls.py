"""Row-level security for all of it: each table, each model, each query of the pages unfiltered.

Every query that the pages send is sent a second time without its conditions, where it stands: the
wall lets nothing of the neighbours' through. With the wall taken down the same queries leak.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, connections, models
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.query import Query
from django.db.models.sql.where import WhereNode

from serment.directory import tenancy
from serment.identity import policy
from tests.rights import ground, tables
from tests.rights.ground import Ground

_TABLES = """
SELECT c.relname, c.relforcerowsecurity AND c.relrowsecurity, r.rolname,
  (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid),
  (SELECT bool_and(pg_get_expr(p.polqual, p.polrelid) <> 'true') FROM pg_policy p
   WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*') AND p.polname NOT LIKE '%%_search'),
  (SELECT bool_and(coalesce(pg_get_expr(p.polwithcheck, p.polrelid),
                            pg_get_expr(p.polqual, p.polrelid)) <> 'true') FROM pg_policy p
   WHERE p.polrelid = c.oid AND p.polcmd IN ('a', 'w', 'd')),
  EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('w', 'd', '*'))
FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace = 'public'::regnamespace
"""


def _unwalled(superuser: Any) -> list[str]:
    """Tables that are not as the hand-written list says."""
    known = tables.WALLED | tables.PUBLISHED | tables.SECRET | tables.APPENDED
    wrong, seen = [], set()
    for name, forced, owner, policies, reads, writes, changes in superuser.execute(
        _TABLES
    ).fetchall():
        seen.add(name)
        if name in tables.NO_WALL:
            continue
        if name not in known:
            wrong.append(f"{name}: on no list")
        elif not (forced and policies >= 3 and owner == "serment_owner"):
            wrong.append(f"{name}: row-level security is not forced")
        elif name in tables.WALLED and not reads:
            wrong.append(f"{name}: everybody reads it")
        elif name in tables.WALLED | tables.PUBLISHED and not writes:
            wrong.append(f"{name}: everybody writes it")
        elif name in tables.APPENDED and changes:
            wrong.append(f"{name}: its rows can be changed")
    return sorted([*wrong, *(f"{name}: gone" for name in known - seen)])


@pytest.mark.django_db(transaction=True)
def test_every_table_lies_behind_its_wall_and_one_that_does_not_is_found(superuser: Any) -> None:
    assert _unwalled(superuser) == []
    superuser.execute("CREATE TABLE forgotten (establishment_id uuid)")
    superuser.execute("ALTER TABLE outbox_message NO FORCE ROW LEVEL SECURITY")
    try:
        assert _unwalled(superuser) == [
            "forgotten: on no list",
            "outbox_message: row-level security is not forced",
        ]
    finally:
        superuser.execute("ALTER TABLE outbox_message FORCE ROW LEVEL SECURITY")
        superuser.execute("DROP TABLE forgotten")


@pytest.mark.django_db
def test_pages_and_workers_own_nothing_and_pass_no_wall(superuser: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("serment_web",)
    mighty = superuser.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'serment\\_%%'"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)"
    ).fetchall()
    assert {name for (name,) in mighty} <= {"serment_superuser"}
    owners = superuser.execute(
        "SELECT DISTINCT r.rolname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert owners == [("serment_owner",)]
    members = superuser.execute(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " WHERE r.rolname LIKE 'serment\\_%%'"
    ).fetchone()
    assert members == (0,)


@contextmanager
def _without_walls(superuser: Any) -> Iterator[None]:
    for name in sorted(tables.WALLED):
        superuser.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
    try:
        yield
    finally:
        for name in sorted(tables.WALLED):
            superuser.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")


def _models() -> list[type[models.Model]]:
    """Those of tenants' walled tables."""
    wanted = tables.TENANT | tables.TENANT_OR_NAMED
    return [one for one in apps.get_models() if one._meta.db_table in wanted]


def _houses_seen(model: type[models.Model], using: str = "default") -> set[UUID]:
    """Whose rows a query without any condition returns."""
    rows = model._base_manager.using(using).values_list("establishment_id", flat=True)
    return set(rows)


@pytest.mark.django_db(transaction=True, databases=["default", "search", "owner"])
def test_unfiltered_every_model_shows_the_own_house_and_without_its_wall_both(
    superuser: Any,
) -> None:
    laid = ground.lay()
    here, there = (house.practice.establishment for house in laid.houses)
    leaked = set()
    for model in _models():
        assert _houses_seen(model) == set(), "outside every house nothing is there"
        assert _houses_seen(model, "owner") == set(), "the owner is bound too"
        with tenancy.inside(tenant=here):
            assert _houses_seen(model) <= {here}
    with _without_walls(superuser):
        for model in _models():
            with tenancy.inside(tenant=here):
                leaked |= {model._meta.db_table} if there in _houses_seen(model) else set()
    # The import's tables, the reminders', the waiting lists', the calls and the seats are empty
    # here; all others leak.
    assert {one._meta.db_table for one in _models()} - leaked == {
        "custody_agendaarrival", "custody_arrivedevent", "outbox_reminderplan",
        "outbox_tally", "scheduling_bookinginvitation", "scheduling_callback", "scheduling_seat",
        "scheduling_slotoffer", "scheduling_wish",
    }  # fmt: skip


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_the_pages_queries_without_their_conditions_show_nobody_else_s_rows(
    superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = ground.lay()
    asked: list[tuple[str, bool]] = []
    _ask_bare_too(monkeypatch, _ids_of_others(superuser, laid), asked)
    _walk(laid)
    assert len(asked) > 40
    assert {name for name, _leaks in asked} >= {
        "identity_patientfile", "identity_staffmember", "scheduling_appointment",
        "scheduling_occupancy", "outbox_message", "identity_account",
    }  # fmt: skip
    assert [name for name, leaks in asked if leaks] == []
    asked.clear()
    with _without_walls(superuser):
        _walk(laid)
    assert {name for name, leaks in asked if leaks} >= {
        "identity_patientfile", "identity_staffmember", "scheduling_appointment",
        "outbox_message", "identity_account",
    }  # fmt: skip


def _walk(laid: Ground) -> None:
    """A day's pages: of the desk, of a manager and of a patient."""
    own = laid.own
    walks = {
        "secretary": [
            laid.houses[0].agenda(rdv=own["visit"]), "/cabinet/semaine/", "/cabinet/reserver/",
            f"/cabinet/patients/{own['file']}/", "/cabinet/lettres/", "/cabinet/import/",
            "/cabinet/continuite/", f"/cabinet/visite/{own['visit']}/carte",
        ],
        "manager": ["/cabinet/", "/cabinet/import/"],
        policy.PATIENT: [
            "/mes-rendez-vous/", f"/mes-rendez-vous/{own['appointment']}/", "/mon-compte/",
            "/qui-a-ouvert-mes-donnees/",
        ],
    }  # fmt: skip
    for asks, pages in walks.items():
        browser = laid.browser(asks)
        browser.raise_request_exception = True
        for page in pages:
            assert browser.get(page).status_code == 200, page


def _ids_of_others(superuser: Any, laid: Ground) -> set[UUID]:
    """Every row's id of the other house, and of the other patient's account."""
    there = laid.houses[1].practice.establishment
    found = {UUID(laid.other["appointment"])}
    for model in _models():
        name, key = model._meta.db_table, model._meta.pk.column
        rows = superuser.execute(f"SELECT {key} FROM {name} WHERE establishment_id = %s", [there])
        found |= {one for (one,) in rows.fetchall() if isinstance(one, UUID)}
    rows = superuser.execute(
        "SELECT id FROM identity_account WHERE NOT id = ANY(%s)", [list(laid.accounts.values())]
    )
    return found | {one for (one,) in rows.fetchall()}


def _ask_bare_too(
    monkeypatch: pytest.MonkeyPatch, others: set[UUID], asked: list[tuple[str, bool]]
) -> None:
    """Send each query of a walled table again, without its WHERE and its limit."""
    execute = SQLCompiler.execute_sql

    def both(self: Any, *args: Any, **kwargs: Any) -> Any:
        table = self.query.model._meta.db_table if self.query.model else ""
        if type(self.query) is Query and table in tables.WALLED and not self.query.combinator:
            bare = self.query.chain()
            bare.where = WhereNode()
            bare.clear_limits()
            sql, params = bare.get_compiler(self.using).as_sql()
            with connections[self.using].cursor() as cursor:
                cursor.execute(sql, params)
                leaks = any(
                    isinstance(cell, UUID) and cell in others
                    for row in cursor.fetchall()
                    for cell in row
                )
            asked.append((table, leaks))
        return execute(self, *args, **kwargs)

    monkeypatch.setattr(SQLCompiler, "execute_sql", both)
