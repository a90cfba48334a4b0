"""Each change of what decides on slots gives its house another version (``known_plans``)."""

from django.db import migrations, models

from serment.directory.tenancy import open_to_all

# Every table that the rules are read from; a test compares it with the statements.
TABLES = (
    "directory_practitionerrole",
    "directory_site",
    "scheduling_absence",
    "scheduling_closure",
    "scheduling_openingexception",
    "scheduling_recurringabsence",
    "scheduling_resource",
    "scheduling_resourcekind",
    "scheduling_substitution",
    "scheduling_visitreason",
    "scheduling_weeklyopening",
)

# In the order of the houses, so that two who change several never wait for each other.
_GIVE = """
    INSERT INTO scheduling_rulesversion (establishment_id, version)
    SELECT establishment_id, gen_random_uuid() FROM {rows}
    GROUP BY establishment_id ORDER BY establishment_id
    ON CONFLICT (establishment_id) DO UPDATE SET version = EXCLUDED.version;
"""
_FUNCTION = f"""
CREATE FUNCTION scheduling_rules_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN {_GIVE.format(rows="old_rows")} END IF;
  IF TG_OP <> 'DELETE' THEN {_GIVE.format(rows="new_rows")} END IF;
  RETURN NULL;
END $$
"""
_ROWS = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}


def _trigger(table: str, act: str) -> migrations.RunSQL:
    name = f"rules_changed_by_{act.lower()}"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} AFTER {act} ON {table} REFERENCING {_ROWS[act]}"
        " FOR EACH STATEMENT EXECUTE FUNCTION scheduling_rules_changed()",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0002_desks_that_lock"),
        ("scheduling", "0015_lists_are_heard"),
    ]

    operations = [
        migrations.CreateModel(
            name="RulesVersion",
            fields=[
                ("establishment_id", models.UUIDField(primary_key=True, serialize=False)),
                ("version", models.UUIDField()),
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO scheduling_rulesversion (establishment_id, version)"
            " SELECT id, gen_random_uuid() FROM directory_establishment",
            migrations.RunSQL.noop,
        ),
        open_to_all("scheduling_rulesversion", ("establishment_id", "version")),
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION scheduling_rules_changed()"),
        *(_trigger(table, act) for table in TABLES for act in _ROWS),
    ]
