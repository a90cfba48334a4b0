"""The library's table of addresses holds aliases only, and is walled like the accounts."""

from django.db import migrations

from serment.directory.tenancy import Wall
from serment.identity.walls import BY_ADDRESS_ALIAS, BY_ADDRESS_OWNER


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        Wall(
            "account_emailaddress",
            read=(BY_ADDRESS_OWNER, BY_ADDRESS_ALIAS),
            write=(BY_ADDRESS_OWNER,),
        ),
    ]
