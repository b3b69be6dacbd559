"""Open hazards go with their institution to whoever supervises it now; a receipt knows what the form said."""

from django.db import migrations, models

# The place columns follow by foreign key (0002). What is open follows in full, or nobody could see it and act: the
# new county would see but not supervise, the old one supervise but not see. What is over stays with those who did it.
FOLLOW = """
CREATE FUNCTION hazards_follow_institution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hazards_hazard SET
        supervising_authority_id = NEW.authority_id,
        closing_region_id = CASE closing_region_id
            WHEN OLD.province_id THEN NEW.province_id
            WHEN OLD.city_id THEN NEW.city_id
            WHEN OLD.county_id THEN NEW.county_id
            ELSE closing_region_id
        END
    WHERE institution_id = NEW.id AND status NOT IN ('closed', 'voided');
    RETURN NULL;
END $$;
CREATE TRIGGER institution_moved AFTER UPDATE OF authority_id, county_id, city_id, province_id
    ON institutions_institution FOR EACH ROW
    WHEN ((OLD.authority_id, OLD.county_id, OLD.city_id, OLD.province_id)
          IS DISTINCT FROM (NEW.authority_id, NEW.county_id, NEW.city_id, NEW.province_id))
    EXECUTE FUNCTION hazards_follow_institution();
"""


class Migration(migrations.Migration):
    dependencies = [("hazards", "0003_closing_policy_changes")]

    operations = [
        migrations.AddField(
            model_name="formreceipt",
            name="digest",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RunSQL(
            FOLLOW,
            "DROP TRIGGER institution_moved ON institutions_institution; DROP FUNCTION hazards_follow_institution();",
        ),
    ]
