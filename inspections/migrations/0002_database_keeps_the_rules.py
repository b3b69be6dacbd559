"""What PostgreSQL itself refuses: changes to published checklists and finished visits, wrong places, wrong order."""

from django.db import migrations

# Locks taken FOR SHARE wait for a publication or a finish that is under way, then see it: nothing slips in after.
CHECKLISTS = """
CREATE FUNCTION inspections_checklist_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'a checklist begins as a draft, not %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'a published checklist is frozen' USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN
        (('draft', 'published'), ('draft', 'withdrawn'), ('published', 'withdrawn')) THEN
        RAISE EXCEPTION 'illegal status change % -> %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status <> 'draft' AND to_jsonb(OLD) - 'status' <> to_jsonb(NEW) - 'status' THEN
        RAISE EXCEPTION 'a published checklist is frozen' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inspections_checklist_frozen BEFORE INSERT OR UPDATE OR DELETE ON inspections_checklist
    FOR EACH ROW EXECUTE FUNCTION inspections_checklist_is_frozen();

CREATE FUNCTION inspections_item_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    its_status text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT status INTO its_status FROM inspections_checklist WHERE id = OLD.checklist_id FOR SHARE;
        IF its_status <> 'draft' THEN
            RAISE EXCEPTION 'a published checklist is frozen' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    SELECT status INTO its_status FROM inspections_checklist WHERE id = NEW.checklist_id FOR SHARE;
    IF its_status <> 'draft' THEN
        RAISE EXCEPTION 'a published checklist is frozen' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inspections_item_frozen BEFORE INSERT OR UPDATE OR DELETE ON inspections_checklistitem
    FOR EACH ROW EXECUTE FUNCTION inspections_item_is_frozen();
"""
NO_CHECKLISTS = """
DROP TRIGGER inspections_item_frozen ON inspections_checklistitem;
DROP FUNCTION inspections_item_is_frozen();
DROP TRIGGER inspections_checklist_frozen ON inspections_checklist;
DROP FUNCTION inspections_checklist_is_frozen();
"""

# A correction is a new revision: judgements point at the words they were made with.
SITUATIONS = """
CREATE FUNCTION inspections_situation_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'is_current' = to_jsonb(NEW) - 'is_current' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a listed situation never changes' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER inspections_situation_kept BEFORE UPDATE OR DELETE ON inspections_majorsituation
    FOR EACH ROW EXECUTE FUNCTION inspections_situation_is_kept();
"""
NO_SITUATIONS = """
DROP TRIGGER inspections_situation_kept ON inspections_majorsituation;
DROP FUNCTION inspections_situation_is_kept();
"""

# A finished or cancelled visit stays as it was; only its place follows the institution.
VISITS = """
CREATE FUNCTION inspections_visit_is_legal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place text[] := ARRAY['province_id', 'city_id', 'county_id', 'township_id'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('planned', 'open') THEN
            RAISE EXCEPTION 'a visit begins as planned or open, not %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a visit is never deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN
        (('planned', 'open'), ('planned', 'cancelled'), ('open', 'finished'), ('open', 'cancelled')) THEN
        RAISE EXCEPTION 'illegal status change % -> %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status IN ('finished', 'cancelled') AND to_jsonb(OLD) - place <> to_jsonb(NEW) - place THEN
        RAISE EXCEPTION 'a finished visit is frozen' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inspections_visit_legal BEFORE INSERT OR UPDATE OR DELETE ON inspections_visit
    FOR EACH ROW EXECUTE FUNCTION inspections_visit_is_legal();
ALTER TABLE inspections_visit ADD CONSTRAINT visit_place_of_institution
    FOREIGN KEY (institution_id, province_id, city_id, county_id, township_id)
    REFERENCES institutions_institution (id, province_id, city_id, county_id, township_id)
    ON UPDATE CASCADE;
"""
NO_VISITS = """
ALTER TABLE inspections_visit DROP CONSTRAINT visit_place_of_institution;
DROP TRIGGER inspections_visit_legal ON inspections_visit;
DROP FUNCTION inspections_visit_is_legal();
"""

# Answers, findings, photos, judgements and signatures are written while their visit is open; the names of those
# who are to inspect also while it is planned.
PARTS = """
CREATE FUNCTION inspections_require_visit(visit bigint, allowed text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    its_status text;
BEGIN
    SELECT status INTO its_status FROM inspections_visit WHERE id = visit FOR SHARE;
    IF its_status <> ALL (allowed) THEN
        RAISE EXCEPTION 'the visit is %, its record is frozen', its_status USING ERRCODE = 'check_violation';
    END IF;
END $$;

CREATE FUNCTION inspections_part_of_open_visit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM inspections_require_visit(OLD.visit_id, TG_ARGV::text[]);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    PERFORM inspections_require_visit(NEW.visit_id, TG_ARGV::text[]);
    RETURN NEW;
END $$;

CREATE FUNCTION inspections_part_of_open_finding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM inspections_require_visit(visit_id, ARRAY['open']) FROM inspections_finding WHERE id = OLD.finding_id;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    PERFORM inspections_require_visit(visit_id, ARRAY['open']) FROM inspections_finding WHERE id = NEW.finding_id;
    RETURN NEW;
END $$;

CREATE TRIGGER inspections_answer_open BEFORE INSERT OR UPDATE OR DELETE ON inspections_answer
    FOR EACH ROW EXECUTE FUNCTION inspections_part_of_open_visit('open');
CREATE TRIGGER inspections_finding_open BEFORE INSERT OR UPDATE OR DELETE ON inspections_finding
    FOR EACH ROW EXECUTE FUNCTION inspections_part_of_open_visit('open');
CREATE TRIGGER inspections_signature_open BEFORE INSERT OR UPDATE OR DELETE ON inspections_visitsignature
    FOR EACH ROW EXECUTE FUNCTION inspections_part_of_open_visit('open');
CREATE TRIGGER inspections_inspectors_open BEFORE INSERT OR UPDATE OR DELETE ON inspections_visit_inspectors
    FOR EACH ROW EXECUTE FUNCTION inspections_part_of_open_visit('planned', 'open');
CREATE TRIGGER inspections_added_open BEFORE INSERT OR UPDATE OR DELETE ON inspections_visit_added_checklists
    FOR EACH ROW EXECUTE FUNCTION inspections_part_of_open_visit('planned', 'open');
CREATE TRIGGER inspections_photo_open BEFORE INSERT OR UPDATE OR DELETE ON inspections_findingphoto
    FOR EACH ROW EXECUTE FUNCTION inspections_part_of_open_finding();
CREATE TRIGGER inspections_judgement_open BEFORE INSERT OR UPDATE OR DELETE ON inspections_judgement
    FOR EACH ROW EXECUTE FUNCTION inspections_part_of_open_finding();

ALTER TABLE inspections_visitsignature ADD CONSTRAINT signature_is_a_small_png
    CHECK (octet_length(image) BETWEEN 60 AND 150000 AND substring(image FROM 1 FOR 8) = '\\x89504e470d0a1a0a'::bytea);
"""
NO_PARTS = """
ALTER TABLE inspections_visitsignature DROP CONSTRAINT signature_is_a_small_png;
DROP TRIGGER inspections_judgement_open ON inspections_judgement;
DROP TRIGGER inspections_photo_open ON inspections_findingphoto;
DROP TRIGGER inspections_added_open ON inspections_visit_added_checklists;
DROP TRIGGER inspections_inspectors_open ON inspections_visit_inspectors;
DROP TRIGGER inspections_signature_open ON inspections_visitsignature;
DROP TRIGGER inspections_finding_open ON inspections_finding;
DROP TRIGGER inspections_answer_open ON inspections_answer;
DROP FUNCTION inspections_part_of_open_finding();
DROP FUNCTION inspections_part_of_open_visit();
DROP FUNCTION inspections_require_visit(bigint, text[]);
"""


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_initial"), ("hazards", "0002_database_keeps_the_rules")]

    operations = [
        migrations.RunSQL(CHECKLISTS, NO_CHECKLISTS),
        migrations.RunSQL(SITUATIONS, NO_SITUATIONS),
        migrations.RunSQL(VISITS, NO_VISITS),
        migrations.RunSQL(PARTS, NO_PARTS),
    ]
