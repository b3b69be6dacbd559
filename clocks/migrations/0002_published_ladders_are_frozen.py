"""What PostgreSQL itself refuses: a change to a ladder that is, or was, in force."""

from django.db import migrations

LADDERS = """
CREATE FUNCTION clocks_ladder_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'a ladder begins as a draft, not %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'a published ladder is frozen' USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN
        (('draft', 'published'), ('published', 'superseded')) THEN
        RAISE EXCEPTION 'illegal status change % -> %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status <> 'draft' AND to_jsonb(OLD) - 'status' <> to_jsonb(NEW) - 'status' THEN
        RAISE EXCEPTION 'a published ladder is frozen' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clocks_ladder_frozen BEFORE INSERT OR UPDATE OR DELETE ON clocks_ladder
    FOR EACH ROW EXECUTE FUNCTION clocks_ladder_is_frozen();

-- FOR SHARE waits for a publication under way, then sees it: nothing slips in after.
CREATE FUNCTION clocks_rung_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    its_ladder bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.ladder_id ELSE OLD.ladder_id END;
    its_status text;
BEGIN
    SELECT status INTO its_status FROM clocks_ladder WHERE id = its_ladder FOR SHARE;
    IF its_status <> 'draft' OR (TG_OP = 'UPDATE' AND NEW.ladder_id <> OLD.ladder_id) THEN
        RAISE EXCEPTION 'a published ladder is frozen' USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER clocks_rung_frozen BEFORE INSERT OR UPDATE OR DELETE ON clocks_rung
    FOR EACH ROW EXECUTE FUNCTION clocks_rung_is_frozen();
"""
NO_LADDERS = """
DROP TRIGGER clocks_rung_frozen ON clocks_rung;
DROP FUNCTION clocks_rung_is_frozen();
DROP TRIGGER clocks_ladder_frozen ON clocks_ladder;
DROP FUNCTION clocks_ladder_is_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("clocks", "0001_initial"), ("workdays", "0001_initial")]

    operations = [migrations.RunSQL(LADDERS, NO_LADDERS)]
