"""Walls between establishments: forced row-level security and the settings it reads.

PostgreSQL enforces the wall; this module only says who stands where. Each request and job is one
transaction that names its tenant, its records or its account with ``SET LOCAL``; a query that
forgot to filter then returns nothing instead of the neighbour's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.migrations.operations.special import RunSQL

from serment.directory.pipeline import Statement, together

TENANT = "serment.tenant"
RECORDS = "serment.records"
ACCOUNT = "serment.account"

# NULLIF: a setting once set in a session reads '' after the transaction, not NULL.
_TENANT_SQL = "NULLIF(current_setting('serment.tenant', true), '')::uuid"
_RECORDS_SQL = "string_to_array(NULLIF(current_setting('serment.records', true), ''), ',')::uuid[]"
_ACCOUNT_SQL = "NULLIF(current_setting('serment.account', true), '')::uuid"

BY_TENANT = f"establishment_id = {_TENANT_SQL}"
BY_RECORD = f"id = ANY({_RECORDS_SQL})"
BY_ACCOUNT = f"id = {_ACCOUNT_SQL}"
EVERYBODY = "true"


class Wall(RunSQL):
    """Migration operation: force row-level security on a table and grant exactly what is needed.

    ``read`` and ``write`` are SQL conditions over the row (``BY_TENANT``, ``BY_RECORD``, …, joined
    with OR when several are given). ``web`` and ``worker`` name the privileges of those roles;
    ``search`` the columns the read-only public role may select (its policy is ``search_where``).
    The owner is bound too (FORCE), so migrations that move data name a tenant like anybody else.
    """

    def __init__(
        self,
        table: str,
        *,
        read: Sequence[str] = (BY_TENANT,),
        write: Sequence[str] = (BY_TENANT,),
        web: str = "SELECT, INSERT, UPDATE, DELETE",
        worker: str = "SELECT, INSERT, UPDATE, DELETE",
        search: Sequence[str] = (),
        search_where: str = EVERYBODY,
    ) -> None:
        self._args: dict[str, Any] = {
            "read": read,
            "write": write,
            "web": web,
            "worker": worker,
            "search": search,
            "search_where": search_where,
        }
        self._table = table
        using, check = " OR ".join(read), " OR ".join(write)
        everyone = "serment_owner, serment_web, serment_worker"
        statements = [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_read ON {table} FOR SELECT TO {everyone} USING ({using})",
            f"CREATE POLICY {table}_insert ON {table} FOR INSERT TO {everyone}"
            f" WITH CHECK ({check})",
            f"CREATE POLICY {table}_update ON {table} FOR UPDATE TO {everyone}"
            f" USING ({check}) WITH CHECK ({check})",
            f"CREATE POLICY {table}_delete ON {table} FOR DELETE TO {everyone} USING ({check})",
        ]
        if web:
            statements.append(f"GRANT {web} ON {table} TO serment_web")
        if worker:
            statements.append(f"GRANT {worker} ON {table} TO serment_worker")
        if search:
            statements.append(
                f"CREATE POLICY {table}_search ON {table} FOR SELECT TO serment_search"
                f" USING ({search_where})"
            )
            statements.append(f"GRANT SELECT ({', '.join(search)}) ON {table} TO serment_search")
        super().__init__(
            [(statement, None) for statement in statements],
            reverse_sql=f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        )

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """How Django writes this operation back into a migration file."""
        return (self.__class__.__qualname__, [self._table], self._args)


def open_to_all(table: str, columns: Sequence[str] = ()) -> Wall:
    """A public table: everybody reads it, only the tenant named in the setting writes it."""
    return Wall(table, read=(EVERYBODY,), search=columns)


def stand_in(
    *,
    tenant: UUID | None = None,
    records: Iterable[UUID] | None = None,
    account: UUID | None = None,
    using: str = "default",
) -> None:
    """Name where the present transaction stands. Only what is given changes.

    Must be called inside a transaction: ``SET LOCAL`` ends with it, so the next request on the
    same connection starts outside every wall.
    """
    if not connections[using].in_atomic_block:
        raise RuntimeError("stand_in() outside a transaction would stand nowhere.")
    _set_local(_place(tenant, records, account), using)


def _place(
    tenant: UUID | None, records: Iterable[UUID] | None, account: UUID | None
) -> dict[str, str]:
    place: dict[str, str] = {}
    if tenant is not None:
        place[TENANT] = str(tenant)
    if records is not None:
        place[RECORDS] = ",".join(str(record) for record in records)
    if account is not None:
        place[ACCOUNT] = str(account)
    return place


@contextmanager
def inside(
    tenant: UUID | None = None,
    *,
    records: Iterable[UUID] | None = None,
    account: UUID | None = None,
    using: str = "default",
    along: Sequence[Statement] = (),
) -> Iterator[None]:
    """A transaction that stands in the given place and steps out at its end.

    Nested in another transaction it restores the former place afterwards. The outermost one has
    nothing to restore: its place ends with it. The transaction begins, stands there and does what
    is sent ``along`` in one round trip.
    """
    nested = connections[using].in_atomic_block
    with transaction.atomic(using=using):
        place = _place(tenant, records, account)
        if nested:
            before = _moved(place, using)
            together(along, using=using)
        else:
            before = {}
            together([*([_setting(place)] if place else []), *along], using=using)
        yield
        _set_local(before, using)


def _set_local(place: Mapping[str, str], using: str) -> None:
    if place:
        together([_setting(place)], using=using)


def _setting(place: Mapping[str, str]) -> Statement:
    """All settings in one statement."""
    calls = ", ".join("set_config(%s, %s, true)" for _ in place)
    return f"SELECT {calls}", [part for item in place.items() for part in item]


def _moved(place: Mapping[str, str], using: str) -> dict[str, str]:
    """Stand there, and say where the transaction stood before, in one statement."""
    names = (TENANT, RECORDS, ACCOUNT)
    read = ", ".join("coalesce(current_setting(%s, true), '') AS was_" + str(n) for n in range(3))
    sql, values = _setting(place) if place else ("SELECT NULL", [])
    # What is read is materialised first, so that it is what was.
    sql = f"WITH was AS MATERIALIZED (SELECT {read}) {sql}, was.* FROM was"
    ((*_set, tenant, records, account),) = together([(sql, [*names, *values])], using=using)[0]
    return dict(zip(names, (tenant, records, account), strict=True))
