"""通报 and 约谈: the machine drafts, a person confirms, the other side answers in writing."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from common.http import Conflict
from hazards import deadlines
from hazards.actions import drafting, dues, policies, summoning
from hazards.enums import DraftingCause, HazardStatus
from hazards.models import Circular, DraftingRuleChange, Summons, SupervisionOrder
from notifications.models import Notice
from tests.factories import Cast, as_client, draft_to_county, hazard_in, make_place, supervised
from tests.reports.made import put

pytestmark = pytest.mark.django_db
S, C = HazardStatus, DraftingCause


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def today():
    return timezone.localdate()


def late(cast, today, days, count=1, **fields):
    return put(cast, S.RECTIFYING, count, due_on=today - timedelta(days=days), **fields)


def drafts():
    rows = [*Circular.objects.order_by("id"), *Summons.objects.order_by("id")]
    return [(row.kind, row.cause, row.authority, row.place) for row in rows]


def issued(cast, kind=Circular, **facts):
    draft = draft_to_county(cast, kind)
    if kind is Summons:
        facts = {"meets_at": timezone.now(), "meets_where": "市民政局三楼会议室"} | facts
    return summoning.issue(
        draft, by=cast.city, document_number="市通〔2026〕1号", title=draft.title, text=draft.text, **facts
    )


# --- drafting by rule ----------------------------------------------------------------------------------------


def test_three_overdue_hazards_in_a_county_make_a_draft_of_the_city_and_two_do_not(cast, today):
    late(cast, today, 1, 2)
    assert drafting.draft_due(today) == 0
    ids = late(cast, today, 1)
    assert drafting.draft_due(today) == 1
    assert drafts() == [("circular", C.COUNTY_OVERDUE, cast.city.authority, cast.county.authority)]
    assert set(Circular.objects.get().hazards.values_list("pk", flat=True)) > set(ids)
    assert "共有 3 条隐患超过整改期限" in Circular.objects.get().text


def test_fifteen_days_late_make_a_draft_and_fourteen_do_not(cast, today):
    late(cast, today, 14)
    late(cast, today, 14, severity="major")
    assert drafting.draft_due(today) == 0
    assert drafting.draft_due(today + timedelta(days=1)) == 2
    assert drafts() == [
        ("circular", C.LONG_OVERDUE, cast.city.authority, cast.county.authority),
        ("summons", C.MAJOR_LONG_OVERDUE, cast.city.authority, cast.home),
    ]


def test_two_orders_without_result_summon_the_county(cast, today):
    for _ in range(2):
        order = supervised(hazard_in(cast, S.RECTIFYING), cast.county)
        SupervisionOrder.objects.filter(pk=order.pk).update(
            plan_due_on=today - timedelta(days=20), due_on=today - timedelta(days=1)
        )
    assert drafting.draft_due(today) == 1
    assert drafts() == [("summons", C.SUPERVISION_LATE, cast.city.authority, cast.county.authority)]


def test_looking_again_drafts_nothing_new_until_a_month_has_passed(cast, today):
    late(cast, today, 1, 3)
    assert [drafting.draft_due(today) for _ in range(3)] == [1, 0, 0]
    draft = Circular.objects.get()
    summoning.drop(draft, by=cast.city, reason="数据有误，正在核对")
    assert drafting.draft_due(today) == 0
    later = timezone.now() + timedelta(days=drafting.QUIET_DAYS + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drafting.timezone, "now", lambda: later)
        assert drafting.draft_due(today) >= 1


def test_nobody_is_told_of_a_draft_and_the_addressee_does_not_see_it(cast, today):
    late(cast, today, 1, 3)
    told = Notice.objects.count()
    drafting.draft_due(today)
    draft = Circular.objects.get()
    assert Notice.objects.count() == told
    assert list(Circular.objects.visible_to(cast.county)) == []
    assert as_client(cast.county).get(f"/hazards/records/circular/{draft.pk}/").status_code == 404
    for actor in (cast.city, cast.province, cast.auditor):
        assert list(Circular.objects.visible_to(actor)) == [draft]
    stranger = Cast(make_place(province=cast.place.province))
    assert list(Circular.objects.visible_to(stranger.city)) == []


def test_the_threshold_is_data_of_the_province(cast, today):
    late(cast, today, 1, 2)
    client = as_client(cast.province)
    data = {"cause": "county_overdue", "threshold": "2"}
    assert client.post("/hazards/drafting-rules/", data).status_code == 302
    assert drafting.draft_due(today) == 1
    assert list(DraftingRuleChange.objects.values_list("cause", "threshold", "by")) == [
        ("county_overdue", 2, cast.province.user.pk)
    ]
    assert client.get("/hazards/drafting-rules/").status_code == 200
    assert client.post("/hazards/drafting-rules/", data | {"threshold": "0"}).status_code == 422
    with pytest.raises(PermissionDenied):
        policies.set_drafting_rule(by=cast.city, cause="county_overdue", threshold=1)


def test_an_official_looks_for_drafts_in_their_own_region_only(cast, today):
    other = Cast(make_place(province=cast.place.province))
    for one in (cast, other):
        late(one, today, 1, 3)
    assert as_client(cast.city).post("/hazards/records/look/").status_code == 302
    assert [place for *_, place in drafts()] == [cast.county.authority]
    assert as_client(cast.county).post("/hazards/records/look/").status_code == 403


# --- a circular ------------------------------------------------------------------------------------------------


def test_a_circular_is_confirmed_told_and_answered_in_five_working_days(cast, today):
    draft = draft_to_county(cast)
    url = f"/hazards/records/circular/{draft.pk}"
    data = {"version": "1", "key": str(uuid.uuid4()), "document_number": "市通〔2026〕1号", "title": draft.title,
            "text": draft.text}  # fmt: skip
    assert as_client(cast.city2).post(f"{url}/issue/", data).status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.issued_by, draft.feedback_due_on) == (
        "issued", cast.city2.user, deadlines.workdays_from(today, 5).on,
    )  # fmt: skip
    told = Notice.objects.filter(subject__startswith="收到通报").values_list("recipient", flat=True)
    assert set(told) == {cast.county.user.pk, cast.county2.user.pk}
    page = as_client(cast.county).get(f"{url}/")
    assert [item["action"] for item in page.context["actions"]] == ["answer"]
    data = {"version": draft.version, "key": str(uuid.uuid4()), "feedback": "已逐条落实责任人，月底前改完。"}
    assert as_client(cast.county).post(f"{url}/answer/", data).status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.feedback_by) == ("answered", cast.county.user)
    assert dues.feedback(draft).due_on is None
    assert as_client(cast.county).get(f"{url}/answer/").status_code == 409


def test_the_issuing_side_records_feedback_that_came_on_paper(cast):
    row = summoning.answer(issued(cast), by=cast.city, feedback="书面反馈已收到，见附件。")
    assert row.feedback_by == cast.city.user


def test_nobody_but_the_issuing_authority_confirms(cast):
    draft = draft_to_county(cast)
    for actor in (cast.county, cast.province, cast.auditor, cast.manager):
        with pytest.raises(PermissionDenied):
            summoning.issue(draft, by=actor, document_number="1号", title=draft.title, text=draft.text)
    assert as_client(cast.province).get(f"/hazards/records/circular/{draft.pk}/issue/").status_code == 403


def test_two_who_decide_differently_over_a_draft_have_one_winner(cast):
    draft = draft_to_county(cast)
    summoning.drop(draft, by=cast.city, reason="数据有误，正在核对", version=1)
    with pytest.raises(Conflict, match="不予发出"):
        summoning.issue(
            draft, by=cast.city2, document_number="1号", title=draft.title, text=draft.text, version=1
        )


def test_a_number_used_before_is_answered_in_words(cast):
    issued(cast)
    draft = draft_to_county(cast)
    data = {"version": "1", "key": str(uuid.uuid4()), "document_number": "市通〔2026〕1号", "title": draft.title,
            "text": draft.text}  # fmt: skip
    response = as_client(cast.city).post(f"/hazards/records/circular/{draft.pk}/issue/", data)
    assert (response.status_code, response.context["form"].non_field_errors()) == (
        422, ["这个文号本单位已经用过，请核对。"],
    )  # fmt: skip


# --- a summons -------------------------------------------------------------------------------------------------


def test_feedback_on_a_summons_is_owed_from_the_day_it_was_held(cast, today):
    row = issued(cast, Summons)
    assert row.feedback_due_on is None
    with pytest.raises(PermissionDenied, match="约谈进行之后"):
        summoning.answer(row, by=cast.county, feedback="还没有约谈")
    row = summoning.minute(
        row, by=cast.city, held_on=today, attendees="市局王海燕；县局陈晓明", minutes="约谈了整改不力的原因。"
    )
    assert row.feedback_due_on == deadlines.workdays_from(today, 5).on
    with pytest.raises(PermissionDenied, match="已经记录"):
        summoning.minute(row, by=cast.city, held_on=today, attendees="再来", minutes="再记一次纪要")
    assert summoning.answer(row, by=cast.county, feedback="已落实责任人和时限。").state == "answered"


def test_a_summons_is_drafted_confirmed_and_minuted_through_its_pages(cast, today):
    client = as_client(cast.city)
    data = {"key": str(uuid.uuid4()), "kind": "summons", "addressee": cast.county.authority.pk,
            "title": "关于整改不力的约谈", "text": "多条重大隐患逾期，请说明原因。"}  # fmt: skip
    response = client.post("/hazards/records/new/", data)
    row = Summons.objects.get()
    assert response["Location"] == f"/hazards/records/summons/{row.pk}/"
    form = client.get(f"{response['Location']}issue/").context["form"]
    data = {"version": "1", "key": str(uuid.uuid4()), "document_number": "市约〔2026〕1号", "title": row.title,
            "text": row.text, "meets_at": "2026-12-01T09:30", "meets_where": "三楼会议室"}  # fmt: skip
    assert "meets_at" in form.fields
    assert client.post(f"{response['Location']}issue/", data).status_code == 302
    data = {"version": "2", "key": str(uuid.uuid4()), "held_on": today.isoformat(), "attendees": "王海燕、陈晓明",
            "minutes": "约谈了整改不力的原因和下一步安排。"}  # fmt: skip
    assert client.post(f"{response['Location']}minute/", data).status_code == 302
    row.refresh_from_db()
    assert (row.held_on, row.state) == (today, "issued")
    page = client.get("/hazards/records/?kind=summons")
    assert [r.pk for r in page.context["page"]] == [row.pk]


def test_an_institution_that_is_summoned_reads_and_answers_it(cast, today):
    late(cast, today, 15, severity="major")
    drafting.draft_due(today)
    draft, client = Summons.objects.get(), as_client(cast.manager)
    url = f"/hazards/records/summons/{draft.pk}/"
    assert client.get(url).status_code == 404
    row = summoning.issue(
        draft, by=cast.city, document_number="市约〔2026〕2号", title=draft.title, text=draft.text,
        meets_at=timezone.now(), meets_where="三楼会议室",
    )  # fmt: skip
    summoning.minute(
        row, by=cast.city, held_on=today, attendees="张三、李四", minutes="约谈了逾期原因和安排。"
    )
    told = Notice.objects.filter(subject__startswith="收到约谈").values_list("recipient", flat=True)
    assert set(told) == {cast.manager.user.pk, cast.safety.user.pk}
    assert [item["action"] for item in client.get(url).context["actions"]] == ["answer"]
    data = {"version": "3", "key": str(uuid.uuid4()), "feedback": "已落实资金，月底前改造完成。"}
    assert client.post(f"{url}answer/", data).status_code == 302
    assert client.get("/hazards/records/").status_code == 403


def test_one_only_summons_those_below(cast):
    elsewhere = Cast(make_place(province=cast.place.province))
    for addressee in (elsewhere.county.authority, cast.city.authority, cast.province.authority):
        with pytest.raises(PermissionDenied, match="只能约谈、通报下级民政部门"):
            drafting.draft_by_hand(
                by=cast.city, kind=Circular, addressee=addressee, title="标题", text="事由"
            )
    assert as_client(cast.county).get("/hazards/records/new/").status_code == 403


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'issued'", "issued_with_time_and_place"),
        ("state = 'dropped', dropped_at = now(), dropped_by_id = author_id", "state_with_facts"),
        ("addressee_id = authority_id", "one_addressee"),
        ("addressee_id = NULL", "one_addressee"),
        ("issued_at = now()", "(issued_pair|state_with_facts)"),
        ("minutes = 'x', minuted_at = now(), minuted_by_id = author_id", "minuted_with_facts"),
    ],
)
def test_the_database_refuses_half_a_record(cast, change, constraint):
    row = draft_to_county(cast, Summons)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE hazards_summons SET {change} WHERE id = %s", [row.pk])
