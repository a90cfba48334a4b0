"""Who holds a slot, once per account, seen only by the request that names the account's tag."""

import django.db.models.deletion
from django.db import migrations, models

from serment.directory.tenancy import Wall

# As ``serment/scheduling/holders.py`` names it.
BY_HOLDER = "tag = decode(NULLIF(current_setting('serment.holder', true), ''), 'hex')"
KEPT_FOR_URGENT = "gardé pour l’urgence jusqu’à (minutes avant)"


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_agenda")]

    operations = [
        migrations.CreateModel(
            name="Holder",
            fields=[
                ("tag", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("claimant_id", models.UUIDField()),
                ("occupancy_id", models.UUIDField(unique=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "establishment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.establishment",
                    ),
                ),
            ],
        ),
        # The tag of an account lives as long as the hold it names, and not a moment longer.
        migrations.RunSQL(
            "ALTER TABLE scheduling_holder ADD CONSTRAINT holder_goes_with_its_time"
            " FOREIGN KEY (occupancy_id) REFERENCES scheduling_occupancy (id) ON DELETE CASCADE",
            "ALTER TABLE scheduling_holder DROP CONSTRAINT holder_goes_with_its_time",
        ),
        Wall(
            "scheduling_holder",
            read=(BY_HOLDER,),
            write=(BY_HOLDER,),
            worker="SELECT, DELETE",
        ),
        # The worker sees what has expired, to forget it.
        migrations.RunSQL(
            "CREATE POLICY scheduling_holder_sweep ON scheduling_holder TO serment_worker"
            " USING (expires_at < now())",
            "DROP POLICY scheduling_holder_sweep ON scheduling_holder",
        ),
        migrations.AlterField(
            model_name="visitreason",
            name="late_release_minutes",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name=KEPT_FOR_URGENT
            ),
        ),
        migrations.AlterField(
            model_name="weeklyopening",
            name="late_release_minutes",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name=KEPT_FOR_URGENT
            ),
        ),
    ]
