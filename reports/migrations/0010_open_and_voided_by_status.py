"""What is open or voided, by status: tabs read no further than they count, whatever else is asked for (docs/adr/0035)."""

from django.db import migrations

OPEN = """
DROP INDEX hazard_open_live;
CREATE INDEX hazard_open_live ON hazards_hazard (status, province_id, city_id, county_id, institution_id)
    INCLUDE (severity, domain, source, due_on, found_on, registered_at, status_changed_at, institution_kind, township_id)
    WHERE status IN ('awaiting_verification', 'rectifying', 'registered', 'verified');
"""
BEFORE = """
DROP INDEX hazard_open_live;
CREATE INDEX hazard_open_live ON hazards_hazard (province_id, city_id, county_id, institution_id)
    INCLUDE (status, severity, domain, source, due_on, found_on, registered_at, status_changed_at)
    WHERE status IN ('awaiting_verification', 'rectifying', 'registered', 'verified');
"""
MAJOR = """
DROP INDEX hazard_open_major;
CREATE INDEX hazard_open_major ON hazards_hazard (status, province_id, city_id, county_id, id)
    INCLUDE (domain, source, due_on, found_on, institution_kind)
    WHERE severity = 'major' AND status IN ('rectifying', 'awaiting_verification', 'verified');
"""
MAJOR_BEFORE = """
DROP INDEX hazard_open_major;
CREATE INDEX hazard_open_major ON hazards_hazard (province_id, city_id, county_id, id)
    WHERE severity = 'major' AND status IN ('rectifying', 'awaiting_verification', 'verified');
"""
VOIDED = """
CREATE INDEX hazard_voided ON hazards_hazard (province_id, city_id, county_id, institution_id)
    INCLUDE (status, severity, domain, source, found_on, institution_kind, township_id) WHERE status = 'voided';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0009_imports_taken_back"),
        ("hazards", "0018_kind_of_the_institution"),
    ]

    operations = [
        migrations.RunSQL(OPEN, BEFORE),
        migrations.RunSQL(MAJOR, MAJOR_BEFORE),
        migrations.RunSQL(VOIDED, "DROP INDEX hazard_voided;"),
    ]
