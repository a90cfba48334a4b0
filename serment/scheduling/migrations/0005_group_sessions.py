"""Sessions for several, with seats unique by number."""

import django.core.validators
import django.db.models.deletion
import serment.ids
from django.db import migrations, models

from serment.directory.tenancy import Wall, open_to_all


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0002_desks_that_lock'),
        ('scheduling', '0004_rooms_counts_and_substitutes'),
    ]

    operations = [
        migrations.AddField(
            model_name='visitreason',
            name='in_groups',
            field=models.BooleanField(db_default=False, default=False, verbose_name='en groupe'),
        ),
        migrations.AlterField(
            model_name='occupancy',
            name='kind',
            field=models.CharField(choices=[('appointment', 'rendez-vous'), ('hold', 'créneau retenu'), ('import', 'agenda importé'), ('block', 'temps bloqué'), ('session', 'séance de groupe')], max_length=12),
        ),
        migrations.CreateModel(
            name='GroupSession',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('seats', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(200)], verbose_name='places')),
                ('establishment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment')),
                ('reason', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scheduling.visitreason')),
                ('role', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='group_sessions', to='directory.practitionerrole')),
            ],
        ),
        migrations.CreateModel(
            name='Seat',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField()),
                ('appointment_id', models.UUIDField(unique=True)),
                ('establishment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment')),
                ('session', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scheduling.groupsession')),
            ],
        ),
        migrations.AddIndex(
            model_name='groupsession',
            index=models.Index(fields=['role', 'starts_at'], name='group_session_when'),
        ),
        migrations.AddConstraint(
            model_name='groupsession',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='group_session_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='groupsession',
            constraint=models.CheckConstraint(condition=models.Q(('seats__range', (1, 200))), name='group_session_has_seats'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.UniqueConstraint(fields=('establishment', 'session', 'number'), name='seat_number_once'),
        ),
        migrations.RunSQL(
            "GRANT SELECT (in_groups) ON scheduling_visitreason TO serment_search",
            "REVOKE SELECT (in_groups) ON scheduling_visitreason FROM serment_search",
        ),
        open_to_all("scheduling_groupsession", (
            "id", "establishment_id", "role_id", "reason_id", "starts_at", "ends_at", "seats",
        )),
        # Free seats are counted by the public search; whose a taken one is, it does not see.
        Wall("scheduling_seat", search=("session_id", "establishment_id", "number")),
    ]
