"""What PostgreSQL refuses whoever asks, and what it refuses the runtime role."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from hazards.enums import HazardStatus
from hazards.models import Hazard
from institutions.models import Institution
from tests.factories import Cast, hazard_in, make_place, register_hazard

pytestmark = pytest.mark.django_db
S = HazardStatus


def run(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


@pytest.fixture
def cast():
    return Cast()


@pytest.mark.parametrize(
    ("status", "target"),
    [(S.REGISTERED, S.CLOSED), (S.RECTIFYING, S.CLOSED), (S.CLOSED, S.RECTIFYING), (S.VOIDED, S.REGISTERED)],
)
def test_a_status_change_outside_the_table_is_refused(cast, status, target):
    hazard = hazard_in(cast, status)
    with pytest.raises(IntegrityError, match="illegal status change"):
        run("UPDATE hazards_hazard SET status = %s WHERE id = %s", target, hazard.pk)


def test_a_hazard_cannot_begin_anywhere_but_registered(cast):
    hazard = register_hazard(cast)
    hazard.pk, hazard.uid, hazard.status = None, "0" * 32, S.RECTIFYING
    with pytest.raises(IntegrityError, match="begins as registered"), transaction.atomic():
        hazard.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("closed_at = now()", "hazard_closed_pair"),
        (
            "closed_by_id = verified_by_id, closed_at = now(), status = 'closed'",
            "hazard_closer_is_a_third_person",
        ),
        (
            "closed_by_id = submitted_by_id, closed_at = now(), status = 'closed'",
            "hazard_closer_is_a_third_person",
        ),
        ("verified_by_id = submitted_by_id", "hazard_verifier_is_not_submitter"),
        ("closing_region_id = NULL", "hazard_verified_with_facts"),
        ("due_on = NULL", "hazard_issued_with_facts"),
        ("severity = 'huge'", "hazard_severity_known"),
        ("submitted_at = NULL, submitted_by_id = NULL", "hazard_submitted_with_facts"),
    ],
)
def test_facts_that_contradict_the_status_are_refused(cast, change, constraint):
    hazard = hazard_in(cast, S.VERIFIED)
    with pytest.raises(IntegrityError, match=constraint):
        run(f"UPDATE hazards_hazard SET {change} WHERE id = %s", hazard.pk)


def test_a_hazard_cannot_be_placed_elsewhere_than_its_institution(cast):
    hazard = register_hazard(cast)
    other = make_place()
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="hazard_place_of_institution"):
        run("UPDATE hazards_hazard SET county_id = %s WHERE id = %s", other.county.pk, hazard.pk)


def test_hazards_follow_their_institution_to_another_county(cast):
    hazard = register_hazard(cast)
    other = make_place(city=cast.place.city)
    Institution.objects.filter(pk=cast.home.pk).update(county=other.county, township=other.township)
    hazard.refresh_from_db()
    assert (hazard.county, hazard.township) == (other.county, other.township)


APPEND_ONLY = [
    "hazards_hazardevent", "hazards_evidence", "hazards_evidenceview", "hazards_auditanchor",
    "hazards_rectificationsubmission", "hazards_verification", "hazards_closure", "institutions_membershipevent",
]  # fmt: skip


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE {table} SET id = id",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} ADD COLUMN x int",
        "DROP TABLE {table} CASCADE",
        "SET session_replication_role = replica",
        "ALTER TABLE {table} OWNER TO hazards_runtime",
        "GRANT ALL ON {table} TO hazards_runtime WITH GRANT OPTION",
    ],
)
def test_the_runtime_role_cannot_rewrite_what_happened(cast, table, attack):
    register_hazard(cast)
    if attack.startswith("GRANT"):
        # PostgreSQL warns instead of failing when nothing can be granted: see that nothing was.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack.format(table=table))
            cursor.execute("SELECT has_table_privilege(%s, 'UPDATE')", [table])
            assert cursor.fetchone() == (False,)
        return
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner|must be able"):
        run(attack.format(table=table))


def test_the_runtime_role_cannot_widen_the_legal_pairs():
    with pytest.raises(ProgrammingError, match="permission denied"):
        run("INSERT INTO hazards_legaltransition (from_status, to_status) VALUES ('closed', 'registered')")
    assert Hazard.objects.count() == 0


def kinds(*hazards) -> list[str]:
    return [Hazard.objects.values_list("institution_kind", flat=True).get(pk=hazard.pk) for hazard in hazards]


def test_a_hazard_carries_the_kind_of_its_institution_whoever_writes_it(cast):
    here, there = register_hazard(cast), register_hazard(Cast(make_place(), kind="cemetery"))
    assert kinds(here, there) == ["nursing_home", "cemetery"]
    run("UPDATE hazards_hazard SET institution_kind = 'cemetery' WHERE id = %s", here.pk)
    here.institution_kind = "cemetery"
    here.save(update_fields=["institution_kind"])
    assert kinds(here) == ["nursing_home"]


def test_a_hazard_follows_when_its_institution_turns_out_to_be_of_another_kind(cast):
    here, there = register_hazard(cast), register_hazard(Cast(make_place()))
    Institution.objects.filter(pk=cast.home.pk).update(kind="welfare_home")
    assert kinds(here, there) == ["welfare_home", "nursing_home"]
