"""Answers that wait for the desk are few among many rights to remind."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0005_providers_and_reminders")]

    operations = [
        migrations.AddIndex(
            model_name="reminderticket",
            index=models.Index(
                condition=models.Q(("answer", "cannot")),
                fields=["establishment"],
                name="outbox_reminder_cannot",
            ),
        ),
    ]
