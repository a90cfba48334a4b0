"""What a substitute is called: said beside a name, it must fit whoever has it. No column changes."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import migrations, models

_ROLES: Final = [
    ("secretary", "secrétaire"),
    ("practitioner", "soignant"),
    ("manager", "responsable"),
    ("privacy_officer", "délégué à la protection des données"),
    ("security_officer", "responsable de la sécurité"),
    ("substitute", "en remplacement"),
    ("trainee", "stagiaire"),
    ("trustee", "tiers de confiance"),
]


class Migration(migrations.Migration):
    """Three fields that offer the roles."""

    dependencies: ClassVar = [("identity", "0015_no_half_arrival")]

    operations: ClassVar = [
        migrations.AlterField(
            model, "role", models.CharField(choices=_ROLES, max_length=20)
        )
        for model in ("staffmember", "invitation", "rightsreview")
    ]
