"""Every change of an agenda is said at once: whose, and nothing of what (``live/changes``)."""

from django.db import migrations

# What is said is kept nowhere: neither in a table nor in the log that backups are made of.
_FUNCTION = """
CREATE FUNCTION scheduling_agenda_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM pg_notify('serment_agenda', OLD.establishment_id || ' ' || OLD.role_id);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM pg_notify('serment_agenda', NEW.establishment_id || ' ' || NEW.role_id);
  END IF;
  RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER scheduling_agenda_changed
AFTER INSERT OR DELETE OR UPDATE OF starts_at, ends_at, status, role_id ON scheduling_appointment
FOR EACH ROW EXECUTE FUNCTION scheduling_agenda_changed()
"""


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0004_rooms_counts_and_substitutes"),
    ]

    operations = [
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION scheduling_agenda_changed()"),
        migrations.RunSQL(
            _TRIGGER, "DROP TRIGGER scheduling_agenda_changed ON scheduling_appointment"
        ),
    ]
