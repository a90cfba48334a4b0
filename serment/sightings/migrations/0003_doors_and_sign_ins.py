"""Sign-ins that fail and doors that were closed are seen too; a row says at which door."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sightings", "0002_forgets_whom")]

    operations = [
        migrations.AddField(
            "sighting", "door", models.CharField(blank=True, default="", max_length=80)
        ),
        migrations.AlterField(
            "sighting",
            "kind",
            models.CharField(
                choices=[
                    ("cross_tenant", "asked for a record that is not their establishment's"),
                    ("tripwire", "touched something nobody has a reason to touch"),
                    ("break_glass", "went past a limit in an emergency"),
                    ("refused_opening", "the keeper refused an opening"),
                    ("closed_door", "asked for a page that is not theirs"),
                    ("stronger_asked", "was stopped for want of a surer or newer proof"),
                    ("foreign_form", "sent a form that is too old or comes from elsewhere"),
                    ("wrong_password", "signed in with a wrong password"),
                    ("wrong_code", "gave a wrong code"),
                    ("wrong_passkey", "showed a passkey that opens nothing"),
                    ("wrong_desk_code", "typed a code of a desk that is none"),
                    ("wrong_unlock", "could not take up a locked desk"),
                    ("provider_refused", "came back from a provider signed in by nobody"),
                ],
                max_length=32,
            ),
        ),
    ]
