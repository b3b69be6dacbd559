"""工作日历 in the browser: everybody looks, the province changes after seeing what would move."""

from datetime import date

import pytest
import time_machine

from tests.factories import Cast, as_client
from tests.workdays.made import MADE_UP_2027, seed_calendar
from workdays import dependents
from workdays.calendar import is_workday
from workdays.dependents import Dependent
from workdays.models import CalendarChange, CalendarYear

pytestmark = pytest.mark.django_db
DAY = "/workdays/days/2026-08-12/"
FORM = {"kind": "holiday", "name": "防汛", "reason": "省政府办公厅通知（测试）"}
NOTICE = {"year": "2027", "source": "国办发明电〔测试〕1号", "text": MADE_UP_2027}


@pytest.fixture(autouse=True)
def _autumn():
    with time_machine.travel("2026-11-22T02:00:00Z", tick=False):
        seed_calendar()
        yield


@pytest.fixture
def cast():
    return Cast()


def confirmed(client, url: str, form: dict) -> dict:
    """The form as the preview sends it again."""
    context = client.post(url, form).context
    return form | {"previewed": context["form"].digest, "version": context["version"]}


def test_the_year_shows_its_holidays_and_workdays(cast):
    text = as_client(cast.manager).get("/workdays/?year=2026").text
    assert "248 个工作日" in text
    assert "2月15日至2月23日放假 9 天；2月14日、2月28日上班" in text
    assert text.count('class="month"') == 12
    assert "录入放假通知" not in text


@pytest.mark.parametrize("year", ["", "x", "99999", "0", "２０２６", "-1", "²²²²", "0000", "9999"])
def test_a_year_that_is_none_is_no_fault(cast, year):
    assert as_client(cast.county).get("/workdays/", {"year": year}).status_code == 200


def test_a_missing_year_says_so(cast):
    assert "2027 年的节假日安排还没有维护" in as_client(cast.county).get("/workdays/?year=2027").text


def test_counting_shows_the_days_and_why(cast):
    text = as_client(cast.county).get("/workdays/?start=2026-09-24&n=3").text
    assert "2026年9月30日" in text
    assert "不计入：9月25日至9月27日中秋节放假。" in text


def test_counting_into_a_missing_year_is_told_not_guessed(cast):
    text = as_client(cast.county).get("/workdays/?start=2026-12-30&n=5").text
    assert "2027 年的节假日安排还没有维护。" in text
    assert "strip-of-days" not in text


@pytest.mark.parametrize(
    "asked",
    [{"n": "5"}, {"n": "x", "start": "2026-01-01"}, {"n": "99999999999", "start": "2026-01-01"},
     {"n": "1", "start": "0001-01-01"}, {"n": "1", "start": "9999-12-31"}, {"n": "-400", "start": "2025-01-02"}],
)  # fmt: skip
def test_counting_with_anything_is_no_fault(cast, asked):
    assert as_client(cast.county).get("/workdays/", asked).status_code == 200


@pytest.mark.parametrize("on", ["2027-01-01", "2026-02-30", "x", "20260101"])
def test_a_day_that_is_not_in_the_calendar_is_not_found(cast, on):
    client = as_client(cast.province)
    expected = 200 if on == "20260101" else 404
    assert client.get(f"/workdays/days/{on}/").status_code == expected


def test_a_day_is_previewed_then_saved(cast, monkeypatch):
    seen = Dependent("未办结的期限", count_moved=lambda proposal: 37)
    monkeypatch.setattr(dependents, "DEPENDENTS", {"test": seen})
    client = as_client(cast.province)
    preview = client.post(DAY, FORM)
    assert preview.status_code == 200
    assert "未办结的期限：37 个日期会随之变动。" in preview.text
    assert "由“工作日”改为“防汛放假”" in preview.text
    assert is_workday(date(2026, 8, 12))
    saved = client.post(DAY, confirmed(client, DAY, FORM))
    assert (saved.status_code, saved["Location"]) == (302, "/workdays/?year=2026")
    assert not is_workday(date(2026, 8, 12))
    page = client.get(saved["Location"]).text
    assert "2026年8月12日：工作日改为防汛放假" in page


def test_what_was_not_previewed_is_not_saved(cast):
    client = as_client(cast.province)
    changed = confirmed(client, DAY, FORM) | {"reason": "另有一个原因"}
    assert client.post(DAY, changed).status_code == 200
    assert not CalendarChange.objects.exists()


def test_a_form_without_reason_or_name_comes_back(cast):
    client = as_client(cast.province)
    for wrong in ({"reason": ""}, {"name": ""}, {"kind": "swap_workday"}, {"kind": "x"}, {"reason": "略"}):
        assert client.post(DAY, FORM | wrong).status_code == 422


def test_a_change_by_somebody_else_in_between_is_a_conflict_that_keeps_the_words(cast):
    client = as_client(cast.province)
    form = confirmed(client, DAY, FORM)
    other = "/workdays/days/2026-08-13/"
    client.post(other, confirmed(client, other, FORM))
    answer = client.post(DAY, form)
    assert answer.status_code == 409
    assert FORM["reason"] in answer.text


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
def test_a_made_up_version_is_no_fault(cast, version):
    client = as_client(cast.province)
    assert client.post(DAY, confirmed(client, DAY, FORM) | {"version": version}).status_code in (409, 422)


def test_a_notice_is_previewed_then_saved(cast):
    client = as_client(cast.province)
    preview = client.post("/workdays/notice/", NOTICE)
    assert "新增 2027 年" in preview.text
    assert not CalendarYear.objects.filter(year=2027).exists()
    saved = client.post("/workdays/notice/", confirmed(client, "/workdays/notice/", NOTICE))
    assert (saved.status_code, saved["Location"]) == (302, "/workdays/?year=2027")
    assert client.get(saved["Location"]).text.count('class="month"') == 12


def test_line_ends_do_not_unsettle_the_preview(cast):
    client = as_client(cast.province)
    form = confirmed(client, "/workdays/notice/", NOTICE | {"text": MADE_UP_2027.replace("\n", "\r\n")})
    assert client.post("/workdays/notice/", form | {"text": MADE_UP_2027}).status_code == 302


def test_a_notice_with_mistakes_comes_back_with_its_lines(cast):
    text = MADE_UP_2027.replace("6月9日（周三）", "6月9日（周四）")
    answer = as_client(cast.province).post("/workdays/notice/", NOTICE | {"text": text})
    assert answer.status_code == 422
    assert "第 5 行：2027 年 6月9日是周三，不是周四，请核对年份。" in answer.text


def test_the_calendar_costs_the_same_for_any_year(cast, django_assert_num_queries):
    client = as_client(cast.county)
    client.get("/workdays/")
    for year in (2025, 2026):
        with django_assert_num_queries(QUERIES):
            client.get(f"/workdays/?year={year}")


QUERIES = 10
