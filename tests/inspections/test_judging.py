"""重大隐患判定: what the form asks for, what is kept, and who may."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from common.http import Conflict
from inspections.actions.judging import basis_of, judge, withdraw_judgement
from inspections.forms.judging import CONSULTATION, JudgementForm
from inspections.models import Judgement, VisitEvent
from tests.factories import Cast
from tests.inspections import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def finding(cast):
    """A finding of an item, in a visit of the county that is open."""
    visit = make.VisitFactory(institution=cast.home, created_by=cast.county.user)
    item = make.ChecklistItemFactory(severity="major")
    return make.FindingFactory(visit=visit, item=item)


@pytest.fixture
def listed(finding):
    return make.MajorSituationFactory(item_codes=[finding.item.code], issued_on=date(2023, 11, 27))


def by_others(finding, **fields):
    bodies = {"needs_finding": True, "finding_bodies": "消防等部门或第三方评估机构"}
    return make.MajorSituationFactory(item_codes=[finding.item.code], **bodies | fields)


def form_for(finding, data=None, **more):
    return JudgementForm(
        data, institution=finding.visit.institution, item=finding.item, today=timezone.localdate(), **more
    )


# --- the form ----------------------------------------------------------------------------------------------


def test_the_form_offers_what_the_item_proposes_first_and_consultation_last(finding, listed):
    other = make.MajorSituationFactory(code="A-1")
    make.MajorSituationFactory(kinds=["cemetery"])
    make.MajorSituationFactory(is_current=False)
    make.MajorSituationFactory(effective_to=date(2020, 1, 1))
    form = form_for(finding)
    assert [key for key, _ in form.fields["ground"].choices] == [str(listed.pk), str(other.pk), CONSULTATION]
    assert (form.firm, form.initial["ground"]) == ([listed], str(listed.pk))


def test_a_region_may_add_situations_of_its_own(cast, finding):
    own = make.MajorSituationFactory(region=cast.place.province)
    make.MajorSituationFactory(region=Cast().place.province)
    assert list(form_for(finding).situations.values()) == [own]


def test_the_clause_is_shown_for_what_was_read_alone(finding, listed):
    make.MajorSituationFactory(code="Z-1", status="inferred", clause="", text="无安全管理制度")
    labels = [label for _, label in form_for(finding).fields["ground"].choices]
    assert labels[:2] == [
        "用易燃可燃芯材彩钢板搭建有人活动的建筑——《养老机构重大事故隐患判定标准》（2023）第四条（三）",
        "无安全管理制度——《养老机构重大事故隐患判定标准》（2023）（参考，依据待核）",
    ]


def test_an_inferred_situation_is_offered_but_not_proposed(finding):
    make.MajorSituationFactory(item_codes=[finding.item.code], status="inferred", clause="")
    form = form_for(finding)
    assert (form.firm, "ground" in form.initial, len(form.proposals)) == ([], False, 1)


@pytest.mark.parametrize(
    ("typed", "missing"),
    [
        ({}, ["competent_body", "document_number"]),
        ({"competent_body": "县消防救援大队"}, ["document_number"]),
        ({"competent_body": "县消防救援大队", "document_number": "消检〔2026〕3号"}, []),
    ],
)
def test_the_form_asks_for_the_competent_body_and_its_document(finding, typed, missing):
    situation = by_others(finding)
    form = form_for(finding, {"ground": str(situation.pk), **typed})
    assert (form.is_valid(), sorted(form.errors)) == (not missing, missing)


def test_a_consultation_asks_for_participants_and_an_opinion(finding):
    form = form_for(finding, {"ground": CONSULTATION})
    assert sorted(form.errors) == ["opinion", "participants"]
    said = {"participants": "王建国（县民政局）、李红（县消防大队）", "opinion": "经会商判定为重大事故隐患"}
    form = form_for(finding, {"ground": CONSULTATION, **said})
    assert form.is_valid()
    assert form.facts() == said | {"situation": None, "competent_body": "", "document_number": ""}


@pytest.mark.parametrize("ground", ["", "999999", "x"])
def test_a_ground_that_is_not_offered_is_refused(finding, listed, ground):
    assert list(form_for(finding, {"ground": ground}).errors) == ["ground"]


def test_two_forms_fit_on_one_page(finding, listed):
    form = form_for(finding, {"judgement-ground": str(listed.pk)}, prefix="judgement")
    assert form.is_valid()


# --- the act -----------------------------------------------------------------------------------------------


def test_standard_version_and_dates_are_kept_with_the_judgement(cast, finding, listed):
    form = form_for(finding, {"ground": str(listed.pk)})
    assert form.is_valid()
    judge(finding, by=cast.county, **form.facts())
    listed.is_current = False
    listed.save()
    kept = Judgement.objects.get()
    assert (kept.standard, kept.version, kept.clause, kept.text, kept.issued_on, kept.situation_status) == (
        listed.standard, "2023", "第四条（三）", listed.text, date(2023, 11, 27), "verified"
    )  # fmt: skip
    finding.refresh_from_db()
    assert (finding.severity, kept.decided_by) == ("major", cast.county.user)
    event = VisitEvent.objects.get()
    assert (event.act, event.comment, event.by, event.data["finding"]) == (
        "finding", "判定为重大", cast.county.user, str(finding.uid)
    )  # fmt: skip
    assert basis_of(finding) == (
        "《养老机构重大事故隐患判定标准》（2023）第四条（三）；《消防法》(2021修正)第二十八条"
    )


def test_the_act_itself_refuses_what_the_form_would(cast, finding):
    situation = by_others(finding)
    with pytest.raises(ValidationError) as refused:
        judge(finding, by=cast.county, situation=situation, competent_body="县消防救援大队")
    assert list(refused.value.error_dict) == ["document_number"]
    elsewhere = make.MajorSituationFactory(kinds=["cemetery"])
    with pytest.raises(ValidationError) as refused:
        judge(finding, by=cast.county, situation=elsewhere)
    assert list(refused.value.error_dict) == ["situation"]
    finding.refresh_from_db()
    assert (finding.severity, Judgement.objects.count()) == ("general", 0)


def test_a_judgement_is_replaced_and_taken_back_with_a_trace(cast, finding, listed):
    judge(finding, by=cast.county, situation=listed)
    judge(finding, by=cast.county2, participants="王建国、李红", opinion="经会商判定为重大")
    kept = Judgement.objects.get()
    assert (kept.is_consultation, kept.standard, kept.decided_by) == (True, "", cast.county2.user)
    assert form_for(finding, judgement=kept).initial["ground"] == CONSULTATION
    finding.refresh_from_db()
    assert basis_of(finding) == "会商判定；《消防法》(2021修正)第二十八条"
    withdraw_judgement(finding, by=cast.county)
    withdraw_judgement(finding, by=cast.county)
    finding.refresh_from_db()
    assert (finding.severity, Judgement.objects.count(), VisitEvent.objects.count()) == ("general", 0, 3)


def test_only_those_who_make_the_visit_judge(cast, finding, listed):
    for name in ("manager", "auditor", "system_admin"):
        with pytest.raises(PermissionDenied):
            judge(finding, by=getattr(cast, name), situation=listed)
    with pytest.raises(PermissionDenied):
        judge(finding, by=Cast().county, situation=listed)


def test_a_finished_visit_is_not_judged_again(cast, finding, listed):
    make.finish(finding.visit)
    with pytest.raises(Conflict, match="已完成"):
        judge(finding, by=cast.county, situation=listed)
