"""Who acts for whom, in sealed words; rows are seen where the keeper gave their ids."""

from django.db import migrations, models

import serment.ids
from serment.directory.tenancy import BY_RECORD, Wall
from serment.disclosure import Sealed


def _id() -> models.UUIDField:  # type: ignore[type-arg]
    return models.UUIDField(
        default=serment.ids.new_id, editable=False, primary_key=True, serialize=False
    )


class Migration(migrations.Migration):
    dependencies = [("identity", "0010_merging")]

    operations = [
        migrations.CreateModel(
            name="Dependant",
            fields=[
                ("id", _id()),
                ("family_name", Sealed(zone="identity", label="nom")),
                ("given_name", Sealed(zone="identity", label="prénom")),
                ("birth_date", Sealed(zone="identity", label="date de naissance")),
            ],
            options={
                "verbose_name": "personne à charge",
                "verbose_name_plural": "personnes à charge",
            },
        ),
        migrations.CreateModel(
            name="Relation",
            fields=[
                ("id", _id()),
                ("terms", Sealed(zone="administrative", label="lien avec un proche")),
                ("name", Sealed(zone="administrative", label="nom du proche")),
            ],
            options={"verbose_name": "proche", "verbose_name_plural": "proches"},
        ),
        migrations.CreateModel(
            name="RelationProof",
            fields=[
                ("id", _id()),
                ("seen", Sealed(zone="administrative", label="justificatif présenté")),
            ],
            options={
                "verbose_name": "justificatif d’un proche",
                "verbose_name_plural": "justificatifs de proches",
            },
        ),
        Wall("identity_dependant", read=(BY_RECORD,), write=(BY_RECORD,)),
        Wall("identity_relation", read=(BY_RECORD,), write=(BY_RECORD,)),
        Wall("identity_relationproof", read=(BY_RECORD,), write=(BY_RECORD,)),
    ]
