"""The loop through its pages: what each answers, what is kept, what happens once."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from hazards.actions import voiding
from hazards.enums import HazardStatus
from hazards.models import FormReceipt, Hazard, HazardEvent
from institutions.models import Membership
from tests.factories import Cast, as_client, hazard_in, make_actor, make_place, photos_of, register_hazard
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db
S = HazardStatus


@pytest.fixture
def cast():
    return Cast()


def register_data(cast, **changes):
    today = timezone.localdate()
    return {
        "key": str(uuid.uuid4()),
        "location": "二楼东侧",
        "description": "疏散通道堆放杂物",
        "evidence": [str(pk) for pk in photos_of(cast.county)],
        "no_photo_reason": "",
        "domain": "fire",
        "severity": "general",
        "source": "screening",
        "found_on": today.isoformat(),
        "next_step": "issue",
        "due_on": (today + timedelta(days=7)).isoformat(),
        "responsible_person": "张三",
    } | changes


def act_data(hazard, **fields):
    return {"version": hazard.version, "key": str(uuid.uuid4())} | fields


def test_an_official_registers_and_issues_in_one_step(cast):
    response = as_client(cast.county).post(f"/hazards/new/{cast.home.pk}/", register_data(cast))
    hazard = Hazard.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/hazards/{hazard.pk}/")
    assert (hazard.status, hazard.responsible_person, hazard.supervising_officer) == (
        S.RECTIFYING, "张三", cast.county.user,
    )  # fmt: skip


def test_what_was_closed_within_two_years_may_have_come_back_however_long_ago_it_was_found(cast):
    today = timezone.localdate()
    closed = [hazard_in(cast, "closed") for _ in range(3)]
    Hazard.objects.update(found_on=today - timedelta(days=800))
    for hazard, days in zip(closed, (1, 729, 730), strict=True):
        Hazard.objects.filter(pk=hazard.pk).update(closed_at=timezone.now() - timedelta(days=days))
    hazard_in(cast, "rectifying")
    form = as_client(cast.county).get(f"/hazards/new/{cast.home.pk}/").context["form"]
    assert list(form.fields["recurrence_of"].queryset) == closed[:2]


def test_photos_arrive_with_the_form_when_there_is_no_javascript(cast, media):
    files = [
        SimpleUploadedFile("一.jpg", jpeg("red"), "image/jpeg"),
        SimpleUploadedFile("二.jpg", jpeg("blue"), "image/jpeg"),
    ]
    data = register_data(cast, evidence=[]) | {"evidence_files": files}
    as_client(cast.county).post(f"/hazards/new/{cast.home.pk}/", data)
    assert Hazard.objects.get().evidence.count() == 2


def test_fixed_on_the_spot_takes_two_photos_and_goes_to_verification(cast):
    data = register_data(
        cast,
        next_step="fixed",
        measures="当场清理",
        fixed_evidence=[str(pk) for pk in photos_of(cast.county)],
    )
    as_client(cast.county).post(f"/hazards/new/{cast.home.pk}/", data)
    hazard = Hazard.objects.get()
    assert (hazard.status, hazard.is_fixed_on_the_spot) == (S.AWAITING_VERIFICATION, True)
    assert sorted(hazard.evidence.values_list("stage", flat=True)) == ["found", "rectified"]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"description": ""}, "description", "这个字段是必填项。"),
        ({"evidence": []}, "evidence", "请至少上传一张现场照片；确实不能拍照的，请在下面写明原因。"),
        ({"evidence": ["not-a-uuid"]}, "evidence", "有照片已被移除或已经用过，请重新上传。"),
        ({"due_on": "2020-01-01"}, "due_on", "整改期限不能早于今天。"),
        ({"due_on": "2099-01-01"}, "due_on", "整改期限最长不超过一年，请核对年份。"),
        ({"due_on": ""}, "due_on", "请填写这一项。"),
        ({"found_on": "2099-01-01"}, "found_on", "发现日期不能晚于今天。"),
        ({"severity": "major"}, "interim_measures", "重大隐患须写明整改完成前的临时管控措施。"),
        ({"description": "护理员 36010219560101123X 离岗"}, "description", "请不要填写身份证号等个人信息，删去后再保存。"),
        ({"next_step": "fixed"}, "fixed_evidence", "立行立改请上传改好后的照片。"),
        ({"source": "self_check"}, "source", "选择一个有效的选项。 self_check 不在可用的选项中。"),
    ],
)  # fmt: skip
def test_bad_input_is_answered_beside_its_field_and_nothing_is_lost(cast, changes, field, words):
    data = register_data(cast, **changes)
    response = as_client(cast.county).post(f"/hazards/new/{cast.home.pk}/", data)
    assert response.status_code == 422
    form = response.context["form"]
    assert form.errors[field] == [words]
    assert form["location"].value() == "二楼东侧"
    if not changes.get("evidence", True):
        assert Hazard.objects.count() == 0
    elif "evidence" not in changes:
        assert f'value="{data["evidence"][0]}"' in response.text


def test_another_persons_upload_cannot_be_named(cast):
    foreign = [str(pk) for pk in photos_of(cast.county2)]
    response = as_client(cast.county).post(
        f"/hazards/new/{cast.home.pk}/", register_data(cast, evidence=foreign)
    )
    assert (response.status_code, Hazard.objects.count()) == (422, 0)


def test_the_same_form_twice_is_one_hazard_and_the_same_redirect(cast):
    client, data = as_client(cast.county), register_data(cast)
    first, second = (client.post(f"/hazards/new/{cast.home.pk}/", data) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert (Hazard.objects.count(), FormReceipt.objects.count()) == (1, 1)


def test_a_facility_reports_its_own_finding_and_sees_it_at_once(cast):
    client = as_client(cast.manager)
    assert client.get("/hazards/new/")["Location"] == f"/hazards/new/{cast.home.pk}/"
    data = register_data(
        cast, source="self_check", next_step="register", evidence=[str(pk) for pk in photos_of(cast.manager)]
    )
    response = client.post(f"/hazards/new/{cast.home.pk}/", data)
    assert client.get(response["Location"]).status_code == 200
    assert Hazard.objects.get().status == S.REGISTERED


def test_submitting_through_the_page(cast):
    hazard = register_hazard(cast)
    data = act_data(hazard, measures="已清理", evidence=[str(pk) for pk in photos_of(cast.manager)])
    response = as_client(cast.manager).post(f"/hazards/{hazard.pk}/submit/", data)
    hazard.refresh_from_db()
    assert (response["Location"], hazard.status) == (f"/hazards/{hazard.pk}/", S.AWAITING_VERIFICATION)


def test_a_major_hazard_without_its_plan_says_what_is_missing(cast):
    hazard = register_hazard(cast, severity="major")
    client = as_client(cast.manager)
    page = client.get(f"/hazards/{hazard.pk}/submit/")
    assert page.context["missing"] == ["措施", "责任人", "资金", "时限", "预案"]
    data = act_data(hazard, measures="已清理", evidence=[str(pk) for pk in photos_of(cast.manager)])
    response = client.post(f"/hazards/{hazard.pk}/submit/", data)
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "重大隐患须先填齐整改方案（五落实），还缺：措施、责任人、资金、时限、预案。"
    ]
    assert 'value="' + data["evidence"][0] in response.text


def test_a_late_verifier_gets_the_conflict_page_with_what_they_wrote(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    late = act_data(hazard, reason="走廊西侧没有改到位", due_on=timezone.localdate().isoformat())
    early = act_data(hazard, opinion="属实", is_cause_found="on", is_rectified="on", is_satisfactory="on")
    as_client(cast.county).post(f"/hazards/{hazard.pk}/accept/", early)
    response = as_client(cast.county2).post(f"/hazards/{hazard.pk}/reject/", late)
    assert response.status_code == 409
    assert "走廊西侧没有改到位" in response.text
    assert f"{cast.county.user.name}（{cast.county.place_name}）" in response.text


def test_out_of_scope_is_404_and_in_scope_but_not_allowed_is_403(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    stranger = make_actor("county_official", make_place().county)
    for method in ("get", "post"):
        assert getattr(as_client(stranger), method)(f"/hazards/{hazard.pk}/accept/").status_code == 404
        assert getattr(as_client(cast.manager), method)(f"/hazards/{hazard.pk}/accept/").status_code == 403
        assert getattr(as_client(cast.auditor), method)(f"/hazards/{hazard.pk}/accept/").status_code == 403
    assert as_client(cast.county).get(f"/hazards/{hazard.pk}/dance/").status_code == 404
    assert as_client(cast.county).get(f"/hazards/{hazard.pk}/register/").status_code == 404


def test_the_panel_draws_exactly_the_buttons_the_table_allows(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)

    def buttons(actor):
        page = as_client(actor).get(f"/hazards/{hazard.pk}/")
        return [str(item["action"].label) for item in page.context["actions"]]

    assert buttons(cast.county) == ["验收通过", "退回整改"]
    assert buttons(cast.manager) == []
    assert buttons(cast.city) == []


def test_who_submitted_is_told_why_they_may_not_verify(cast):
    fixed = {"measures": "当场清理", "evidence": photos_of(cast.county), "responsible_person": "张三"}
    hazard = register_hazard(cast, issue_with=None, fixed_with=fixed)
    page = as_client(cast.county).get(f"/hazards/{hazard.pk}/")
    assert page.context["why_not"] == "这次整改由您提交，须由另一位同事验收。"


def test_the_workbench_shows_each_side_what_waits_for_it(cast):
    hazards = {status: hazard_in(cast, status) for status in S}

    def waiting(actor):
        return {h.status for h in as_client(actor).get("/").context["waiting"]["rows"]}

    assert waiting(cast.county2) == {S.REGISTERED, S.AWAITING_VERIFICATION}
    assert waiting(cast.manager) == {S.RECTIFYING}
    assert waiting(cast.city) == {S.VERIFIED}
    assert waiting(cast.province) == set()
    assert waiting(cast.auditor) == set()
    assert len(hazards) == 6


def test_what_i_sent_on_shows_where_it_is(cast):
    hazard = hazard_in(cast, S.VERIFIED)
    rows = as_client(cast.county).get("/").context["handled"]["rows"]
    assert rows == [hazard]


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_workbench_costs_the_same_at_any_length(cast, count, django_assert_num_queries):
    for _ in range(count):
        register_hazard(cast)
    client = as_client(cast.county)
    client.get("/")
    with django_assert_num_queries(13):
        client.get("/")


def test_looking_writes_nothing(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    before = HazardEvent.objects.count()
    for url in ("/", f"/hazards/{hazard.pk}/", f"/hazards/{hazard.pk}/accept/", "/hazards/new/"):
        assert as_client(cast.county).get(url).status_code == 200
    assert HazardEvent.objects.count() == before


def test_nobody_decides_blind(cast):
    hazard = hazard_in(cast, S.VERIFIED)
    page = as_client(cast.city).get(f"/hazards/{hazard.pk}/close/")
    assert [e.stage for e in (*page.context["photos"]["found"], *page.context["photos"]["rectified"])] == [
        "found", "rectified",
    ]  # fmt: skip
    assert page.context["submission"].verification.opinion == "属实"


def test_a_decision_on_what_was_never_submitted_is_answered_in_words(cast):
    hazard = hazard_in(cast, S.REGISTERED)
    assert as_client(cast.county).post(f"/hazards/{hazard.pk}/accept/", {}).status_code == 422


def test_a_request_to_void_waits_for_the_other_official_in_words(cast):
    hazard = register_hazard(cast, severity="major")
    voiding.request_void(hazard, by=cast.county, reason="现场核实属于误报")
    rows = as_client(cast.county2).get("/").context["waiting"]["rows"]
    assert [row.label for row in rows] == ["作废申请待我决定"]
    assert as_client(cast.county).get("/").context["waiting"]["rows"] == []


def test_the_page_says_when_nobody_can_do_the_next_step(cast):
    hazard = hazard_in(cast, S.VERIFIED)
    assert as_client(cast.county).get(f"/hazards/{hazard.pk}/").context["nobody"] == ""
    Membership.objects.filter(pk__in=[cast.city.membership.pk, cast.city2.membership.pk]).update(
        is_active=False
    )
    page = as_client(cast.county).get(f"/hazards/{hazard.pk}/")
    assert page.context["nobody"] == f"{cast.place.city.name}民政部门"


def test_fixed_on_the_spot_is_offered_only_where_another_official_can_verify(cast):
    def offered():
        page = as_client(cast.county).get(f"/hazards/new/{cast.home.pk}/")
        return [value for value, _ in page.context["form"].fields["next_step"].choices]

    assert offered() == ["issue", "fixed", "register"]
    Membership.objects.filter(pk=cast.county2.membership.pk).update(is_active=False)
    assert offered() == ["issue", "register"]


def test_pages_of_somebody_logged_in_are_kept_by_no_shared_cache(cast):
    client = as_client(cast.county)
    assert client.get("/")["Cache-Control"] == "private, no-cache"
    assert client.post("/logout/")["Clear-Site-Data"] == '"cache"'
