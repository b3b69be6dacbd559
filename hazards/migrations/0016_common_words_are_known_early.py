"""A common word is known to be common from a part of what it meets; which hazards a rare one meets stays exact."""

from django.db import migrations

# A list of 500,000 ids is read from the index before the first can be looked at. Told to, a GIN index leaves out some
# at random when there are many: who finds enough of them knows that the word is common, and needs no more. Who does
# not asks again for all, which are few.
SAYING = """
CREATE OR REPLACE FUNCTION hazards_saying(query tsquery, exact text[], most integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_indexscan = off SET gin_fuzzy_search_limit = 10000 AS $$
DECLARE met bigint[];
BEGIN
    FOR attempt IN 1..2 LOOP
        met := ARRAY(
            SELECT id FROM hazards_hazard
            WHERE search @@ query AND NOT EXISTS (
                SELECT FROM unnest(exact) AS run
                WHERE strpos(search_folded(description), run) = 0 AND strpos(search_folded(location), run) = 0
            )
            LIMIT most
        );
        EXIT WHEN cardinality(met) = most;
        PERFORM set_config('gin_fuzzy_search_limit', '0', true);
    END LOOP;
    RETURN met;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION hazards_saying(query tsquery, exact text[], most integer) RETURNS bigint[]
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
    dependencies = [("hazards", "0015_indexes_of_the_ledger")]

    operations = [migrations.RunSQL(SAYING, BEFORE)]
