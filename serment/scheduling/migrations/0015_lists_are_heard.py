"""Every change of the desk's lists is said at once: which list, and nothing of whom (0045)."""

from django.db import migrations

# A list's name stands where a role stands for an agenda. Nothing is kept of what is said.
_FUNCTION = """
CREATE FUNCTION scheduling_list_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(
    'serment_agenda',
    CASE TG_OP WHEN 'DELETE' THEN OLD.establishment_id ELSE NEW.establishment_id END
    || ' ' || TG_ARGV[0]
  );
  RETURN NULL;
END $$
"""
_CALLS = """
CREATE TRIGGER scheduling_list_changed
AFTER INSERT OR DELETE OR UPDATE OF due_on, taken_by, done_on ON scheduling_callback
FOR EACH ROW EXECUTE FUNCTION scheduling_list_changed('calls')
"""
_CONTESTED = """
CREATE TRIGGER scheduling_list_changed
AFTER UPDATE OF missed ON scheduling_appointment
FOR EACH ROW WHEN (OLD.missed <> NEW.missed AND 'contested' IN (OLD.missed, NEW.missed))
EXECUTE FUNCTION scheduling_list_changed('contested')
"""
# Who is reminded and who is not is nobody's list: only those who answer that they cannot come.
_ANSWERED = """
CREATE TRIGGER scheduling_list_changed
AFTER UPDATE OF answer ON outbox_reminderticket
FOR EACH ROW WHEN (OLD.answer IS DISTINCT FROM NEW.answer)
EXECUTE FUNCTION scheduling_list_changed('cannot_come')
"""
_ANSWER_GONE = """
CREATE TRIGGER scheduling_list_shorter
AFTER DELETE ON outbox_reminderticket
FOR EACH ROW WHEN (OLD.answer = 'cannot')
EXECUTE FUNCTION scheduling_list_changed('cannot_come')
"""


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0014_kinds_of_taken_time"),
        ("outbox", "0006_who_cannot_come"),
    ]

    operations = [
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION scheduling_list_changed()"),
        migrations.RunSQL(_CALLS, "DROP TRIGGER scheduling_list_changed ON scheduling_callback"),
        migrations.RunSQL(
            _CONTESTED, "DROP TRIGGER scheduling_list_changed ON scheduling_appointment"
        ),
        migrations.RunSQL(
            _ANSWERED, "DROP TRIGGER scheduling_list_changed ON outbox_reminderticket"
        ),
        migrations.RunSQL(
            _ANSWER_GONE, "DROP TRIGGER scheduling_list_shorter ON outbox_reminderticket"
        ),
    ]
