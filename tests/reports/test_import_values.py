"""What real ledgers write in their cells and headings, read without a database."""

from datetime import UTC, date, datetime

import pytest

from hazards.enums import Domain, HazardStatus, Severity, Source
from hazards.workflow import LABEL_FOR_INSTITUTION
from reports.imports.fields import FIELDS, field_of, guess, heading_key
from reports.imports.values import Unread, plain, read_day, read_word
from reports.layouts import LAYOUTS

DAY = date(2026, 3, 5)


@pytest.mark.parametrize(
    "written",
    [
        datetime(2026, 3, 5, 14, 30, tzinfo=UTC), DAY, 46086, "46086", "2026.3.5", "2026-03-05", "2026/3/5", "2026年3月5日", "2026年3月5号",
        "２０２６．３．５", "20260305", "2026-3-5 14:30", "2026-03-05T14:30:00", " 2026 年 3 月 5 日 ", "2026、3、5",
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_usual_spelling(written):
    assert read_day(written) == DAY


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("3月5日", "“3月5日”没有写年份，请写成 2026-3-5"),
        ("3.5", "“3.5”没有写年份，请写成 2026-3-5"),
        ("2026年3月", "“2026年3月”没有写到日，请写成 2026-3-5"),
        ("2026-2-30", "“2026-2-30”没有这一天"),
        ("2026.3.5-3.9", "“2026.3.5-3.9”看不出是哪一天，请写成 2026-3-5"),
        ("立即整改", "“立即整改”看不出是哪一天，请写成 2026-3-5"),
        ("12345", "“12345”看不出是哪一天，请写成 2026-3-5"),
    ],
)
def test_what_is_no_day_is_refused_with_what_to_write(written, words):
    with pytest.raises(Unread) as refused:
        read_day(written)
    assert str(refused.value) == words


def test_an_empty_cell_is_no_day():
    assert [read_day(value) for value in (None, "", "  ")] == [None] * 3


def test_every_word_of_our_own_sheets_is_read():
    for name, enum in (("domain", Domain), ("severity", Severity), ("source", Source)):
        assert [read_word(name, member.label) for member in enum] == enum.values
    said = {status: read_word("status", status.label) for status in HazardStatus}
    assert said == {
        "registered": "registered", "rectifying": "rectifying", "awaiting_verification": "rectifying",
        "verified": "rectifying", "closed": "closed", "voided": "voided",
    }  # fmt: skip
    assert {s: read_word("status", LABEL_FOR_INSTITUTION[s]) for s in HazardStatus} == said


@pytest.mark.parametrize(
    ("name", "word", "meant"),
    [
        ("severity", "一般事故隐患", "general"), ("severity", "重大火灾隐患", "major"), ("domain", "消防类", "fire"),
        ("domain", "用电安全", "energy"), ("source", "12345", "report"), ("status", "已整改", "said_done"),
        ("status", "未整改", "rectifying"), ("status", "误报", "voided"), ("is_closed", "已闭环", "closed"),
    ],
)  # fmt: skip
def test_words_of_real_ledgers_are_read(name, word, meant):
    assert read_word(name, word) == meant


def test_a_third_grade_does_not_exist():
    with pytest.raises(Unread, match="按国家标准只分：一般、重大"):
        read_word("severity", "较大隐患")


def test_each_heading_names_one_field():
    keys = [heading_key(words) for field in FIELDS for words in {field.label, *field.headings}]
    assert sorted(keys) == sorted(set(keys))


def test_headings_are_known_however_they_are_dressed():
    dressed = [
        "单位名称（盖章）",
        "存在的问题 / 隐患",
        "整改时限(年月日)",
        "检查 时间",
        "责 任 人",
        "序号",
        "监管部门",
    ]
    assert [field_of(heading)[0] for heading in dressed] == [
        "institution", "description", "due_on", "found_on", "responsible_person", "", "",
    ]  # fmt: skip


def test_what_was_said_before_comes_before_what_is_guessed():
    headings = {0: "单位", 1: "检查单位", 2: "问题", 3: "备注"}
    remembered = {heading_key("检查单位"): "institution", heading_key("备注"): ""}
    assert guess(headings, remembered) == {1: "institution", 2: "description"}


def test_columns_of_our_own_layouts_are_guessed_as_what_they_are():
    ledger = dict(enumerate(LAYOUTS["ledger"].labels))
    named = {ledger[column]: name for column, name in guess(ledger, {}).items()}
    assert named == {
        "隐患编号": "number", "发现日期": "found_on", "机构名称": "institution", "所在地区": "place", "具体部位": "location",
        "存在问题": "description", "隐患类别": "domain", "隐患等级": "severity", "隐患来源": "source", "判定依据": "basis",
        "临时管控措施": "interim_measures", "整改责任人": "responsible_person", "监管责任人": "officer", "整改期限": "due_on",
        "整改情况": "rectified_as", "实际投入（万元）": "spent", "状态": "status", "提交整改日期": "submitted_on",
        "验收人": "verified_by", "验收日期": "verified_on", "是否销号": "is_closed", "销号人": "closed_by",
        "销号日期": "closed_on", "备注": "remark",
    }  # fmt: skip
    major = dict(enumerate(LAYOUTS["major"].labels))
    named = {major[column]: name for column, name in guess(major, {}).items()}
    assert {named[h] for h in ("单位名称", "隐患基本情况（简述）", "隐患发现日期", "单位负责人")} == {
        "institution", "description", "found_on", "responsible_person",
    }  # fmt: skip


def test_copies_of_a_text_are_the_same_without_what_varies():
    assert plain("电线、私拉 乱接（二楼）。") == plain("电线私拉乱接(二楼)") == "电线私拉乱接二楼"
