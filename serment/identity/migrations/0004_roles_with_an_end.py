"""Substitutes and trainees, and the instant from which a member of staff stands nowhere."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_addresses_without_an_order")]

    operations = [
        migrations.AlterField(
            "StaffMember",
            "role",
            models.CharField(
                choices=[
                    ("secretary", "secrétaire"),
                    ("practitioner", "soignant"),
                    ("manager", "responsable"),
                    ("privacy_officer", "délégué à la protection des données"),
                    ("security_officer", "responsable de la sécurité"),
                    ("substitute", "remplaçant"),
                    ("trainee", "stagiaire"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField("StaffMember", "ends_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddConstraint(
            "StaffMember",
            models.CheckConstraint(
                condition=~models.Q(role__in=("substitute", "trainee"))
                | models.Q(ends_at__isnull=False),
                name="staffmember_who_passes_has_an_end",
            ),
        ),
    ]
