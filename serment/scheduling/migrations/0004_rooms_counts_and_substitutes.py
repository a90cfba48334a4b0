"""Rooms and devices as claimants, daily counts that name nothing, and who stands in for whom."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import serment.ids
from django.db import migrations, models

from serment.directory.tenancy import Wall, open_to_all


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0002_desks_that_lock'),
        ('scheduling', '0003_hours_that_come_back'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayCount',
            fields=[
                ('tag', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('taken', models.PositiveSmallIntegerField()),
                ('forget_after', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='Resource',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='nom')),
                ('active', models.BooleanField(default=True, verbose_name='en service')),
            ],
        ),
        migrations.CreateModel(
            name='ResourceKind',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name_fr', models.CharField(max_length=80, verbose_name='nom en français')),
                ('name_en', models.CharField(blank=True, max_length=80, verbose_name='nom en anglais')),
            ],
        ),
        migrations.CreateModel(
            name='Substitution',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('first_day', models.DateField(verbose_name='du')),
                ('last_day', models.DateField(verbose_name='au')),
            ],
        ),
        migrations.AddField(
            model_name='occupancy',
            name='companion_of',
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='visitreason',
            name='daily_cap',
            field=models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='par jour, au plus'),
        ),
        migrations.AddField(
            model_name='visitreason',
            name='needs',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, db_default=[], default=list, size=None, verbose_name='salle, appareil'),
        ),
        migrations.AddConstraint(
            model_name='visitreason',
            constraint=models.CheckConstraint(condition=models.Q(('daily_cap__isnull', True), ('daily_cap__gte', 1), _connector='OR'), name='reason_cap_lets_one_in'),
        ),
        migrations.AddField(
            model_name='daycount',
            name='establishment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment'),
        ),
        migrations.AddField(
            model_name='resource',
            name='establishment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment'),
        ),
        migrations.AddField(
            model_name='resource',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.site'),
        ),
        migrations.AddField(
            model_name='resourcekind',
            name='establishment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment'),
        ),
        migrations.AddField(
            model_name='resource',
            name='kind',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resources', to='scheduling.resourcekind'),
        ),
        migrations.AddField(
            model_name='substitution',
            name='establishment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment'),
        ),
        migrations.AddField(
            model_name='substitution',
            name='role',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='substitutions', to='directory.practitionerrole'),
        ),
        migrations.AddField(
            model_name='substitution',
            name='substitute',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.practitionerrole'),
        ),
        migrations.AddConstraint(
            model_name='resourcekind',
            constraint=models.UniqueConstraint(fields=('establishment', 'name_fr'), name='resource_kind_once'),
        ),
        migrations.AddConstraint(
            model_name='resource',
            constraint=models.UniqueConstraint(fields=('establishment', 'site', 'name'), name='resource_name_once'),
        ),
        migrations.AddConstraint(
            model_name='substitution',
            constraint=models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='substitution_begins_before_it_ends'),
        ),
        migrations.AddConstraint(
            model_name='substitution',
            constraint=models.CheckConstraint(condition=models.Q(('role', models.F('substitute')), _negated=True), name='substitution_by_another'),
        ),
        migrations.AddConstraint(
            model_name='substitution',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('establishment', '='), ('role', '='), (models.Func('first_day', 'last_day', models.Value('[]'), function='daterange'), '&&')], name='substitution_by_one_at_a_time'),
        ),
        # A room kept with a slot is given back with it, whoever gives it back.
        migrations.RunSQL(
            "ALTER TABLE scheduling_occupancy ADD CONSTRAINT occupancy_companion_goes_with_it"
            " FOREIGN KEY (companion_of) REFERENCES scheduling_occupancy (id) ON DELETE CASCADE",
            "ALTER TABLE scheduling_occupancy DROP CONSTRAINT occupancy_companion_goes_with_it",
        ),
        migrations.RunSQL(
            "CREATE INDEX occupancy_companion ON scheduling_occupancy (companion_of)"
            " WHERE companion_of IS NOT NULL",
            "DROP INDEX occupancy_companion",
        ),
        migrations.RunSQL(
            "GRANT SELECT (daily_cap, needs) ON scheduling_visitreason TO serment_search",
            "REVOKE SELECT (daily_cap, needs) ON scheduling_visitreason FROM serment_search",
        ),
        open_to_all("scheduling_resourcekind", ("id", "establishment_id", "name_fr", "name_en")),
        open_to_all("scheduling_resource", (
            "id", "establishment_id", "site_id", "kind_id", "name", "active",
        )),
        open_to_all("scheduling_substitution", (
            "id", "establishment_id", "role_id", "substitute_id", "first_day", "last_day",
        )),
        Wall("scheduling_daycount", search=("tag", "taken"), worker="SELECT, DELETE"),
        # The worker sees what is over, to forget it.
        migrations.RunSQL(
            "CREATE POLICY scheduling_daycount_sweep ON scheduling_daycount TO serment_worker"
            " USING (forget_after < current_date)",
            "DROP POLICY scheduling_daycount_sweep ON scheduling_daycount",
        ),
    ]
