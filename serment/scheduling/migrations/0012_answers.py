"""What was answered before a visit, sealed with the visit."""

from django.db import migrations

import serment.disclosure.fields


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0011_missed_visits"),
    ]

    operations = [
        migrations.AddField(
            "appointment", "answered",
            serment.disclosure.fields.Sealed(verbose_name="questions avant la visite : où cela en est", zone="administrative"),
        ),
        migrations.AddField(
            "appointment", "answers",
            serment.disclosure.fields.Sealed(verbose_name="réponses aux questions avant la visite", zone="medical"),
        ),
    ]
