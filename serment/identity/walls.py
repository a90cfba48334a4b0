"""The conditions of identity's row-level security, and how a transaction names an alias.

Sign-in knows an address, therefore an alias, and nothing else: while ``serment.alias`` names it,
that one account is visible. No setting makes all accounts visible, so no query can list them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

ALIAS = "serment.alias"

_ALIAS_SQL = "NULLIF(current_setting('serment.alias', true), '')"
_ACCOUNT_SQL = "NULLIF(current_setting('serment.account', true), '')::uuid"

BY_ALIAS = f"alias = {_ALIAS_SQL}"
BY_ADDRESS_ALIAS = f"email = {_ALIAS_SQL}"
BY_OWN_ACCOUNT = f"id = {_ACCOUNT_SQL}"
BY_ADDRESS_OWNER = f"user_id = {_ACCOUNT_SQL}"
BY_STAFF_ACCOUNT = f"account_id = {_ACCOUNT_SQL}"
BY_IDENTITY_OWNER = BY_STAFF_ACCOUNT
BY_DESK_CODE = "digest = decode(NULLIF(current_setting('serment.desk_code', true), ''), 'hex')"


@contextmanager
def holding(digest: bytes, using: str = "default") -> Iterator[None]:
    """A transaction in which the row of one desk code, and no other, is visible."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT set_config('serment.desk_code', %s, true)", [digest.hex()])
        yield
        cursor.execute("SELECT set_config('serment.desk_code', '', true)")


@contextmanager
def looking_for(alias: str, using: str = "default") -> Iterator[None]:
    """A transaction in which the account of one alias, and no other, is visible."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting(%s, true), '')", [ALIAS])
        before = cursor.fetchone()
        cursor.execute("SELECT set_config(%s, %s, true)", [ALIAS, alias])
        yield
        cursor.execute("SELECT set_config(%s, %s, true)", [ALIAS, before[0] if before else ""])


def name_alias(alias: str, using: str = "default") -> None:
    """Make the account of one alias visible until the present transaction ends."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [ALIAS, alias])
