"""Rows of the library's addresses are numbered at random: no dump tells who signed up first."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

# 60 bits of the random part of a version 4 UUID (RFC 9562, 5.4).
_RANDOM = "('x' || substr(replace(gen_random_uuid()::text, '-', ''), 18, 15))::bit(60)::bigint"

# The owner is bound by the wall as well, and stands nowhere: for this one statement it is not.
_RENUMBERED = f"""
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM account_emailconfirmation;
ALTER TABLE account_emailaddress ALTER COLUMN id DROP IDENTITY IF EXISTS;
ALTER TABLE account_emailaddress ALTER COLUMN id SET DEFAULT {_RANDOM};
ALTER TABLE account_emailaddress NO FORCE ROW LEVEL SECURITY;
UPDATE account_emailaddress SET id = DEFAULT;
ALTER TABLE account_emailaddress FORCE ROW LEVEL SECURITY;
SET CONSTRAINTS ALL DEFERRED;
"""


class OfTheLibrary(migrations.AlterField):
    """A change to a field of django-allauth's, whose own migrations we do not write."""

    def state_forwards(self, app_label: str, state: Any) -> None:
        """As the library's app."""
        super().state_forwards("account", state)

    def database_forwards(self, app_label: str, *rest: Any) -> None:
        """As the library's app."""
        super().database_forwards("account", *rest)

    def database_backwards(self, app_label: str, *rest: Any) -> None:
        """As the library's app."""
        super().database_backwards("account", *rest)


def _large() -> models.BigAutoField[int, int]:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_wall_of_sign_in_addresses")]

    operations = [
        OfTheLibrary("emailaddress", "id", _large()),
        OfTheLibrary("emailconfirmation", "id", _large()),
        migrations.RunSQL(_RENUMBERED, migrations.RunSQL.noop),
    ]
