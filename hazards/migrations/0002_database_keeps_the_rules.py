"""What PostgreSQL itself refuses: illegal status changes, rewritten places, gaps in the order of event ids."""

from django.db import migrations

# A frozen copy of workflow.LEGAL_PAIRS; tests/hazards/test_workflow.py finds the two equal.
PAIRS = [
    ("registered", "rectifying"),
    ("registered", "awaiting_verification"),
    ("registered", "voided"),
    ("rectifying", "awaiting_verification"),
    ("rectifying", "voided"),
    ("awaiting_verification", "rectifying"),
    ("awaiting_verification", "verified"),
    ("verified", "rectifying"),
    ("verified", "closed"),
]

LEGAL_STATUS = """
CREATE FUNCTION hazard_status_is_legal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'registered' THEN
            RAISE EXCEPTION 'a hazard begins as registered, not %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NOT EXISTS (
        SELECT 1 FROM hazards_legaltransition WHERE from_status = OLD.status AND to_status = NEW.status
    ) THEN
        RAISE EXCEPTION 'illegal status change % -> %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hazard_status_insert BEFORE INSERT ON hazards_hazard
    FOR EACH ROW EXECUTE FUNCTION hazard_status_is_legal();
CREATE TRIGGER hazard_status_update BEFORE UPDATE OF status ON hazards_hazard
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION hazard_status_is_legal();
"""

# The id is drawn under the shared lock, so that whoever holds it alone knows that no lower id is still to come.
EVENT_ORDER = """
CREATE FUNCTION hazard_event_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7210001);
    NEW.id := nextval(pg_get_serial_sequence('hazards_hazardevent', 'id'));
    RETURN NEW;
END $$;
CREATE TRIGGER hazard_event_insert BEFORE INSERT ON hazards_hazardevent
    FOR EACH ROW EXECUTE FUNCTION hazard_event_in_order();
"""

# The place columns of a hazard are those of its institution, always; they follow when it moves.
PLACE = """
ALTER TABLE hazards_hazard ADD CONSTRAINT hazard_place_of_institution
    FOREIGN KEY (institution_id, province_id, city_id, county_id, township_id)
    REFERENCES institutions_institution (id, province_id, city_id, county_id, township_id)
    ON UPDATE CASCADE;
"""


def fill_pairs(apps, schema_editor):
    LegalTransition = apps.get_model("hazards", "LegalTransition")
    LegalTransition.objects.bulk_create(LegalTransition(from_status=a, to_status=b) for a, b in PAIRS)


class Migration(migrations.Migration):
    dependencies = [("hazards", "0001_initial")]

    operations = [
        migrations.RunPython(fill_pairs, migrations.RunPython.noop),
        migrations.RunSQL(
            LEGAL_STATUS,
            "DROP TRIGGER hazard_status_update ON hazards_hazard; DROP TRIGGER hazard_status_insert ON hazards_hazard;"
            "DROP FUNCTION hazard_status_is_legal();",
        ),
        migrations.RunSQL(
            EVENT_ORDER,
            "DROP TRIGGER hazard_event_insert ON hazards_hazardevent; DROP FUNCTION hazard_event_in_order();",
        ),
        migrations.RunSQL(PLACE, "ALTER TABLE hazards_hazard DROP CONSTRAINT hazard_place_of_institution;"),
    ]
