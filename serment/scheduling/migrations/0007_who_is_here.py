"""In the room; since when somebody waits, closed; and who said how a visit goes, sealed."""

from django.db import migrations, models

import serment.disclosure.fields


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0006_seats_kept"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="course",
            field=serment.disclosure.fields.Sealed(verbose_name="passage au cabinet", zone="administrative"),
        ),
        migrations.AddField(
            model_name="appointment",
            name="presence",
            field=models.BinaryField(blank=True, max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="status",
            field=models.CharField(choices=[("proposed", "proposé"), ("pending", "en attente"), ("booked", "confirmé"), ("arrived", "arrivé"), ("checked-in", "en salle"), ("fulfilled", "honoré"), ("cancelled", "annulé"), ("noshow", "non honoré")], default="booked", max_length=10),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(condition=models.Q(("status__in", ["arrived", "checked-in"])), fields=["establishment", "starts_at"], name="appointment_here"),
        ),
    ]
