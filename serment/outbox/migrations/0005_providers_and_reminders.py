"""Messages handed to providers, how they fared, and reminders; nothing of what stands changes."""

import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import serment.ids
import serment.outbox.veil
from django.db import migrations, models

from serment.directory.tenancy import EVERYBODY, Wall


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0002_desks_that_lock'),
        ('outbox', '0004_calls'),
    ]

    operations = [
        migrations.CreateModel(
            name='HandOver',
            fields=[
                ('reference', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('answer_key', models.BinaryField(max_length=32, unique=True)),
                ('establishment_id', models.UUIDField()),
                ('message_id', models.UUIDField()),
                ('provider', models.CharField(max_length=60)),
                ('state', models.CharField(choices=[('under_way', 'remis, sans réponse'), ('taken', 'accepté'), ('not_taken', 'pas accepté'), ('delivered', 'distribué'), ('returned', 'revenu')], default='under_way', max_length=10)),
                ('possibly_twice', models.BooleanField(default=False)),
                ('answered', models.BooleanField(default=False)),
                ('until', models.DateField()),
            ],
            options={
                'verbose_name': 'remise',
                'verbose_name_plural': 'remises',
            },
        ),
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('tag', models.BinaryField(max_length=32, primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name': 'refus de rappels',
                'verbose_name_plural': 'refus de rappels',
            },
        ),
        migrations.AddField(
            model_name='message',
            name='before',
            field=models.BinaryField(default=b''),
        ),
        migrations.CreateModel(
            name='ReminderPlan',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reason', models.UUIDField(blank=True, null=True)),
                ('moments', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None)),
                ('swept', models.DateTimeField(default=datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
                ('establishment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.establishment')),
            ],
            options={
                'verbose_name': 'moments de rappel',
                'verbose_name_plural': 'moments de rappel',
                'constraints': [models.UniqueConstraint(fields=('establishment', 'reason'), name='outbox_plan_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='ReminderTicket',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('record_id', serment.outbox.veil.VeiledRecord()),
                ('terms', models.BinaryField(max_length=64)),
                ('ticket', models.BinaryField()),
                ('answer', models.CharField(blank=True, choices=[('', 'pas de réponse'), ('comes', 'vient'), ('cannot', 'ne peut pas venir')], default='', max_length=6)),
                ('establishment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.establishment')),
            ],
            options={
                'verbose_name': 'droit de rappel',
                'verbose_name_plural': 'droits de rappel',
                'constraints': [models.UniqueConstraint(fields=('establishment', 'record_id'), name='outbox_reminder_once')],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('provider', models.CharField(max_length=60)),
                ('outcome', models.CharField(max_length=20)),
                ('count', models.PositiveIntegerField(default=0)),
                ('establishment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.establishment')),
            ],
            options={
                'verbose_name': 'décompte',
                'verbose_name_plural': 'décomptes',
                'constraints': [models.UniqueConstraint(fields=('establishment', 'day', 'provider', 'outcome'), name='outbox_tally_once')],
            },
        ),
        # A hand-over names nobody: whoever knows its reference may say how it fared.
        Wall("outbox_handover", read=(EVERYBODY,), write=(EVERYBODY,)),
        Wall("outbox_stop", read=(EVERYBODY,), write=(EVERYBODY,)),
        Wall("outbox_tally"),
        Wall("outbox_reminderplan"),
        Wall("outbox_reminderticket"),
    ]
