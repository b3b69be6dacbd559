"""What PostgreSQL itself refuses of kits: another key, person, visit or term; an older save after a newer one."""

from django.db import migrations

PACKETS = """
ALTER TABLE inspections_packet ADD CONSTRAINT packet_key_is_32_bytes CHECK (octet_length(key) = 32);

CREATE FUNCTION inspections_packet_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    back text[] := ARRAY['last_saved', 'last_sha256', 'imported_at', 'imported_by_id'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a packet is never deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF to_jsonb(OLD) - back <> to_jsonb(NEW) - back THEN
        RAISE EXCEPTION 'what was taken along never changes' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.last_saved IS NOT NULL AND (NEW.last_saved IS NULL OR NEW.last_saved < OLD.last_saved) THEN
        RAISE EXCEPTION 'a newer save came back already' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inspections_packet_kept BEFORE UPDATE OR DELETE ON inspections_packet
    FOR EACH ROW EXECUTE FUNCTION inspections_packet_is_kept();
"""
NO_PACKETS = """
DROP TRIGGER inspections_packet_kept ON inspections_packet;
DROP FUNCTION inspections_packet_is_kept();
ALTER TABLE inspections_packet DROP CONSTRAINT packet_key_is_32_bytes;
"""


class Migration(migrations.Migration):
    dependencies = [("inspections", "0009_packets")]

    operations = [migrations.RunSQL(PACKETS, NO_PACKETS)]
