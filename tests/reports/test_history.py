"""历史台账: what had ended before is found by place, institution, words and day, a page at a time, and taken out as a file."""

from datetime import date

import pytest

from reports.models import ExportJob, PastHazard
from tests.factories import Cast, LedgerImportFactory, as_client, make_place
from tests.reports.exporting import content, sheet, table
from tests.reports.exporting import make_all as make_files

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]


@pytest.fixture
def cast():
    return Cast(name="青山养老院")


def kept(cast, count=1, *, brought=None, **fields) -> list[PastHazard]:
    """Rows of an old ledger of the cast's county that had ended."""
    brought = brought or LedgerImportFactory(asked_as=cast.county.membership, filename="旧台账.xlsx")
    facts = {
        "institution": cast.home, "of": brought, "description": "电线私拉乱接", "location": "二楼", "domain": "fire",
        "severity": "general", "standing": "closed", "found_on": date(2025, 3, 5), "ended_on": date(2025, 4, 1),
        "number": "甲1", "cells": {"单位名称": cast.home.name, "备注": "=1+1"}, "brought_by": cast.county.authority,
    }  # fmt: skip
    first = PastHazard.objects.count() + 2
    return [
        PastHazard.objects.create(uid=f"00000000-0000-0000-0000-{row:012d}", row=row, **facts | fields)
        for row in range(first, first + count)
    ]


def found(actor, **query) -> list[str]:
    page = as_client(actor).get("/imports/past/", query)
    assert page.status_code == 200
    return [row["description"] for row in page.context["rows"]]


def file_of(actor, format="xlsx", **query) -> ExportJob:
    key = "00000000-0000-0000-0000-0000000000aa"
    answer = as_client(actor).post(
        "/imports/past/export/", {"format": format, "key": key}, query_params=query
    )
    assert answer.status_code == 302, answer.content.decode()
    make_files()
    job = ExportJob.objects.get(pk=key)
    assert job.is_there, job.failure
    return job


def test_each_condition_finds_its_rows_and_no_others(cast):
    near = Cast(make_place(city=cast.place.city), name="东湖敬老院")
    job = kept(cast, found_on=date(2025, 3, 5))[0].of
    kept(cast, description="灭火器过期", found_on=date(2025, 5, 1), brought=job)
    kept(near, description="天窗漏雨", number="乙9")
    assert found(cast.city) == ["灭火器过期", "天窗漏雨", "电线私拉乱接"]
    assert found(cast.city, county=near.place.county.code) == ["天窗漏雨"]
    assert found(cast.city, county=cast.place.county.code, institution=cast.home.pk) == [
        "灭火器过期",
        "电线私拉乱接",
    ]
    assert found(cast.city, q="乙9") == ["天窗漏雨"]
    assert found(cast.city, q="青山") == ["灭火器过期", "电线私拉乱接"]
    assert found(cast.city, found_from="2025-04-01") == ["灭火器过期"]
    assert found(cast.city, found_to="2025-04-01", q="电线") == ["电线私拉乱接"]
    assert found(cast.city, **{"import": str(job.pk)}) == ["灭火器过期", "电线私拉乱接"]


def test_wrong_conditions_are_said_and_find_nothing(cast):
    kept(cast)
    client = as_client(cast.county)
    for query, words in (
        ({"found_from": "2025-05-01", "found_to": "2025-04-01"}, "结束日期不能早于开始日期。"),
        ({"found_from": "昨天"}, "请填写正确的日期"),
        ({"institution": "999999"}, "没有这个选项"),
        ({"import": "x"}, "没有这个选项"),
    ):
        page = client.get("/imports/past/", query)
        assert (page.context["rows"], words in page.content.decode()) == ([], True), query
        assert client.get("/imports/past/export/", query).status_code == 404


def test_an_import_of_another_county_is_no_choice(cast):
    near = Cast(make_place(city=cast.place.city), name="东湖敬老院")
    job = kept(near)[0].of
    page = as_client(cast.county).get("/imports/past/", {"import": str(job.pk)})
    assert (page.context["rows"], "旧台账.xlsx" in page.content.decode()) == ([], False)


def test_pages_lead_on_and_back_without_a_gap(cast):
    kept(cast, 65)
    client, seen, url = as_client(cast.county), [], "/imports/past/"
    while url:
        page = client.get(url)
        seen.append([row["id"] for row in page.context["rows"]])
        url = page.context["after_url"]
    assert [len(rows) for rows in seen] == [30, 30, 5]
    assert [pk for rows in seen for pk in rows] == sorted((pk for rows in seen for pk in rows), reverse=True)
    back = client.get(page.context["before_url"])
    assert [row["id"] for row in back.context["rows"]] == seen[1]
    lost = client.get("/imports/past/", {"after": "nonsense"})
    assert ("翻页位置已失效" in lost.content.decode(), len(lost.context["rows"])) == (True, 30)


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_the_file_has_the_rows_one_sees_word_for_word(cast, format):
    kept(cast)
    kept(cast, description="灭火器过期", severity="major", standing="said_done", ended_on=None)
    job = file_of(cast.county, format, q="灭火器")
    assert (job.layout, job.words, job.rows_done) == ("past", "查找：灭火器", 1)
    (row,) = table(cast.county, job)
    said = {
        name: row[name] for name in ("机构名称", "存在问题", "隐患等级", "原状态", "原编号", "原台账文件")
    }
    assert said == {
        "机构名称": "青山养老院", "存在问题": "灭火器过期", "隐患等级": "重大", "原状态": "原台账写已整改",
        "原编号": "甲1", "原台账文件": "旧台账.xlsx",
    }  # fmt: skip
    assert row["原台账全文"] == "备注：=1+1；单位名称：青山养老院"
    assert list(job.events.order_by("id").values_list("act", "what", "rows")) == [
        ("asked", f"历史台账（{job.get_format_display()}）", None),
        ("made", f"历史台账（{job.get_format_display()}）", 1),
        ("opened", f"历史台账（{job.get_format_display()}）", 1),
    ]


def test_the_file_says_who_took_it_out_and_opens_for_nobody_else(cast):
    kept(cast)
    job = file_of(cast.county)
    assert cast.county.user.name in sheet(cast.county, job)["A2"].value
    assert as_client(cast.county2).get(f"/exports/{job.pk}/file/").status_code == 404
    page = as_client(cast.county).get(f"/exports/{job.pk}/").content.decode()
    assert 'href="/imports/past/"' in page


def test_the_file_has_nothing_of_another_county(cast):
    near = Cast(make_place(city=cast.place.city), name="东湖敬老院")
    kept(cast)
    kept(near, description="天窗漏雨")
    job = file_of(cast.county, "csv")
    assert ("天窗漏雨" in content(cast.county, job).decode("utf-8-sig"), job.rows_done) == (False, 1)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_few_statements(cast, count, django_assert_num_queries):
    kept(cast, count)
    client = as_client(cast.county)
    client.get("/imports/past/")
    with django_assert_num_queries(8):
        client.get("/imports/past/")
