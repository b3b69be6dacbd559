"""Search over hazards: a column PostgreSQL makes from the row's own words, by whatever path they come."""

from django.db import migrations

# No copy of the institution's name or place: those are looked for in their own rows, so a rename changes nothing here.
# The rows already there wait for `manage.py fill_search`: in a migration a million of them would stop the house.
COLUMN = """
ALTER TABLE hazards_hazard ADD COLUMN search tsvector NOT NULL DEFAULT '';
ALTER TABLE hazards_hazard ALTER COLUMN search SET STATISTICS 500;
CREATE FUNCTION hazard_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := search_lexemes(NEW.description || ' ' || NEW.location, false);
    RETURN NEW;
END $$;
CREATE TRIGGER hazard_search BEFORE INSERT OR UPDATE OF description, location, search
    ON hazards_hazard FOR EACH ROW EXECUTE FUNCTION hazard_search();
CREATE INDEX hazard_search ON hazards_hazard USING gin (search);
"""

# Ids of the hazards whose own words answer, at most `most` of them: with the answer the page's statement is planned on
# facts. Guessing, PostgreSQL takes the rare for common and reads the whole table in order; so here it may only ask the
# index.
SAYING = """
CREATE FUNCTION hazards_saying(query tsquery, exact text[], most integer) RETURNS bigint[]
LANGUAGE sql STABLE SET enable_seqscan = off SET enable_indexscan = off
RETURN ARRAY(
    SELECT id FROM hazards_hazard
    WHERE search @@ query AND NOT EXISTS (
        SELECT FROM unnest(exact) AS run
        WHERE strpos(search_folded(description), run) = 0 AND strpos(search_folded(location), run) = 0
    )
    LIMIT most
);
"""


class Migration(migrations.Migration):
    dependencies = [("hazards", "0009_records_of_ladder_drafts"), ("institutions", "0006_search")]

    operations = [
        migrations.RunSQL(
            COLUMN,
            "DROP TRIGGER hazard_search ON hazards_hazard; DROP FUNCTION hazard_search();"
            "ALTER TABLE hazards_hazard DROP COLUMN search;",
        ),
        migrations.RunSQL(SAYING, "DROP FUNCTION hazards_saying(tsquery, text[], integer);"),
    ]
