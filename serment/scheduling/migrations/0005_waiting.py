"""Until when patients move and cancel; who waits for an hour, and which is kept for whom."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import serment.ids
import serment.outbox.veil
from serment.directory.tenancy import BY_RECORD, BY_TENANT, Wall, open_to_all


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0002_desks_that_lock"),
        ("scheduling", "0005_calendars"),
    ]

    operations = [
        migrations.CreateModel(
            name="OnlineTerms",
            fields=[
                ("establishment", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="+", serialize=False, to="directory.establishment")),
                ("move_hours", models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(336)], verbose_name="déplacer, heures avant")),
                ("cancel_hours", models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(336)], verbose_name="annuler, heures avant")),
                ("offer_minutes", models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(10), django.core.validators.MaxValueValidator(240)], verbose_name="minutes pour répondre")),
                ("waiting_open", models.BooleanField(default=True, verbose_name="liste d’attente ouverte")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("cancel_hours__lte", 336), ("move_hours__lte", 336)), name="terms_hours_within_bounds"),
                    models.CheckConstraint(condition=models.Q(("offer_minutes__gte", 10), ("offer_minutes__lte", 240)), name="terms_minutes_within_bounds"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Wish",
            fields=[
                ("id", models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("terms", models.BinaryField(max_length=400)),
                ("details", models.BinaryField()),
                ("tickets", models.BinaryField(max_length=256)),
                ("establishment", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.establishment")),
                ("role", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.practitionerrole")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("establishment", "role", "number"), name="wish_in_its_place")],
            },
        ),
        migrations.CreateModel(
            name="SlotOffer",
            fields=[
                ("id", models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("wish_id", serment.outbox.veil.VeiledRecord()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("hold_id", models.UUIDField(blank=True, null=True)),
                ("state", models.CharField(choices=[("open", "proposée"), ("refused", "refusée"), ("lapsed", "sans réponse")], default="open", max_length=8)),
                ("establishment", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.establishment")),
                ("role", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.practitionerrole")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("establishment", "wish_id", "starts_at"), name="offer_once_each"),
                    models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("establishment", "wish_id"), name="offer_one_at_a_time"),
                    models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("establishment", "role", "starts_at"), name="offer_to_one_only"),
                ],
            },
        ),
        open_to_all("scheduling_onlineterms"),
        Wall("scheduling_wish", read=(BY_TENANT, BY_RECORD)),
        Wall("scheduling_slotoffer"),
        # The worker sees in which houses something has lapsed, whatever house that is.
        migrations.RunSQL(
            "CREATE POLICY scheduling_slotoffer_lapsed ON scheduling_slotoffer"
            " FOR SELECT TO serment_worker USING (expires_at <= now())",
            "DROP POLICY scheduling_slotoffer_lapsed ON scheduling_slotoffer",
        ),
    ]
