"""Each account's sign-in book: second factors, passkeys, codes and sessions, sealed as one."""

from django.db import migrations

from serment.disclosure import Sealed


class Migration(migrations.Migration):
    dependencies = [("identity", "0004_roles_with_an_end")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="sign_in_book",
            field=Sealed(zone="administrative", label="moyens de connexion"),
        ),
    ]
