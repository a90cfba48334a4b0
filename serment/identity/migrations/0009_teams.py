"""A team's own rows: invitations, ways back, reviews of rights; when a member came and was seen."""

from collections.abc import Callable

import django.db.models.deletion
from django.db import migrations, models

import serment.ids
from serment.directory.tenancy import Wall

ROLES = [
    ("secretary", "secrétaire"),
    ("practitioner", "soignant"),
    ("manager", "responsable"),
    ("privacy_officer", "délégué à la protection des données"),
    ("security_officer", "responsable de la sécurité"),
    ("substitute", "remplaçant"),
    ("trainee", "stagiaire"),
]


def _id() -> models.UUIDField:
    return models.UUIDField(
        default=serment.ids.new_id, editable=False, primary_key=True, serialize=False
    )


def _establishment() -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="directory.establishment",
    )


def _member(on_delete: Callable[..., None]) -> models.ForeignKey:
    return models.ForeignKey(on_delete=on_delete, related_name="+", to="identity.staffmember")


def _one_member() -> models.OneToOneField:
    return models.OneToOneField(
        on_delete=django.db.models.deletion.CASCADE,
        related_name="+",
        to="identity.staffmember",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0008_safe_contact_and_desk_codes"),
        ("directory", "0001_public_directory"),
    ]

    operations = [
        migrations.AddField("StaffMember", "since", models.DateField(blank=True, null=True)),
        migrations.AddField("StaffMember", "seen_week", models.DateField(blank=True, null=True)),
        migrations.AddField("StaffMember", "dormant", models.BooleanField(default=False)),
        migrations.AddField("StaffMember", "warned", models.BooleanField(default=False)),
        migrations.AddField("StaffMember", "notice_ticket", models.BinaryField(default=b"")),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", _id()),
                ("role", models.CharField(choices=ROLES, max_length=20)),
                ("word_digest", models.BinaryField(max_length=32)),
                ("ticket", models.BinaryField(default=b"")),
                ("expires_at", models.DateTimeField()),
                ("wants_key", models.BooleanField(default=False)),
                ("establishment", _establishment()),
                ("member", _one_member()),
            ],
            options={"verbose_name": "invitation", "verbose_name_plural": "invitations"},
        ),
        migrations.CreateModel(
            name="AccessReturn",
            fields=[
                ("id", _id()),
                ("expires_at", models.DateTimeField()),
                ("asked_by", _member(django.db.models.deletion.CASCADE)),
                ("establishment", _establishment()),
                ("member", _one_member()),
            ],
            options={
                "verbose_name": "retour d’un accès",
                "verbose_name_plural": "retours d’accès",
            },
        ),
        migrations.CreateModel(
            name="RightsReview",
            fields=[
                ("id", _id()),
                ("role", models.CharField(choices=ROLES, max_length=20)),
                (
                    "decision",
                    models.CharField(
                        choices=[("keep", "gardés"), ("change", "à changer"), ("end", "terminés")],
                        max_length=8,
                    ),
                ),
                ("on", models.DateField()),
                ("establishment", _establishment()),
                ("member", _member(django.db.models.deletion.PROTECT)),
                ("reviewer", _member(django.db.models.deletion.PROTECT)),
            ],
            options={
                "verbose_name": "revue des droits",
                "verbose_name_plural": "revues des droits",
                "indexes": [
                    models.Index(
                        fields=["establishment", "member", "on"], name="rightsreview_latest"
                    )
                ],
            },
        ),
        Wall("identity_invitation"),
        Wall("identity_accessreturn"),
        # What was looked at stays looked at: nobody changes or removes a review.
        Wall("identity_rightsreview", web="SELECT, INSERT", worker="SELECT"),
    ]
