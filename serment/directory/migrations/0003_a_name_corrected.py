"""A house may correct the name of a practitioner whom no other house publishes."""

from django.db import migrations

from serment.directory.tenancy import TENANT

HERE = f"NULLIF(current_setting('{TENANT}', true), '')::uuid"
ENTRIES = "SELECT 1 FROM directory_practitionerrole r WHERE r.practitioner_id = directory_practitioner.id"
OWN = (
    f"EXISTS ({ENTRIES} AND r.establishment_id = {HERE})"
    f" AND NOT EXISTS ({ENTRIES} AND r.establishment_id IS DISTINCT FROM {HERE})"
)


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_desks_that_lock")]

    operations = [
        migrations.RunSQL(
            [
                "CREATE POLICY directory_practitioner_correct ON directory_practitioner FOR UPDATE"
                f" TO serment_web USING ({OWN}) WITH CHECK ({OWN})",
                "GRANT UPDATE (title, given_name, family_name) ON directory_practitioner"
                " TO serment_web",
            ],
            reverse_sql=[
                "REVOKE UPDATE (title, given_name, family_name) ON directory_practitioner"
                " FROM serment_web",
                "DROP POLICY directory_practitioner_correct ON directory_practitioner",
            ],
        ),
    ]
