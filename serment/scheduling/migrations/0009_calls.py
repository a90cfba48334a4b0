"""Calls the desk has to make."""

import django.db.models.deletion
from django.db import migrations, models

import serment.disclosure.fields
import serment.ids
from serment.directory.tenancy import Wall


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0008_series"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallBack",
            fields=[
                ("id", models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("due_on", models.DateField()),
                ("taken_by", models.UUIDField(blank=True, null=True)),
                ("done_on", models.DateField(blank=True, null=True)),
                ("why", serment.disclosure.fields.Sealed(verbose_name="pourquoi rappeler", zone="administrative")),
                ("establishment", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.establishment")),
            ],
            options={
                "indexes": [models.Index(fields=["establishment", "done_on", "due_on"], name="call_back_due")],
            },
        ),
        Wall("scheduling_callback"),
    ]
