"""Hazards that were being rectified before there were clocks get theirs; whatever is overdue is told late, once."""

from django.db import migrations

START = """
INSERT INTO clocks_clock (
    kind, subject_id, institution_id, ladder_key, due_on, started_on, title, url, is_major, next_look_on
)
SELECT 'hazard', h.id, h.institution_id, 'hazard_' || h.severity, h.due_on,
       (h.status_changed_at AT TIME ZONE 'Asia/Shanghai')::date, left(h.description, 200),
       '/hazards/' || h.id || '/', h.severity = 'major',
       (h.status_changed_at AT TIME ZONE 'Asia/Shanghai')::date
FROM hazards_hazard h
WHERE h.status = 'rectifying'
ON CONFLICT (kind, subject_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("hazards", "0004_hazards_follow_their_institution"),
        ("clocks", "0002_published_ladders_are_frozen"),
    ]

    operations = [migrations.RunSQL(START, migrations.RunSQL.noop)]
