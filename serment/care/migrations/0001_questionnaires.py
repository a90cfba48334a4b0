"""What houses ask before a visit; the answers are sealed with the visit itself."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import serment.ids
from serment.directory.tenancy import open_to_all


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("directory", "0001_public_directory"),
        ("scheduling", "0012_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Questionnaire",
            fields=[
                ("id", models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("title_fr", models.CharField(max_length=120, verbose_name="titre en français")),
                ("title_en", models.CharField(blank=True, max_length=120, verbose_name="titre en anglais")),
                ("reasons", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, default=list, size=None)),
                ("active", models.BooleanField(default=True)),
                ("establishment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.establishment")),
            ],
        ),
        migrations.CreateModel(
            name="QuestionnaireVersion",
            fields=[
                ("id", models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                ("published_on", models.DateField(blank=True, null=True)),
                ("items", models.JSONField(default=list)),
                ("establishment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.establishment")),
                ("questionnaire", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="care.questionnaire")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("establishment", "questionnaire", "number"), name="questionnaire_version_once"),
                    models.UniqueConstraint(condition=models.Q(("published_on__isnull", True)), fields=("establishment", "questionnaire"), name="questionnaire_one_being_written"),
                ],
            },
        ),
        open_to_all("care_questionnaire"),
        open_to_all("care_questionnaireversion"),
    ]
