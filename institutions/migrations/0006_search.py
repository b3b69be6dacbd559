"""Search: readings of characters, the function that makes lexemes, columns PostgreSQL keeps true by itself."""

import django.contrib.postgres.fields
from django.db import migrations, models

from institutions.readings import readings

# What is compared is folded alike when it is stored and when it is asked for: full width as half, capitals as small.
FOLDED = """
CREATE FUNCTION search_folded(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(normalize(words, NFKC));
"""

# The lexemes of a text (docs/adr/0024): every two characters that stand together, and the last one before anything
# else; the words between in letters and digits; ~ and the syllables of the same, in every reading; ^ and the first
# letters of two and of three syllables, for names only. A single character is asked for as the beginning of a pair.
# A loop, because it takes half the time of one statement.
LEXEMES = """
CREATE FUNCTION search_lexemes(words text, is_name boolean) RETURNS tsvector
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    folded CONSTANT text := search_folded(words);
    lexemes text[] := array_remove(regexp_split_to_array(folded, '[^a-z0-9]+'), '');
    one text;
    read text[];
    last text := '';
    last_read text[] := '{}';
    before_read text[] := '{}';
    x text;
    y text;
    z text;
BEGIN
    FOREACH one IN ARRAY array_append(string_to_array(folded, NULL), ' ') LOOP
        IF one COLLATE "C" BETWEEN '㐀' AND '鿿' OR one = '〇' THEN
            read := COALESCE((SELECT r.syllables FROM institutions_reading r WHERE r.letter = one COLLATE "C"), '{}');
            IF last <> '' THEN
                lexemes := array_append(lexemes, last || one);
            END IF;
            FOREACH y IN ARRAY last_read LOOP
                IF read = '{}' THEN
                    lexemes := array_append(lexemes, '~' || y);
                END IF;
                FOREACH z IN ARRAY read LOOP
                    lexemes := array_append(lexemes, '~' || y || z);
                    IF is_name THEN
                        lexemes := array_append(lexemes, '^' || left(y, 1) || left(z, 1));
                        FOREACH x IN ARRAY before_read LOOP
                            lexemes := array_append(lexemes, '^' || left(x, 1) || left(y, 1) || left(z, 1));
                        END LOOP;
                    END IF;
                END LOOP;
            END LOOP;
            last := one;
            before_read := last_read;
            last_read := read;
        ELSIF last <> '' THEN
            lexemes := array_append(lexemes, last);
            FOREACH y IN ARRAY last_read LOOP
                lexemes := array_append(lexemes, '~' || y);
            END LOOP;
            last := '';
            before_read := '{}';
            last_read := '{}';
        END IF;
    END LOOP;
    RETURN array_to_tsvector(lexemes);
END $$;
"""

# The column belongs to the database alone: Django knows no field, so nothing loads or writes it; whatever inserts or
# changes a row, by any path, gets it made from the row itself. A rename touches one row: nobody else has a copy.
COLUMNS = """
ALTER TABLE institutions_institution ADD COLUMN search tsvector NOT NULL DEFAULT '';
CREATE FUNCTION institution_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := search_lexemes(NEW.name, true) || search_lexemes(
        NEW.address || ' ' || NEW.credit_code || ' ' || substr(NEW.credit_code, 9), false);
    RETURN NEW;
END $$;
CREATE TRIGGER institution_search BEFORE INSERT OR UPDATE OF name, address, credit_code, search
    ON institutions_institution FOR EACH ROW EXECUTE FUNCTION institution_search();
UPDATE institutions_institution SET search = '';
CREATE INDEX institution_search ON institutions_institution USING gin (search);

ALTER TABLE institutions_region ADD COLUMN search tsvector NOT NULL DEFAULT '';
CREATE FUNCTION region_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := search_lexemes(NEW.name || ' ' || NEW.code, true);
    RETURN NEW;
END $$;
CREATE TRIGGER region_search BEFORE INSERT OR UPDATE OF name, code, search
    ON institutions_region FOR EACH ROW EXECUTE FUNCTION region_search();
UPDATE institutions_region SET search = '';
CREATE INDEX region_search ON institutions_region USING gin (search);
"""


def fill_readings(apps, schema_editor):
    """A newer pypinyin is a new migration that does this again; a test finds the table and the library equal."""
    Reading = apps.get_model("institutions", "Reading")
    rows = (Reading(letter=letter, syllables=syllables) for letter, syllables in readings())
    Reading.objects.bulk_create(rows, batch_size=5000)
    schema_editor.execute("ANALYZE institutions_reading")


class Migration(migrations.Migration):
    dependencies = [("institutions", "0005_pledges_and_drills")]

    operations = [
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "letter",
                    models.CharField(
                        db_collation="C", max_length=1, primary_key=True, serialize=False, verbose_name="字"
                    ),
                ),
                (
                    "syllables",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=6), size=None, verbose_name="读音"
                    ),
                ),
            ],
            options={"verbose_name": "读音", "ordering": ["letter"]},
        ),
        migrations.RunPython(fill_readings, migrations.RunPython.noop),
        migrations.RunSQL(FOLDED, "DROP FUNCTION search_folded(text);"),
        migrations.RunSQL(LEXEMES, "DROP FUNCTION search_lexemes(text, boolean);"),
        migrations.RunSQL(
            COLUMNS,
            "DROP TRIGGER region_search ON institutions_region; DROP FUNCTION region_search();"
            "ALTER TABLE institutions_region DROP COLUMN search;"
            "DROP TRIGGER institution_search ON institutions_institution; DROP FUNCTION institution_search();"
            "ALTER TABLE institutions_institution DROP COLUMN search;",
        ),
    ]
