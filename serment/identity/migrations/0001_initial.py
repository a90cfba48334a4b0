"""Accounts, patient files, staff and sessions, each behind its wall from the first row."""

import django.db.models.deletion
from django.db import migrations, models

import serment.ids
from serment.directory.tenancy import BY_RECORD, BY_TENANT, EVERYBODY, Wall
from serment.disclosure import Sealed
from serment.identity.walls import BY_ALIAS, BY_OWN_ACCOUNT, BY_STAFF_ACCOUNT


def _id():
    return models.UUIDField(
        default=serment.ids.new_id, editable=False, primary_key=True, serialize=False
    )


def _establishment():
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="directory.establishment",
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [("directory", "0001_public_directory")]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("id", _id()),
                ("alias", models.CharField(max_length=120, unique=True)),
                ("is_active", models.BooleanField(default=True)),
                ("language", models.CharField(default="fr", max_length=5)),
                ("email", Sealed(zone="contact", label="adresse e-mail", search="email")),
                ("phone", Sealed(zone="contact", label="téléphone", search="phone")),
                ("family_name", Sealed(zone="identity", label="nom", search="name")),
                ("given_name", Sealed(zone="identity", label="prénom", search="name")),
                (
                    "birth_date",
                    Sealed(zone="identity", label="date de naissance", search="birth_date"),
                ),
            ],
            options={"verbose_name": "compte", "verbose_name_plural": "comptes"},
        ),
        migrations.CreateModel(
            name="PatientFile",
            fields=[
                ("id", _id()),
                ("family_name", Sealed(zone="identity", label="nom", search="name")),
                ("given_name", Sealed(zone="identity", label="prénom", search="name")),
                ("birth_name", Sealed(zone="identity", label="nom de naissance", search="name")),
                (
                    "birth_date",
                    Sealed(zone="identity", label="date de naissance", search="birth_date"),
                ),
                ("sex", Sealed(zone="identity", label="sexe")),
                ("phone", Sealed(zone="contact", label="téléphone", search="phone")),
                ("email", Sealed(zone="contact", label="adresse e-mail", search="email")),
                ("address", Sealed(zone="contact", label="adresse")),
                (
                    "source_reference",
                    Sealed(zone="administrative", label="numéro dans l’ancien logiciel"),
                ),
                ("establishment", _establishment()),
            ],
            options={
                "verbose_name": "dossier patient",
                "verbose_name_plural": "dossiers patients",
            },
        ),
        migrations.CreateModel(
            name="StaffMember",
            fields=[
                ("id", _id()),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("secretary", "secrétaire"),
                            ("practitioner", "soignant"),
                            ("manager", "responsable"),
                            ("privacy_officer", "délégué à la protection des données"),
                            ("security_officer", "responsable de la sécurité"),
                        ],
                        max_length=20,
                    ),
                ),
                ("active", models.BooleanField(default=True)),
                ("family_name", Sealed(zone="identity", label="nom", search="name")),
                ("given_name", Sealed(zone="identity", label="prénom", search="name")),
                ("email", Sealed(zone="contact", label="adresse e-mail")),
                ("name_ticket", models.BinaryField(default=b"")),
                (
                    "account",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_member",
                        to="identity.account",
                    ),
                ),
                ("establishment", _establishment()),
                (
                    "practitioner_role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.practitionerrole",
                    ),
                ),
            ],
            options={
                "verbose_name": "membre de l’équipe",
                "verbose_name_plural": "membres de l’équipe",
            },
        ),
        migrations.CreateModel(
            name="SignedInSession",
            fields=[
                (
                    "digest",
                    models.BinaryField(max_length=32, primary_key=True, serialize=False),
                ),
                ("sealed", models.BinaryField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions"},
        ),
        Wall("identity_account", read=(BY_OWN_ACCOUNT, BY_ALIAS), write=(BY_OWN_ACCOUNT,)),
        Wall("identity_patientfile", read=(BY_TENANT, BY_RECORD)),
        Wall("identity_staffmember", read=(BY_TENANT, BY_STAFF_ACCOUNT, BY_RECORD)),
        # A session's row opens with its cookie only: the digest is the wall.
        Wall("identity_signedinsession", read=(EVERYBODY,), write=(EVERYBODY,)),
    ]
