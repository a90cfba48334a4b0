"""Hours every so many weeks, for some people only; times away that come back; houses closed."""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import serment.ids
from django.db import migrations, models

from serment.directory.tenancy import open_to_all


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0002_desks_that_lock'),
        ('scheduling', '0002_one_hold_an_account'),
    ]

    operations = [
        migrations.CreateModel(
            name='Closure',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('span', django.contrib.postgres.fields.ranges.DateTimeRangeField(verbose_name='période')),
                ('public_note', models.CharField(blank=True, max_length=120, verbose_name='mot affiché')),
            ],
        ),
        migrations.CreateModel(
            name='RecurringAbsence',
            fields=[
                ('weekday', models.PositiveSmallIntegerField(help_text='0 = lundi', verbose_name='jour')),
                ('starts', models.TimeField(verbose_name='de')),
                ('ends', models.TimeField(verbose_name='à')),
                ('valid_from', models.DateField(blank=True, null=True, verbose_name='du')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='au')),
                ('every_weeks', models.PositiveSmallIntegerField(db_default=1, default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(52)], verbose_name='toutes les (semaines)')),
                ('anchor', models.DateField(blank=True, null=True, verbose_name='en comptant de la semaine du')),
                ('skipped', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), blank=True, db_default=[], default=list, size=None)),
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_note', models.CharField(blank=True, max_length=120, verbose_name='mot affiché')),
            ],
        ),
        migrations.AddField(
            model_name='weeklyopening',
            name='anchor',
            field=models.DateField(blank=True, null=True, verbose_name='en comptant de la semaine du'),
        ),
        migrations.AddField(
            model_name='weeklyopening',
            name='every_weeks',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(52)], verbose_name='toutes les (semaines)'),
        ),
        migrations.AddField(
            model_name='weeklyopening',
            name='public',
            field=models.PositiveSmallIntegerField(choices=[(0, 'tout le monde'), (1, 'personnes déjà venues'), (2, 'sur invitation')], db_default=0, default=0, verbose_name='pour qui'),
        ),
        migrations.AddField(
            model_name='weeklyopening',
            name='skipped',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), blank=True, db_default=[], default=list, size=None),
        ),
        migrations.AddConstraint(
            model_name='weeklyopening',
            constraint=models.CheckConstraint(condition=models.Q(('every_weeks', 1), models.Q(('anchor__isnull', False), ('every_weeks__range', (2, 52))), _connector='OR'), name='opening_weeks_counted'),
        ),
        migrations.AddConstraint(
            model_name='weeklyopening',
            constraint=models.CheckConstraint(condition=models.Q(('public__range', (0, 2))), name='opening_public_known'),
        ),
        migrations.AddField(
            model_name='closure',
            name='establishment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment'),
        ),
        migrations.AddField(
            model_name='closure',
            name='site',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.site'),
        ),
        migrations.AddField(
            model_name='recurringabsence',
            name='establishment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment'),
        ),
        migrations.AddField(
            model_name='recurringabsence',
            name='role',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recurring_absences', to='directory.practitionerrole'),
        ),
        migrations.AddField(
            model_name='recurringabsence',
            name='site',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.site'),
        ),
        migrations.AddConstraint(
            model_name='closure',
            constraint=models.CheckConstraint(condition=models.Q(('span__isempty', False), ('span__lower_inf', False), ('span__upper_inf', False)), name='closure_begins_and_ends'),
        ),
        migrations.AddConstraint(
            model_name='recurringabsence',
            constraint=models.CheckConstraint(condition=models.Q(('weekday__range', (0, 6))), name='away_weekday_known'),
        ),
        migrations.AddConstraint(
            model_name='recurringabsence',
            constraint=models.CheckConstraint(condition=models.Q(('ends__gt', models.F('starts')), ('ends', '00:00'), _connector='OR'), name='away_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='recurringabsence',
            constraint=models.CheckConstraint(condition=models.Q(('every_weeks', 1), models.Q(('anchor__isnull', False), ('every_weeks__range', (2, 52))), _connector='OR'), name='away_weeks_counted'),
        ),
        migrations.AddConstraint(
            model_name='recurringabsence',
            constraint=models.CheckConstraint(condition=models.Q(('role__isnull', True), ('site__isnull', True), _connector='OR'), name='away_of_one_or_of_a_place'),
        ),
        migrations.RunSQL(
            "GRANT SELECT (every_weeks, anchor, skipped, public)"
            " ON scheduling_weeklyopening TO serment_search",
            "REVOKE SELECT (every_weeks, anchor, skipped, public)"
            " ON scheduling_weeklyopening FROM serment_search",
        ),
        open_to_all("scheduling_recurringabsence", (
            "id", "establishment_id", "role_id", "site_id", "weekday", "starts", "ends",
            "valid_from", "valid_until", "every_weeks", "anchor", "skipped", "public_note",
        )),
        open_to_all("scheduling_closure", (
            "id", "establishment_id", "site_id", "span", "public_note",
        )),
    ]
