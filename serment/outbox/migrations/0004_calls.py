"""A message may also wait to be told by telephone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_envelopes_of_sign_in")]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="channel",
            field=models.CharField(
                choices=[
                    ("mail", "e-mail"),
                    ("letter", "courrier"),
                    ("sms", "SMS"),
                    ("call", "appel"),
                ],
                default="mail",
                max_length=10,
            ),
        ),
    ]
