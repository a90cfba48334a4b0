"""A further role: the outside trustee of a practice of one. Rows stay as they are."""

from django.db import migrations, models

ROLES = [
    ("secretary", "secrétaire"),
    ("practitioner", "soignant"),
    ("manager", "responsable"),
    ("privacy_officer", "délégué à la protection des données"),
    ("security_officer", "responsable de la sécurité"),
    ("substitute", "remplaçant"),
    ("trainee", "stagiaire"),
    ("trustee", "tiers de confiance"),
]


class Migration(migrations.Migration):
    dependencies = [("identity", "0011_relatives")]

    operations = [
        migrations.AlterField(model, "role", models.CharField(choices=ROLES, max_length=20))
        for model in ("StaffMember", "Invitation", "RightsReview")
    ]
