"""What PostgreSQL itself refuses: any change to an appraisal that was published, and rows slipped in afterwards."""

from django.db import migrations

FROZEN = """
CREATE FUNCTION appraisal_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an appraisal is never deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'an appraisal begins as a draft, not %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN
        (('draft', 'published'), ('draft', 'dropped'), ('published', 'replaced')) THEN
        RAISE EXCEPTION 'illegal state change % -> %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'draft' AND to_jsonb(OLD) - 'state' <> to_jsonb(NEW) - 'state' THEN
        RAISE EXCEPTION 'a published appraisal is frozen' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appraisal_frozen BEFORE INSERT OR UPDATE OR DELETE ON reports_appraisal
    FOR EACH ROW EXECUTE FUNCTION appraisal_is_frozen();

-- FOR SHARE waits for a publication under way, then sees it: nothing slips in after.
CREATE FUNCTION appraisal_refuse_unless_draft(its_appraisal bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    its_state text;
BEGIN
    SELECT state INTO its_state FROM reports_appraisal WHERE id = its_appraisal FOR SHARE;
    IF its_state <> 'draft' THEN
        RAISE EXCEPTION 'a published appraisal is frozen' USING ERRCODE = 'check_violation';
    END IF;
END $$;

-- The rules: changed while a draft.
CREATE FUNCTION appraisal_rule_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM appraisal_refuse_unless_draft(OLD.appraisal_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM appraisal_refuse_unless_draft(NEW.appraisal_id);
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER appraisal_item_frozen BEFORE INSERT OR UPDATE OR DELETE ON reports_appraisalitem
    FOR EACH ROW EXECUTE FUNCTION appraisal_rule_is_frozen();
CREATE TRIGGER appraisal_veto_rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON reports_vetorule
    FOR EACH ROW EXECUTE FUNCTION appraisal_rule_is_frozen();

-- What was decided and counted: written once, while a draft.
CREATE FUNCTION appraisal_result_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'what was appraised is frozen' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_TABLE_NAME = 'reports_appraisalmark' THEN
        PERFORM appraisal_refuse_unless_draft((SELECT appraisal_id FROM reports_appraisalrow WHERE id = NEW.row_id));
    ELSE
        PERFORM appraisal_refuse_unless_draft(NEW.appraisal_id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appraisal_decision_frozen BEFORE INSERT OR UPDATE OR DELETE ON reports_vetodecision
    FOR EACH ROW EXECUTE FUNCTION appraisal_result_is_frozen();
CREATE TRIGGER appraisal_row_frozen BEFORE INSERT OR UPDATE OR DELETE ON reports_appraisalrow
    FOR EACH ROW EXECUTE FUNCTION appraisal_result_is_frozen();
CREATE TRIGGER appraisal_mark_frozen BEFORE INSERT OR UPDATE OR DELETE ON reports_appraisalmark
    FOR EACH ROW EXECUTE FUNCTION appraisal_result_is_frozen();
"""
NOT_FROZEN = """
DROP TRIGGER appraisal_mark_frozen ON reports_appraisalmark;
DROP TRIGGER appraisal_row_frozen ON reports_appraisalrow;
DROP TRIGGER appraisal_decision_frozen ON reports_vetodecision;
DROP FUNCTION appraisal_result_is_frozen();
DROP TRIGGER appraisal_veto_rule_frozen ON reports_vetorule;
DROP TRIGGER appraisal_item_frozen ON reports_appraisalitem;
DROP FUNCTION appraisal_rule_is_frozen();
DROP FUNCTION appraisal_refuse_unless_draft(bigint);
DROP TRIGGER appraisal_frozen ON reports_appraisal;
DROP FUNCTION appraisal_is_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0006_appraisals")]

    operations = [migrations.RunSQL(FROZEN, NOT_FROZEN)]
