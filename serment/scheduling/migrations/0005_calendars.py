"""Feeds that a calendar program reads, and calendars elsewhere that take a practitioner's time."""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import serment.disclosure.fields
import serment.ids
from django.db import migrations, models

from serment.directory.tenancy import Wall

# As ``serment/scheduling/feeds.py`` names it.
_NAMED = "decode(NULLIF(current_setting('serment.feed', true), ''), 'hex')"
BY_FEED = f"(tag = {_NAMED} OR digest = {_NAMED})"


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0002_desks_that_lock'),
        ('scheduling', '0005_group_sessions'),
    ]

    operations = [
        migrations.AlterField(
            model_name='occupancy',
            name='kind',
            field=models.CharField(choices=[('appointment', 'rendez-vous'), ('hold', 'créneau retenu'), ('import', 'agenda importé'), ('block', 'temps bloqué'), ('outside', 'agenda extérieur')], max_length=12),
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('tag', models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='OutsideCalendar',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('ics', 'adresse d’un agenda (.ics)'), ('caldav', 'agenda CalDAV')], max_length=6)),
                ('access', serment.disclosure.fields.Sealed(verbose_name='adresse d’un agenda extérieur', zone='administrative')),
                ('tickets', models.BinaryField(default=b'')),
                ('signed_from', models.DateTimeField()),
                ('spans', django.contrib.postgres.fields.ArrayField(base_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(), blank=True, default=list, size=None)),
                ('state', models.BinaryField(default=b'')),
                ('next_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('fault', models.CharField(blank=True, max_length=24)),
                ('unread', models.PositiveSmallIntegerField(default=0)),
                ('settled', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('establishment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.establishment')),
                ('role', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.practitionerrole')),
            ],
            options={
                'indexes': [models.Index(fields=['establishment', 'next_at'], name='outside_due')],
            },
        ),
        Wall("scheduling_calendarfeed", read=(BY_FEED,), write=(BY_FEED,), worker=""),
        Wall("scheduling_outsidecalendar"),
    ]
