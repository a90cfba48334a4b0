"""Bring the database up to the code: migrations as the owner, then grants."""

from __future__ import annotations

import os
from contextlib import closing

import psycopg

from serment.config.database import grants


def migrate() -> None:
    """Run every migration through the alias ``owner``, load reference data, grant library tables.

    Needs Django's settings; the database must answer.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "serment.config.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", database="owner", verbosity=0, interactive=False)

    from serment.directory import load

    load.reference_data_once(using="owner")
    with closing(owner_connection()) as owner:
        grants.apply(owner)


def owner_connection() -> psycopg.Connection[tuple[object, ...]]:
    """An autocommit connection of the owner, as settings describe it."""
    from django.db import connections

    parameters = connections["owner"].get_connection_params()
    wanted = {"dbname", "user", "password", "host", "port", "connect_timeout"}
    given = {key: value for key, value in parameters.items() if key in wanted}
    return psycopg.connect(autocommit=True, **given)


if __name__ == "__main__":
    migrate()
