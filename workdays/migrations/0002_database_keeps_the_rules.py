"""What PostgreSQL itself refuses: wrong numbers, gaps, half a year, vanished days. And Monday to Friday in SQL."""

from django.db import migrations

# Checked at commit, when a whole year has been written and numbered.
DAYS = """
CREATE FUNCTION workdays_day_is_in_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    this workdays_day;
    before workdays_day;
    after workdays_day;
BEGIN
    SELECT * INTO this FROM workdays_day WHERE date = NEW.date;
    SELECT * INTO before FROM workdays_day WHERE date < NEW.date ORDER BY date DESC LIMIT 1;
    SELECT * INTO after FROM workdays_day WHERE date > NEW.date ORDER BY date LIMIT 1;
    IF before.date <> this.date - 1 OR after.date <> this.date + 1 THEN
        RAISE EXCEPTION 'the calendar has a gap beside %', this.date USING ERRCODE = 'check_violation';
    END IF;
    IF this.number <> COALESCE(before.number, 0) + this.is_workday::int
        OR after.number <> this.number + after.is_workday::int THEN
        RAISE EXCEPTION 'workdays are counted wrong at %', this.date USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM workdays_calendaryear WHERE year = EXTRACT(YEAR FROM this.date)) THEN
        RAISE EXCEPTION '% is a day of no maintained year', this.date USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER workdays_day_in_line AFTER INSERT OR UPDATE ON workdays_day
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION workdays_day_is_in_line();

CREATE FUNCTION workdays_year_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM workdays_day WHERE date >= make_date(NEW.year, 1, 1) AND date < make_date(NEW.year + 1, 1, 1))
        <> make_date(NEW.year + 1, 1, 1) - make_date(NEW.year, 1, 1) THEN
        RAISE EXCEPTION 'year % is not whole', NEW.year USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER workdays_year_whole AFTER INSERT OR UPDATE ON workdays_calendaryear
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION workdays_year_is_whole();

CREATE FUNCTION workdays_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'days and years of the calendar stay' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER workdays_day_stays BEFORE DELETE OR UPDATE OF date ON workdays_day
    FOR EACH ROW EXECUTE FUNCTION workdays_stays();
CREATE TRIGGER workdays_year_stays BEFORE DELETE OR UPDATE OF year ON workdays_calendaryear
    FOR EACH ROW EXECUTE FUNCTION workdays_stays();
"""
NO_DAYS = """
DROP TRIGGER workdays_year_stays ON workdays_calendaryear;
DROP TRIGGER workdays_day_stays ON workdays_day;
DROP FUNCTION workdays_stays();
DROP TRIGGER workdays_year_whole ON workdays_calendaryear;
DROP FUNCTION workdays_year_is_whole();
DROP TRIGGER workdays_day_in_line ON workdays_day;
DROP FUNCTION workdays_day_is_in_line();
"""

# rules.add_weekdays in SQL: one expression, so that it is inlined. Days count from Monday, 1 January 2001.
WEEKDAYS_AFTER = """
CREATE FUNCTION weekdays_after(day date, n integer) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT DATE '2001-01-01'
        + floor((floor((day - DATE '2001-01-01') / 7.0)::int * 5
            + CASE WHEN EXTRACT(ISODOW FROM day) < 6 THEN EXTRACT(ISODOW FROM day)::int - 1 + n
                   WHEN n > 0 THEN 4 + n ELSE 5 + n END) / 5.0)::int * 7
        + ((floor((day - DATE '2001-01-01') / 7.0)::int * 5
            + CASE WHEN EXTRACT(ISODOW FROM day) < 6 THEN EXTRACT(ISODOW FROM day)::int - 1 + n
                   WHEN n > 0 THEN 4 + n ELSE 5 + n END) % 5 + 5) % 5
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("workdays", "0001_initial")]

    operations = [
        migrations.RunSQL(DAYS, NO_DAYS),
        migrations.RunSQL(WEEKDAYS_AFTER, "DROP FUNCTION weekdays_after(date, integer);"),
    ]
