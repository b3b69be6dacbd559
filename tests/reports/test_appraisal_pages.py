"""The pages of 考核: who sees which table, what is a link for whom, what a refused form says, what it costs."""

import io
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from common.http import Conflict
from reports.appraisals import drawing_up, publishing
from reports.models import Appraisal, AppraisalEvent, AppraisalMark, AppraisalRow, VetoDecision
from tests.factories import Cast, as_client, make_place
from tests.hazards.test_matter_races import race
from tests.reports.appraising import day_in, drafted, last_month, published, rules
from tests.reports.made import put
from tests.reports.test_appraisals import veto_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def code():
    return last_month(timezone.localdate())


@pytest.fixture
def city(code):
    """Two counties of a city and one of another, each with a canary in its hazard and institution."""
    first = Cast(name="本县标记院")
    first.second = Cast(make_place(city=first.place.city), name="邻县标记院")
    first.third = Cast(make_place(province=first.place.province), name="外市标记院")
    for cast, count in ((first, 3), (first.second, 5), (first.third, 7)):
        words = {"description": f"{cast.home.name}隐患", "found_on": day_in(code)}
        put(cast, "closed", count, **words)
        put(cast, "rectifying", 1, **words, severity="major", due_on=day_in(code))
    return first


def decide_all(appraisal, by, reason="经核查情况属实"):
    for flag in drawing_up.vetoes.flags_of(
        appraisal, by, drawing_up.ranked(appraisal.region, timezone.localdate()), drawing_up.terms.term(appraisal.period),
        timezone.localdate(),
    ):  # fmt: skip
        seen = {entry["hazard"] for entry in flag.evidence}
        drawing_up.decide(
            appraisal, by=by, region=flag.region, kind=flag.kind, is_confirmed=True, reason=reason, seen=seen
        )


@pytest.fixture
def vetoed(city, code):
    """The city's published table, both counties vetoed over a hazard of theirs."""
    appraisal = drafted(city.city, code, veto_rules(major_late=1))
    decide_all(appraisal, city.city)
    return publishing.publish(appraisal, by=city.city, document_number="1号")


def page(actor, appraisal, what=""):
    return as_client(actor).get(f"/dashboard/appraisals/{appraisal.pk}/{what}")


def links(response) -> list[str]:
    return [
        cell.url
        for line in response.context["lines"]
        for number in line.numbers
        for cell in (number.part, number.whole)
        if cell.url
    ]


def test_a_ranked_county_sees_every_row_and_drills_only_into_its_own(city, vetoed):
    response = page(city.county, vetoed)
    assert [line.standing.name for line in response.context["lines"]] == [
        city.second.place.county.name,
        city.place.county.name,
    ]
    mine = city.place.county.code
    assert {url.split("region=")[1].split("&")[0] for url in links(response)} == {mine}
    text = response.content.decode()
    assert ("本县标记院" in text, "邻县标记院" in text, text.count("重大隐患长期逾期未督办")) == (
        True,
        False,
        2,
    )
    rows = as_client(city.county).get(links(response)[0])
    assert (rows.status_code, rows.context["count"]) == (200, 3)


def test_the_city_and_the_province_see_the_evidence_of_every_row(city, vetoed):
    for actor in (city.city, city.province, city.auditor):
        response = page(actor, vetoed)
        assert ("本县标记院" in response.content.decode(), "邻县标记院" in response.content.decode()) == (
            True,
            True,
        )
        assert len(links(response)) == 4


@pytest.mark.parametrize("what", ["", "print/", "file/"])
def test_nobody_else_sees_a_table_and_drafts_stay_where_they_are_made(city, vetoed, code, what):
    draft = drafted(city.province, code, rules(closure=100))
    status = {
        who: [page(actor, appraisal, what).status_code for appraisal in (vetoed, draft)]
        for who, actor in {
            "province": city.province, "city": city.city, "county": city.county, "next county": city.second.county,
            "other city": city.third.city, "other county": city.third.county, "patrol": city.township,
            "manager": city.manager, "liaison": city.liaison, "system": city.system_admin,
        }.items()
    }  # fmt: skip
    assert status == {
        "province": [200, 200], "city": [200, 404], "county": [200, 404], "next county": [200, 404],
        "other city": [404, 404], "other county": [404, 404], "patrol": [403, 403],
        "manager": [403, 403], "liaison": [403, 403], "system": [403, 403],
    }  # fmt: skip


def test_the_list_shows_the_same(city, vetoed, code):
    drafted(city.province, code, rules(closure=100))
    counts = {
        who: len(as_client(getattr(city, who)).get("/dashboard/appraisals/").context["appraisals"])
        for who in ("province", "city", "county", "auditor")
    }
    assert counts == {"province": 2, "city": 1, "county": 1, "auditor": 2}
    assert len(as_client(city.third.county).get("/dashboard/appraisals/").context["appraisals"]) == 0


def test_a_county_may_change_nothing(city, vetoed):
    client = as_client(city.county)
    for what in ("rules", "veto", "publish", "drop", "revise"):
        assert client.post(f"/dashboard/appraisals/{vetoed.pk}/{what}/").status_code == 403
    assert client.get("/dashboard/appraisals/new/").status_code == 403
    assert "修改规则" not in page(city.county, vetoed).content.decode()


# --- forms ---------------------------------------------------------------------------------------------------


def typed(form) -> dict:
    """What a browser sends of a form as it came."""
    return {name: "" if (value := form[name].value()) is None else str(value) for name in form.fields}


def test_the_rules_are_checked_and_what_was_typed_is_kept(city, code):
    client, appraisal = as_client(city.city), drawing_up.start(by=city.city, period=code)
    url = f"/dashboard/appraisals/{appraisal.pk}/rules/"
    good = typed(client.get(url).context["form"])
    for wrong, said in (
        ({"closure_weight": "19"}, "权重合计应为 100，现在是 99。"),
        ({"closure_full": "50"}, "满分线应高于零分线"),
        ({"recurrence_full": "20"}, "满分线应低于零分线"),
        ({"closure_least": "0"}, "没有样本就没有比率"),
        ({"closure_zero": ""}, "这一项要填"),
        ({"closure_full": "101"}, "100"),
        ({"veto_came_back": "-1"}, "0"),
    ):
        response = client.post(url, good | wrong)
        assert (response.status_code, said in response.content.decode()) == (422, True), wrong
        (name, value), *_ = wrong.items()
        assert response.context["form"][name].value() == value
    changed = good | {"closure_weight": "0", "rectified_weight": "20", "veto_came_back": ""}
    assert client.post(url, changed).status_code == 302
    assert set(appraisal.items.values_list("indicator", flat=True)) >= {"rectified"}
    assert set(appraisal.veto_rules.values_list("kind", flat=True)) == {"major_late", "order_late"}
    late = client.post(url, good | {"note": "我写的说明"})
    assert (late.status_code, "我写的说明" in late.content.decode()) == (409, True)


def test_a_flag_is_decided_on_its_page_and_the_table_published(city, code):
    client, appraisal = as_client(city.city), drafted(city.city, code, veto_rules(major_late=1))
    base, county = f"/dashboard/appraisals/{appraisal.pk}", city.place.county.code
    url = f"{base}/veto/?region={county}&kind=major_late"
    form = typed(client.get(url).context["form"])
    refused = client.post(url, form | {"is_confirmed": "yes", "reason": "短"})
    assert (refused.status_code, "至少 5 个字" in refused.content.decode()) == (422, True)
    assert (
        client.post(url, form | {"is_confirmed": "no", "reason": "设备到货推迟，已报批"}).status_code == 302
    )
    early = client.post(f"{base}/publish/", {"edition": 2, "document_number": "1号"})
    assert (early.status_code, "还有 1 项一票否决情形没有认定" in early.content.decode()) == (422, True)
    decide_all(appraisal, city.city)
    stale = client.post(f"{base}/publish/", {"edition": 2, "document_number": "1号"})
    assert stale.status_code == 409
    seen = Appraisal.objects.get(pk=appraisal.pk).edition
    assert client.post(f"{base}/publish/", {"edition": seen, "document_number": "1号"}).status_code == 302
    assert client.get(f"{base}/rules/").status_code == 409
    assert (AppraisalRow.objects.count(), AppraisalMark.objects.count()) == (2, 2)


def test_a_region_or_kind_that_is_not_there_is_404(city, code):
    client, appraisal = as_client(city.city), drafted(city.city, code, rules(closure=100))
    for query in (
        "",
        f"region={city.third.place.county.code}&kind=other",
        f"region={city.place.county.code}&kind=x",
    ):
        assert client.get(f"/dashboard/appraisals/{appraisal.pk}/veto/?{query}").status_code == 404


def test_a_draft_is_started_revised_and_dropped_in_the_browser(city, vetoed, code):
    client = as_client(city.city)
    wrong = client.post("/dashboard/appraisals/new/", {"period": "2026-13"})
    assert wrong.status_code == 422
    revised = client.post(f"/dashboard/appraisals/{vetoed.pk}/revise/")
    draft = Appraisal.objects.get(state="draft")
    assert (revised.url, draft.version) == (f"/dashboard/appraisals/{draft.pk}/", 2)
    assert VetoDecision.objects.filter(appraisal=draft).count() == 2
    assert client.post("/dashboard/appraisals/new/", {"period": code}).status_code == 409
    assert client.post(f"/dashboard/appraisals/{draft.pk}/drop/").status_code == 302
    assert client.get(revised.url).status_code == 404


# --- file and cost -------------------------------------------------------------------------------------------


def test_the_file_says_what_the_table_says_and_who_took_it(city, vetoed):
    city.county.user.name = "=HYPERLINK(1)"
    city.county.user.save()
    response = page(city.county, vetoed, "file/")
    sheet = load_workbook(io.BytesIO(response.content)).active
    lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert lines[0][:5] == ["名次", "地区", "得分", "参评权重", "一票否决"]
    first = city.second.place.county.name
    assert lines[1] == [None, first, 83.33, 100, "重大隐患长期逾期未督办", "83.3%", 5, 6, 83.33]
    assert lines[-1][1].startswith("导出：=HYPERLINK(1)")
    assert "邻县标记院" not in str(lines)
    assert AppraisalEvent.objects.filter(act="exported", by=city.county.user).count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_table_costs_the_same_however_many_are_ranked(city, code, count):
    for _ in range(count):
        put(Cast(make_place(city=city.place.city)), "closed", count, found_on=day_in(code))
    draft = drafted(city.city, code, veto_rules(major_late=1))
    frozen = published(city.province, code, rules(closure=100))
    # session, user, posts, read only, the row; then what the table is made of, versions, trace, bell, banners (3)
    for actor, appraisal, expected in (
        (city.city, draft, 17),
        (city.city, frozen, 14),
        (city.province, frozen, 15),
    ):
        client = as_client(actor)
        client.get("/dashboard/appraisals/")  # the session notes that it was seen
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/dashboard/appraisals/{appraisal.pk}/").status_code == 200
        assert len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) == expected


# --- races ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_published_twice_at_once_it_is_published_once(city, code):
    appraisal = drafted(city.city, code, rules(closure=100))
    answers = race(
        *(
            partial(publishing.publish, appraisal, by=by, document_number=number, edition=1)
            for by, number in ((city.city, "1号"), (city.city2, "2号"))
        )
    )
    assert sorted(isinstance(answer, Appraisal) for answer in answers) == [False, True]
    assert Conflict in answers
    assert (AppraisalRow.objects.count(), AppraisalEvent.objects.filter(act="published").count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_an_edit_during_publication_is_in_the_table_or_refused(city, code):
    for _ in range(5):
        appraisal = drafted(city.city, code, rules(closure=100))
        answers = race(
            partial(publishing.publish, appraisal, by=city.city, document_number=f"{appraisal.pk}号", edition=1,
                    reason="数据更正，重新计分"),
            partial(drawing_up.edit, appraisal, by=city.city2, rules=rules(on_time=100), edition=1),
        )  # fmt: skip
        assert answers.count(Conflict) == 1
        marks = AppraisalMark.objects.filter(row__appraisal=appraisal)
        if answers[0] is Conflict:
            assert marks.count() == 0
            drawing_up.drop(appraisal, by=city.city)
        else:
            assert [m.item.indicator for m in marks.select_related("item")] == ["closure"] * 2
