"""Messages no longer name the record they are about; the column's type stays.

What waited before could be read as no record: it goes, with all that left long ago. Send what
waits, and print the letters, before upgrading.
"""

from django.db import migrations

from serment.outbox.veil import VeiledRecord


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL("DELETE FROM outbox_message", migrations.RunSQL.noop),
        migrations.AlterField("message", "record_id", VeiledRecord()),
    ]
