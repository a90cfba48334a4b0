"""Which account a provider's subject signs in to, by keyed alias, behind the account's own wall."""

import django.db.models.deletion
from django.db import migrations, models

import serment.ids
from serment.directory.tenancy import Wall
from serment.disclosure import Sealed
from serment.identity.walls import BY_ALIAS, BY_IDENTITY_OWNER


class Migration(migrations.Migration):
    dependencies = [("identity", "0005_sign_in_books")]

    operations = [
        migrations.CreateModel(
            name="OpenidIdentity",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=serment.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("alias", models.CharField(max_length=120, unique=True)),
                ("provider", models.CharField(max_length=24)),
                ("gender", Sealed(zone="identity", label="sexe à l’état civil")),
                ("birth_place", Sealed(zone="identity", label="lieu de naissance")),
                ("birth_country", Sealed(zone="identity", label="pays de naissance")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="identity.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "identité d’un fournisseur",
                "verbose_name_plural": "identités de fournisseurs",
            },
        ),
        Wall(
            "identity_openididentity",
            read=(BY_IDENTITY_OWNER, BY_ALIAS),
            write=(BY_IDENTITY_OWNER,),
        ),
    ]
