"""A hazard carries the kind of its institution, so that indexes know it (docs/adr/0035)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Filled while PostgreSQL writes the table anew: two minutes for a million rows and nothing left behind, where an UPDATE
# would write each row and all its index entries a second time.
FILL = """
CREATE FUNCTION kind_of_institution(bigint) RETURNS varchar LANGUAGE sql STABLE STRICT
    AS 'SELECT kind FROM institutions_institution WHERE id = $1';
ALTER TABLE hazards_hazard
    ALTER COLUMN institution_kind TYPE varchar(20) USING kind_of_institution(institution_id);
DROP FUNCTION kind_of_institution(bigint);
"""
# Whatever writes a hazard, its kind is the institution's. KIND_LOCK (7210002, reports/0003): every write of hazards holds it
# shared, from before it locks a row, and a change of kind alone; so nobody reads a kind that is about to change.
KEPT = """
CREATE FUNCTION hazard_kind_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7210002);
    RETURN NULL;
END $$;
CREATE TRIGGER hazard_kind_lock BEFORE INSERT OR UPDATE OR DELETE
    ON hazards_hazard FOR EACH STATEMENT EXECUTE FUNCTION hazard_kind_lock();
CREATE FUNCTION hazard_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT kind INTO NEW.institution_kind FROM institutions_institution WHERE id = NEW.institution_id;
    RETURN NEW;
END $$;
CREATE TRIGGER hazard_kind BEFORE INSERT OR UPDATE OF institution_id, institution_kind
    ON hazards_hazard FOR EACH ROW EXECUTE FUNCTION hazard_kind();
"""
# And when that changes, so does the hazards'.
FOLLOWED = """
CREATE FUNCTION hazards_follow_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hazards_hazard SET institution_kind = NEW.kind WHERE institution_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER hazards_follow_kind AFTER UPDATE OF kind ON institutions_institution FOR EACH ROW
    WHEN (OLD.kind IS DISTINCT FROM NEW.kind) EXECUTE FUNCTION hazards_follow_kind();
"""
NOT_KEPT = """
DROP TRIGGER hazard_kind ON hazards_hazard;
DROP FUNCTION hazard_kind();
DROP TRIGGER hazard_kind_lock ON hazards_hazard;
DROP FUNCTION hazard_kind_lock();
"""
NOT_FOLLOWED = """
DROP TRIGGER hazards_follow_kind ON institutions_institution;
DROP FUNCTION hazards_follow_kind();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('hazards', '0017_open_work_of_people_and_past_days'),
        ('institutions', '0008_first_drill_and_who_recorded'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_province_facets',
        ),
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_city_facets',
        ),
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_county_facets',
        ),
        migrations.AddField(
            model_name='hazard',
            name='institution_kind',
            field=models.CharField(choices=[('nursing_home', '养老机构'), ('welfare_home', '社会福利院'), ('child_welfare', '儿童福利机构'), ('rescue_station', '救助管理机构'), ('funeral_home', '殡仪馆'), ('cemetery', '公墓（骨灰堂）'), ('marriage_office', '婚姻登记处')], default='', editable=False, max_length=20, verbose_name='机构类型'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(KEPT, NOT_KEPT),
        migrations.RunSQL(FOLLOWED, NOT_FOLLOWED),
        migrations.AlterField(
            model_name='hazard',
            name='duplicate_of',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='duplicates', to='hazards.hazard', verbose_name='重复于'),
        ),
        migrations.AlterField(
            model_name='hazard',
            name='recurrence_of',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recurrences', to='hazards.hazard', verbose_name='反弹自'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('province'), models.F('domain'), models.F('source'), models.F('severity'), models.F('status'), models.F('institution_kind'), name='hazard_province_facets'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('province'), models.OrderBy(models.F('found_on'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('severity', 'major')), include=('status', 'domain', 'source', 'institution_kind'), name='hazard_major_province_found'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('city'), models.F('province'), models.F('domain'), models.F('source'), models.F('severity'), models.F('status'), models.F('institution_kind'), name='hazard_city_facets'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('city'), models.OrderBy(models.F('found_on'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('severity', 'major')), include=('status', 'domain', 'source', 'institution_kind', 'province'), name='hazard_major_city_found'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('county'), models.F('city'), models.F('province'), models.F('domain'), models.F('source'), models.F('severity'), models.F('status'), models.F('institution_kind'), name='hazard_county_facets'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('county'), models.OrderBy(models.F('found_on'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('severity', 'major')), include=('status', 'domain', 'source', 'institution_kind', 'city', 'province'), name='hazard_major_county_found'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('recurrence_of'), condition=models.Q(('recurrence_of__isnull', False)), name='hazard_recurrence_of'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('duplicate_of'), condition=models.Q(('duplicate_of__isnull', False)), name='hazard_duplicate_of'),
        ),
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_open_authority',
        ),
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_open_registered_by',
        ),
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_open_issued_by',
        ),
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_open_submitted_by',
        ),
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_open_verified_by',
        ),
        migrations.RemoveIndex(
            model_name='hazard',
            name='hazard_open_officer',
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('supervising_authority'), models.F('status'), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified']), ('supervising_authority__isnull', False)), name='hazard_open_authority'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('registered_by'), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified']), ('registered_by__isnull', False)), name='hazard_open_registered_by'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('issued_by'), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified']), ('issued_by__isnull', False)), name='hazard_open_issued_by'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('submitted_by'), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified']), ('submitted_by__isnull', False)), name='hazard_open_submitted_by'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('verified_by'), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified']), ('verified_by__isnull', False)), name='hazard_open_verified_by'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('supervising_officer'), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified']), ('supervising_officer__isnull', False)), name='hazard_open_officer'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('province'), models.OrderBy(models.F('found_on'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified'])), name='hazard_open_province_found'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('city'), models.OrderBy(models.F('found_on'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified'])), name='hazard_open_city_found'),
        ),
        migrations.AddIndex(
            model_name='hazard',
            index=models.Index(models.F('county'), models.OrderBy(models.F('found_on'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('status__in', ['awaiting_verification', 'rectifying', 'registered', 'verified'])), name='hazard_open_county_found'),
        ),
    ]
