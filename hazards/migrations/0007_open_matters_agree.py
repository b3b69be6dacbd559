"""What PostgreSQL itself keeps of extensions, supervision, transfers and records."""

from django.db import migrations

# A fact beside the status is set exactly while a row of its own is open. Asked at commit, because row and fact are
# written one after the other. With the CHECK on the hazard it follows that nothing ends with an open matter.
AGREE = """
CREATE FUNCTION hazard_facts_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE key bigint := COALESCE(to_jsonb(NEW)->>'hazard_id', to_jsonb(NEW)->>'id')::bigint;
BEGIN
    IF EXISTS (
        SELECT FROM hazards_hazard WHERE id = key AND (
            (extension_region_id IS NOT NULL)
                <> EXISTS (SELECT FROM hazards_extensionrequest WHERE hazard_id = key AND outcome = '')
            OR (supervised_region_id IS NOT NULL)
                <> EXISTS (SELECT FROM hazards_supervisionorder WHERE hazard_id = key AND state = 'open')
            OR awaits_department
                <> EXISTS (SELECT FROM hazards_transfer WHERE hazard_id = key AND state = 'sent')
        )
    ) THEN
        RAISE EXCEPTION 'hazard % and its open matters do not agree', key USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER hazard_facts_agree
    AFTER UPDATE OF extension_region_id, supervised_region_id, awaits_department ON hazards_hazard
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hazard_facts_agree();
CREATE CONSTRAINT TRIGGER extension_agrees AFTER INSERT OR UPDATE OF outcome ON hazards_extensionrequest
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hazard_facts_agree();
CREATE CONSTRAINT TRIGGER supervision_agrees AFTER INSERT OR UPDATE OF state ON hazards_supervisionorder
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hazard_facts_agree();
CREATE CONSTRAINT TRIGGER transfer_agrees AFTER INSERT OR UPDATE OF state ON hazards_transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hazard_facts_agree();
"""
DISAGREE = """
DROP TRIGGER transfer_agrees ON hazards_transfer; DROP TRIGGER supervision_agrees ON hazards_supervisionorder;
DROP TRIGGER extension_agrees ON hazards_extensionrequest; DROP TRIGGER hazard_facts_agree ON hazards_hazard;
DROP FUNCTION hazard_facts_agree();
"""

# What has ended is over: it is neither changed nor taken away.
OVER = """
CREATE FUNCTION hazards_matter_is_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is over and stays as it is', TG_TABLE_NAME, OLD.id USING ERRCODE = 'check_violation';
END $$;
"""
OPEN_WHILE = {
    "hazards_extensionrequest": "OLD.outcome <> ''",
    "hazards_supervisionorder": "OLD.state <> 'open'",
    "hazards_transfer": "OLD.state <> 'sent'",
    "hazards_circular": "OLD.state IN ('answered', 'dropped')",
    "hazards_summons": "OLD.state IN ('answered', 'dropped')",
}
OVER += "".join(
    f"CREATE TRIGGER over_stays BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({is_over})"
    " EXECUTE FUNCTION hazards_matter_is_over();"
    f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION hazards_matter_is_over();"
    for table, is_over in OPEN_WHILE.items()
)
NOT_OVER = "".join(
    f"DROP TRIGGER over_stays ON {table}; DROP TRIGGER never_deleted ON {table};" for table in OPEN_WHILE
)

# 0004 with the regions that decide and supervise: they go along like the region that closes out.
FOLLOW = """
CREATE OR REPLACE FUNCTION hazards_follow_institution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hazards_hazard SET
        supervising_authority_id = NEW.authority_id,
        closing_region_id = CASE closing_region_id
            WHEN OLD.province_id THEN NEW.province_id
            WHEN OLD.city_id THEN NEW.city_id
            WHEN OLD.county_id THEN NEW.county_id
            ELSE closing_region_id
        END,
        extension_region_id = CASE extension_region_id
            WHEN OLD.province_id THEN NEW.province_id
            WHEN OLD.city_id THEN NEW.city_id
            WHEN OLD.county_id THEN NEW.county_id
            ELSE extension_region_id
        END,
        supervised_region_id = CASE supervised_region_id
            WHEN OLD.province_id THEN NEW.province_id
            WHEN OLD.city_id THEN NEW.city_id
            WHEN OLD.county_id THEN NEW.county_id
            ELSE supervised_region_id
        END
    WHERE institution_id = NEW.id AND status NOT IN ('closed', 'voided');
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("hazards", "0006_extensions_supervision_transfers")]

    operations = [
        migrations.RunSQL(AGREE, DISAGREE),
        migrations.RunSQL(OVER, NOT_OVER + "DROP FUNCTION hazards_matter_is_over();"),
        migrations.RunSQL(FOLLOW, migrations.RunSQL.noop),
    ]
