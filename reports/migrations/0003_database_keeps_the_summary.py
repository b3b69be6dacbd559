"""What keeps the summary true: triggers that note each change, a function that folds, one that rebuilds from the rows."""

from django.db import migrations

# The facts of a hazard the summary knows, as columns of SummaryDelta; months are those of Beijing.
FACTS = """
    h.institution_id, h.province_id, h.city_id, h.county_id, {kind} AS kind, h.domain, h.source, h.severity, h.status,
    date_trunc('month', h.found_on)::date AS found_month,
    date_trunc('month', h.registered_at AT TIME ZONE 'Asia/Shanghai')::date AS registered_month,
    date_trunc('month', h.closed_at AT TIME ZONE 'Asia/Shanghai')::date AS closed_month,
    date_trunc('month', h.voided_at AT TIME ZONE 'Asia/Shanghai')::date AS voided_month,
    h.status IN ('verified', 'closed')
        AND (h.submitted_at AT TIME ZONE 'Asia/Shanghai')::date <= h.due_on AS is_on_time,
    h.status IN ('verified', 'closed') OR h.status <> 'voided' AND h.round > 1 AS is_judged,
    h.status IN ('verified', 'closed') AND h.round = 1 AS is_first_pass,
    h.recurrence_of_id IS NOT NULL AS is_recurring,
    h.is_self_reported AS is_self_found
"""
COLUMNS = """institution_id, province_id, city_id, county_id, kind, domain, source, severity, status, found_month,
    registered_month, closed_month, voided_month, is_on_time, is_judged, is_first_pass, is_recurring, is_self_found"""
KIND_OF = "(SELECT i.kind FROM institutions_institution i WHERE i.id = h.institution_id)"

# The cells one fact counts in. {facts} has SummaryDelta's columns.
CELLS = """
SELECT p.level, p.place_id, c.axis, c.facet, c.value, c.month, c.status, f.severity,
       f.change AS n, f.change * f.is_on_time::int AS on_time, f.change * f.is_judged::int AS judged,
       f.change * f.is_first_pass::int AS first_pass, f.change * f.is_recurring::int AS recurring,
       f.change * f.is_self_found::int AS self_found
FROM {facts} AS f
CROSS JOIN LATERAL (VALUES
    (1::smallint, f.province_id), (2::smallint, f.city_id), (3::smallint, f.county_id),
    (4::smallint, f.institution_id)
) AS p (level, place_id)
CROSS JOIN LATERAL (VALUES
    ('found', 'all', '', CASE WHEN p.level < 4 THEN f.found_month ELSE '0001-01-01'::date END, f.status, true),
    ('found', 'domain', f.domain, f.found_month, f.status, p.level < 4),
    ('found', 'kind', f.kind, f.found_month, f.status, p.level < 4),
    ('found', 'source', f.source, f.found_month, f.status, p.level < 4),
    ('registered', 'all', '', f.registered_month, '', p.level < 4),
    ('closed', 'all', '', f.closed_month, '', p.level < 4 AND f.closed_month IS NOT NULL),
    ('voided', 'all', '', f.voided_month, '', p.level < 4 AND f.voided_month IS NOT NULL)
) AS c (axis, facet, value, month, status, is_counted)
WHERE c.is_counted
"""
KEYS = "level, place_id, axis, facet, value, month, status, severity"
MEASURES = ("n", "on_time", "judged", "first_pass", "recurring", "self_found")
SUMS = ", ".join(f"sum({name})::integer AS {name}" for name in MEASURES)

VIEWS = f"""
CREATE VIEW reports_fact AS
    SELECT 1::smallint AS change, h.found_on, {FACTS.format(kind="i.kind")}
    FROM hazards_hazard h JOIN institutions_institution i ON i.id = h.institution_id;
CREATE VIEW reports_cellpending AS {CELLS.format(facts="reports_summarydelta")};
CREATE VIEW reports_cellofrows AS
    SELECT {KEYS}, {SUMS} FROM ({CELLS.format(facts="reports_fact")}) AS cells GROUP BY {KEYS};
"""
DROP_VIEWS = "DROP VIEW reports_cellofrows; DROP VIEW reports_cellpending; DROP VIEW reports_fact;"

# The functions run as their owner: the runtime role may change a hazard, and only so the summary (docs/adr/0002).
# KIND_LOCK: a kind that changes meanwhile would be noted for the hazards there were, and missed for the one written now.
NOTE = f"""
CREATE FUNCTION summary_notes_hazards() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7210002);
    IF TG_OP = 'INSERT' THEN
        INSERT INTO reports_summarydelta (change, {COLUMNS})
        SELECT 1, {FACTS.format(kind=KIND_OF)} FROM new_rows h;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO reports_summarydelta (change, {COLUMNS})
        SELECT -1, {FACTS.format(kind=KIND_OF)} FROM old_rows h;
    ELSE
        WITH was AS (SELECT {FACTS.format(kind=KIND_OF)} FROM old_rows h),
             now AS (SELECT {FACTS.format(kind=KIND_OF)} FROM new_rows h)
        INSERT INTO reports_summarydelta (change, {COLUMNS})
        SELECT -1, gone.* FROM (SELECT * FROM was EXCEPT ALL SELECT * FROM now) AS gone
        UNION ALL
        SELECT 1, came.* FROM (SELECT * FROM now EXCEPT ALL SELECT * FROM was) AS came;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER summary_insert AFTER INSERT ON hazards_hazard REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION summary_notes_hazards();
CREATE TRIGGER summary_update AFTER UPDATE ON hazards_hazard REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION summary_notes_hazards();
CREATE TRIGGER summary_delete AFTER DELETE ON hazards_hazard REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION summary_notes_hazards();
"""
DROP_NOTE = """
DROP TRIGGER summary_delete ON hazards_hazard; DROP TRIGGER summary_update ON hazards_hazard;
DROP TRIGGER summary_insert ON hazards_hazard; DROP FUNCTION summary_notes_hazards();
"""

# Before the row changes: where the institution also moves, its hazards follow after this, with their new kind.
NOTE_KIND = f"""
CREATE FUNCTION summary_notes_kind() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7210002);
    INSERT INTO reports_summarydelta (change, {COLUMNS})
    SELECT k.change, {FACTS.format(kind="k.kind")}
    FROM hazards_hazard h CROSS JOIN (VALUES (-1, OLD.kind), (1, NEW.kind)) AS k (change, kind)
    WHERE h.institution_id = OLD.id;
    RETURN NEW;
END $$;
CREATE TRIGGER summary_kind BEFORE UPDATE OF kind ON institutions_institution FOR EACH ROW
    WHEN (OLD.kind IS DISTINCT FROM NEW.kind) EXECUTE FUNCTION summary_notes_kind();
"""
DROP_NOTE_KIND = "DROP TRIGGER summary_kind ON institutions_institution; DROP FUNCTION summary_notes_kind();"

# Cells that come to nothing are kept: a month has as many as it once had kinds of hazards, and no more.
FOLD = f"""
CREATE FUNCTION fold_summary(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE folded integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7210003) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM reports_summarydelta WHERE id IN (SELECT id FROM reports_summarydelta ORDER BY id LIMIT most)
        RETURNING *
    ), added AS (
        INSERT INTO reports_summarycell ({KEYS}, {", ".join(MEASURES)})
        SELECT {KEYS}, {SUMS} FROM ({CELLS.format(facts="taken")}) AS cells
        GROUP BY {KEYS}
        HAVING {" OR ".join(f"sum({name}) <> 0" for name in MEASURES)}
        ON CONFLICT ({KEYS}) DO UPDATE SET
            {", ".join(f"{name} = reports_summarycell.{name} + excluded.{name}" for name in MEASURES)}
    )
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
END $$;
"""

# Rows, deltas and cells must be seen at one moment; what commits after it leaves its delta.
REBUILD = f"""
CREATE FUNCTION rebuild_summary() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET work_mem = '128MB' AS $$
DECLARE made integer;
BEGIN
    IF current_setting('transaction_isolation') <> 'repeatable read' THEN
        RAISE EXCEPTION 'the summary is rebuilt in one repeatable read transaction';
    END IF;
    PERFORM pg_advisory_xact_lock(7210003);
    DELETE FROM reports_summarydelta;
    DELETE FROM reports_summarycell;
    INSERT INTO reports_summarycell ({KEYS}, {", ".join(MEASURES)})
    SELECT {KEYS}, {", ".join(MEASURES)} FROM reports_cellofrows ORDER BY level, place_id, facet, axis, month;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END $$;
"""

# Everything a dashboard asks of open work, in the index itself; only open rows, whatever is closed.
OPEN_INDEX = """
CREATE INDEX hazard_open_live ON hazards_hazard (province_id, city_id, county_id, institution_id)
    INCLUDE (status, severity, domain, source, due_on, found_on, registered_at, status_changed_at)
    WHERE status IN ('awaiting_verification', 'rectifying', 'registered', 'verified');
"""
# 五落实 is asked of open major hazards: few, and their keys.
MAJOR_INDEX = """
CREATE INDEX hazard_open_major ON hazards_hazard (province_id, city_id, county_id, id)
    WHERE severity = 'major' AND status IN ('rectifying', 'awaiting_verification', 'verified');
"""
# What ended after a day was open on it: the past is rebuilt from these, not from every row (reports/past.py).
ENDED_INDEX = """
CREATE INDEX hazard_closed_at ON hazards_hazard (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX hazard_voided_at ON hazards_hazard (voided_at) WHERE voided_at IS NOT NULL;
"""

FILL = f"""
INSERT INTO reports_summarycell ({KEYS}, {", ".join(MEASURES)})
SELECT {KEYS}, {", ".join(MEASURES)} FROM reports_cellofrows;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0002_summary"),
        ("hazards", "0004_hazards_follow_their_institution"),
        ("institutions", "0002_institution_events_and_import_drafts"),
    ]

    operations = [
        migrations.RunSQL(VIEWS, DROP_VIEWS),
        migrations.RunSQL(NOTE, DROP_NOTE),
        migrations.RunSQL(NOTE_KIND, DROP_NOTE_KIND),
        migrations.RunSQL(FOLD, "DROP FUNCTION fold_summary(integer);"),
        migrations.RunSQL(REBUILD, "DROP FUNCTION rebuild_summary();"),
        migrations.RunSQL(OPEN_INDEX, "DROP INDEX hazard_open_live;"),
        migrations.RunSQL(MAJOR_INDEX, "DROP INDEX hazard_open_major;"),
        migrations.RunSQL(ENDED_INDEX, "DROP INDEX hazard_closed_at; DROP INDEX hazard_voided_at;"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
