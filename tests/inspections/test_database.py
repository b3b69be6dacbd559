"""What PostgreSQL refuses of checklists and visits, whoever asks; the tests work as the runtime role."""

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from inspections.models import Checklist, ChecklistItem, Finding, Visit
from institutions.models import Institution
from tests.factories import Cast, make_place
from tests.inspections import factories as make

pytestmark = pytest.mark.django_db


def run(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE inspections_checklistitem SET text = '改过' WHERE checklist_id = %s",
        "UPDATE inspections_checklistitem SET bases = '[]' WHERE checklist_id = %s",
        "DELETE FROM inspections_checklistitem WHERE checklist_id = %s",
        "UPDATE inspections_checklist SET name = '改过' WHERE id = %s",
        "UPDATE inspections_checklist SET kinds = '{cemetery}' WHERE id = %s",
        "DELETE FROM inspections_checklist WHERE id = %s",
    ],
)
@pytest.mark.parametrize("status", ["published", "withdrawn"])
def test_a_checklist_that_was_published_never_changes_again(attack, status):
    checklist = make.ChecklistFactory(items=2, published=True)
    if status == "withdrawn":
        run("UPDATE inspections_checklist SET status = 'withdrawn' WHERE id = %s", checklist.pk)
    with pytest.raises(IntegrityError, match="a published checklist is frozen"):
        run(attack, checklist.pk)


def test_no_item_is_added_or_moved_to_a_published_checklist():
    checklist = make.ChecklistFactory(published=True)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        make.ChecklistItemFactory(checklist=checklist)
    item = make.ChecklistItemFactory()
    with pytest.raises(IntegrityError, match="frozen"):
        run("UPDATE inspections_checklistitem SET checklist_id = %s WHERE id = %s", checklist.pk, item.pk)


@pytest.mark.parametrize(("status", "target"), [("published", "draft"), ("withdrawn", "published")])
def test_a_published_checklist_cannot_go_back(status, target):
    checklist = make.ChecklistFactory(published=True)
    run("UPDATE inspections_checklist SET status = %s WHERE id = %s", status, checklist.pk)
    with pytest.raises(IntegrityError, match="illegal status change"):
        run("UPDATE inspections_checklist SET status = %s WHERE id = %s", target, checklist.pk)


def test_a_checklist_cannot_begin_published():
    with pytest.raises(IntegrityError, match="begins as a draft"), transaction.atomic():
        make.ChecklistFactory(status="published", published_at=timezone.now())


def test_a_draft_can_be_edited_and_deleted():
    checklist = make.ChecklistFactory(items=2)
    assert (
        run("UPDATE inspections_checklistitem SET text = '改过' WHERE checklist_id = %s", checklist.pk) == 2
    )
    checklist.delete()
    assert (Checklist.objects.count(), ChecklistItem.objects.count()) == (0, 0)


@pytest.mark.parametrize("published", [False, True])
def test_a_code_has_one_draft_and_one_version_in_use(published):
    first = make.ChecklistFactory(published=published)
    name = "checklist_one_in_use" if published else "checklist_one_draft"
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make.ChecklistFactory(code=first.code, version=2, published=published)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"kinds": ["palace"]}, "checklist_kinds_known"),
        ({"kinds": []}, "checklist_for_some_kind"),
        ({"published_at": timezone.now()}, "checklist_published_with_date"),
    ],
)
def test_a_checklist_that_contradicts_itself_is_refused(fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make.ChecklistFactory(**fields)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE inspections_majorsituation SET text = '改过'",
        "UPDATE inspections_majorsituation SET effective_to = '2030-01-01'",
        "DELETE FROM inspections_majorsituation",
    ],
)
def test_a_listed_situation_never_changes(attack):
    make.MajorSituationFactory()
    with pytest.raises(IntegrityError, match="never changes"):
        run(attack)


def test_a_situation_makes_way_for_its_next_revision():
    old = make.MajorSituationFactory()
    run("UPDATE inspections_majorsituation SET is_current = false WHERE id = %s", old.pk)
    make.MajorSituationFactory(code=old.code, revision=2)
    with pytest.raises(IntegrityError, match="situation_one_current"), transaction.atomic():
        make.MajorSituationFactory(code=old.code, revision=3)


def test_a_clause_number_is_kept_for_verified_situations_alone():
    with pytest.raises(IntegrityError, match="situation_clause_only_verified"), transaction.atomic():
        make.MajorSituationFactory(status="inferred", clause="第六条")


def test_major_by_a_competent_body_needs_its_name_and_document():
    with pytest.raises(IntegrityError, match="judgement_by_competent_body"), transaction.atomic():
        make.JudgementFactory(needs_finding=True, competent_body="县消防救援大队")
    make.JudgementFactory(
        needs_finding=True, competent_body="县消防救援大队", document_number="消〔2026〕3号"
    )


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        (
            {"situation": None, "standard": "", "text": "", "version": "", "clause": ""},
            "judgement_on_a_ground",
        ),
        ({"opinion": "判定为重大"}, "judgement_consultation_whole"),
    ],
)
def test_a_judgement_needs_a_ground(fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make.JudgementFactory(**fields)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"cancelled_at": timezone.now()}, "visit_cancelled_pair"),
        ({"checked_in_at": None}, "visit_checked_in_pair"),
        ({"checked_in_at": None, "checked_in_by": None}, "visit_status_with_facts"),
        ({"status": "planned"}, "visit_status_with_facts"),
        ({"planned": True, "planned_on": None}, "visit_status_with_facts"),
        ({"kind": "self_check"}, "visit_own_kinds"),
        ({"kind": "oversight", "is_own": True}, "visit_own_kinds"),
        ({"kind": "self_check", "is_own": True, "is_unannounced": True}, "visit_own_kinds"),
        ({"kind": "stroll"}, "visit_kind_known"),
    ],
)
def test_facts_that_contradict_the_status_of_a_visit_are_refused(fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make.VisitFactory(**fields)


def test_a_visit_cannot_begin_finished_nor_end_and_go_on():
    with pytest.raises(IntegrityError, match="begins as planned or open"), transaction.atomic():
        make.VisitFactory(status="finished")
    visit = make.finish(make.VisitFactory())
    with pytest.raises(IntegrityError, match="illegal status change"):
        run("UPDATE inspections_visit SET status = 'open', finished_at = NULL WHERE id = %s", visit.pk)
    with pytest.raises(IntegrityError, match="never deleted"):
        run("DELETE FROM inspections_visit WHERE id = %s", visit.pk)


@pytest.fixture
def finished():
    """A finished visit with one of everything."""
    visit = make.VisitFactory()
    make.AnswerFactory(visit=visit)
    finding = make.FindingFactory(visit=visit)
    make.FindingPhotoFactory(finding=finding)
    make.JudgementFactory(finding=finding)
    make.VisitSignatureFactory(visit=visit)
    visit.inspectors.add(visit.checked_in_by)
    visit.added_checklists.add(make.ChecklistFactory(published=True))
    return make.finish(visit)


PARTS = ["answer", "finding", "findingphoto", "judgement", "visitsignature", "visit_inspectors",
         "visit_added_checklists"]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("attack", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_hangs_on_a_finished_visit_is_frozen(finished, part, attack):
    with pytest.raises(IntegrityError, match="its record is frozen"):
        run(attack.format(f"inspections_{part}"))


def test_nothing_is_added_to_a_finished_visit(finished):
    finding = Finding.objects.get()
    for factory, fields in [
        (make.AnswerFactory, {"visit": finished}),
        (make.FindingFactory, {"visit": finished}),
        (make.VisitSignatureFactory, {"visit": finished, "role": "in_charge", "user": None}),
        (make.FindingPhotoFactory, {"finding": finding}),
    ]:
        with pytest.raises(IntegrityError, match="its record is frozen"), transaction.atomic():
            factory(**fields)
    with pytest.raises(IntegrityError, match="a finished visit is frozen"):
        run("UPDATE inspections_visit SET problems = '无' WHERE id = %s", finished.pk)


def test_nothing_is_answered_before_somebody_checked_in():
    visit = make.VisitFactory(planned=True)
    visit.inspectors.add(visit.created_by)
    with pytest.raises(IntegrityError, match="the visit is planned"), transaction.atomic():
        make.AnswerFactory(visit=visit, updated_by=visit.created_by)


def test_a_signature_is_a_small_png():
    for image in (b"", b"<svg>" * 100, make.signature_png() + b"0" * 150_000):
        with pytest.raises(IntegrityError, match="signature_is_a_small_png"), transaction.atomic():
            make.VisitSignatureFactory(image=image)


def test_a_visit_is_placed_where_its_institution_is_and_follows_it():
    visit = make.finish(make.VisitFactory())
    other = make_place(city=visit.city)
    with pytest.raises(IntegrityError, match="visit_place_of_institution"):
        run("UPDATE inspections_visit SET county_id = %s WHERE id = %s", other.county.pk, visit.pk)
    Institution.objects.filter(pk=visit.institution_id).update(county=other.county, township=other.township)
    visit.refresh_from_db()
    assert (visit.county, visit.township) == (other.county, other.township)


TRACES = [make.VisitEventFactory, make.ChecklistEventFactory, make.CampaignEventFactory]


@pytest.mark.parametrize("factory", TRACES)
@pytest.mark.parametrize(
    "attack", ["UPDATE {} SET comment = '改过'", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_runtime_role_cannot_rewrite_a_trace(factory, attack):
    event = factory()
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(attack.format(event._meta.db_table))


def test_a_plan_is_made_once():
    plan = make.VisitPlanFactory()
    with pytest.raises(IntegrityError, match="plan_once"), transaction.atomic():
        make.VisitPlanFactory(institution=plan.institution, due_on=plan.due_on)
    with pytest.raises(IntegrityError, match="plan_look_back_at_what"), transaction.atomic():
        make.VisitPlanFactory(kind="look_back")


def test_a_campaign_ends_after_it_begins():
    with pytest.raises(IntegrityError, match="campaign_period"), transaction.atomic():
        make.CampaignFactory(ends_on="2020-01-01")


def test_every_model_has_a_factory():
    made = {vars(make)[name]._meta.model for name in vars(make) if name.endswith("Factory")}
    ours = set(apps.get_app_config("inspections").get_models())
    assert ours - made == set()


# --- who sees what ---------------------------------------------------------------------------------------


def seen(cast, rows) -> dict[str, set]:
    names = (
        "province",
        "city",
        "county",
        "township",
        "manager",
        "safety",
        "auditor",
        "system_admin",
        "security_admin",
    )
    return {name: set(rows.visible_to(getattr(cast, name))) for name in names}


def test_an_unannounced_visit_is_seen_by_the_institution_after_check_in_alone():
    cast = Cast()
    come = make.VisitFactory(institution=cast.home, is_unannounced=True)
    to_come = make.VisitFactory(institution=cast.home, is_unannounced=True, planned=True)
    announced = make.VisitFactory(institution=cast.home, planned=True)
    elsewhere = make.VisitFactory()
    everything = {come, to_come, announced}
    found = seen(cast, Visit.objects)
    assert elsewhere not in set().union(*found.values())
    assert {name: rows for name, rows in found.items() if rows != everything} == {
        "manager": {come, announced},
        "safety": {come, announced},
        "township": set(),  # the home lies in the county seat
        "system_admin": set(),
        "security_admin": set(),
    }


def test_a_self_check_belongs_to_the_institution_until_it_is_finished():
    cast = Cast()
    visit = make.VisitFactory(institution=cast.home, kind="self_check", is_own=True)
    assert seen(cast, Visit.objects)["manager"] == {visit}
    assert seen(cast, Visit.objects)["county"] == set()
    make.finish(visit)
    assert seen(cast, Visit.objects)["county"] == {visit}
    assert set(Visit.objects.visible_to(None)) == set()


def test_checklists_are_seen_along_the_line_of_regions_and_drafts_by_their_editors():
    cast, other = Cast(), Cast()
    national, draft = make.ChecklistFactory(published=True), make.ChecklistFactory()
    ours = make.ChecklistFactory(scope=cast.place.county, published=True)
    our_draft = make.ChecklistFactory(scope=cast.place.county)
    theirs = make.ChecklistFactory(scope=other.place.county, published=True)
    found = seen(cast, Checklist.objects)
    assert found == {
        "province": {national, draft, ours, our_draft},
        "city": {national, ours, our_draft},
        "county": {national, ours, our_draft},
        "township": {national, ours},
        "manager": {national, ours},
        "safety": {national, ours},
        "auditor": {national, ours},
        "system_admin": set(),
        "security_admin": set(),
    }
    assert theirs not in set().union(*found.values())
    assert list(Checklist.objects.for_institution(cast.home)) == [national, ours]
    assert list(Checklist.objects.for_institution(other.home)) == [national, theirs]


def test_teams_and_plans_are_never_seen_by_institutions():
    cast = Cast()
    plan = make.VisitPlanFactory(institution=cast.home)
    team = make.InspectionTeamFactory(authority=cast.city.authority)
    team.members.add(cast.county2.user)
    assert set(type(plan).objects.visible_to(cast.county)) == {plan}
    assert set(type(plan).objects.visible_to(cast.manager)) == set()
    visible = type(team).objects.visible_to
    assert [set(visible(a)) for a in (cast.city, cast.county, cast.county2, cast.manager)] == [
        {team}, set(), {team}, set()
    ]  # fmt: skip


def test_campaigns_from_above_are_seen_where_they_reach():
    cast = Cast()
    sibling = make_place(city=cast.place.city)
    everywhere = make.CampaignFactory(authority=cast.city.authority)
    here = make.CampaignFactory(authority=cast.city.authority)
    here.regions.add(cast.place.county)
    there = make.CampaignFactory(authority=cast.city.authority)
    there.regions.add(sibling.county)
    other_kind = make.CampaignFactory(authority=cast.city.authority, kinds=["cemetery"])
    found = seen(cast, type(here).objects)
    assert found["province"] == found["city"] == {everywhere, here, there, other_kind}
    assert found["county"] == {everywhere, here, other_kind}
    assert found["manager"] == {everywhere, here}
    assert found["system_admin"] == set()
