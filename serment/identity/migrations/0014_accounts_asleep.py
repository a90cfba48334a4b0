"""When an account was last used, by the half-year; what is known of one that sleeps."""

from django.db import migrations, models

import serment.identity.halves


class Migration(migrations.Migration):
    dependencies = [("identity", "0013_former_ways")]

    operations = [
        # Accounts that are there count from the half-year of this migration on.
        migrations.AddField(
            "Account", "used_half", models.DateField(default=serment.identity.halves.this_one)
        ),
        migrations.AddField(
            "Account", "sleep_told", models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField("Account", "closes_on", models.DateField(blank=True, null=True)),
        migrations.AddField("Account", "closed", models.BooleanField(default=False)),
        migrations.AddField("Account", "sleep_ticket", models.BinaryField(default=b"")),
        # No query lists accounts. The worker sees those whose three years are nearly over, by the
        # database's own clock: no setting shows it others.
        migrations.RunSQL(
            "CREATE POLICY identity_account_asleep ON identity_account FOR SELECT TO serment_worker"
            " USING (NOT closed AND used_half + interval '42 months' <= now() + interval '31 days')",
            "DROP POLICY identity_account_asleep ON identity_account",
        ),
    ]
