"""Up to which event id nothing can still arrive: the position another system may read the changes to (docs/adr/0029)."""

from django.db import migrations

# Before the first event of a transaction draws its id, it locks, for all to see, the last id that was drawn until then:
# as long as the lock is held, something above that number may still be on its way. In a savepoint that is rolled back,
# lock and setting go together.
EVENT_FLOOR = """
CREATE OR REPLACE FUNCTION hazard_event_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids regclass := pg_get_serial_sequence('hazards_hazardevent', 'id');
    floor bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7210001);
    IF coalesce(current_setting('hazards.event_floor', true), '') = '' THEN
        floor := coalesce(pg_sequence_last_value(ids), 0);
        PERFORM pg_advisory_xact_lock_shared((1::bigint << 61) + floor);
        PERFORM set_config('hazards.event_floor', floor::text, true);
    END IF;
    NEW.id := nextval(ids);
    RETURN NEW;
END $$;
"""
# The order matters: first the last id drawn, then who is still at work. Whoever drew an id up to it either holds a lock
# below that id now, or has ended, and whoever reads from here on sees what they wrote.
SETTLED = """
CREATE FUNCTION hazard_events_settled() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    drawn bigint := coalesce(pg_sequence_last_value(pg_get_serial_sequence('hazards_hazardevent', 'id')), 0);
    lowest bigint;
BEGIN
    SELECT min(((classid::bigint - (1::bigint << 29)) << 32) + objid::bigint) INTO lowest
    FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND classid::bigint >= (1::bigint << 29)
      AND classid::bigint < (1::bigint << 30)
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RETURN least(drawn, coalesce(lowest, drawn));
END $$;
"""
# As in 0002.
BEFORE = """
CREATE OR REPLACE FUNCTION hazard_event_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7210001);
    NEW.id := nextval(pg_get_serial_sequence('hazards_hazardevent', 'id'));
    RETURN NEW;
END $$;
DROP FUNCTION hazard_events_settled();
"""


class Migration(migrations.Migration):
    dependencies = [("hazards", "0010_search")]

    operations = [migrations.RunSQL(EVENT_FLOOR + SETTLED, BEFORE)]
