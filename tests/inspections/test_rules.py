"""What may be shown as law, and what a failed item proposes. No database."""

from datetime import date
from types import SimpleNamespace

import pytest

from inspections import rules
from inspections.data_files import FOLDER, read_checklists
from inspections.models import ChecklistItem, MajorSituation

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def items():
    """All 166 items of the data file, unsaved."""
    loaded = read_checklists(FOLDER / "checklists.yaml", FOLDER / "phrases.yaml")
    return {item["code"]: ChecklistItem(**item) for checklist in loaded for item in checklist.items}


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("《消防法》(2021修正)第十六条（二）", "《消防法》(2021修正)"),
        ("《个人信息保护法》第二十八条、第三十一条", "《个人信息保护法》"),
        (
            "《养老机构消防安全管理规定》(民发〔2023〕37号)一、（三）",
            "《养老机构消防安全管理规定》(民发〔2023〕37号)",
        ),
        (
            "GB 38600-2019《养老机构服务安全基本规范》第6章（防跌倒）",
            "GB 38600-2019《养老机构服务安全基本规范》",
        ),
        ("GB/T 29354-2012《救助管理机构安全》4.1", "GB/T 29354-2012《救助管理机构安全》"),
        (
            "《养老机构重大事故隐患判定标准》(2023)（日常管理类，项号待核）",
            "《养老机构重大事故隐患判定标准》(2023)",
        ),
        (
            "《养老机构重大事故隐患判定标准》(2023)第六条（推定，项号待核）",
            "《养老机构重大事故隐患判定标准》(2023)",
        ),
        ("JGJ 450-2018", "JGJ 450-2018"),
        ("《儿童福利机构管理办法》(2026-04-01起施行)", "《儿童福利机构管理办法》(2026-04-01起施行)"),
        ("国办函〔2026〕14号转发《意见》", "国办函〔2026〕14号转发《意见》"),
    ],
)
def test_a_reference_is_the_document_without_its_article(text, title):
    assert rules.document_only(text) == title
    assert not rules.names_article(title)


@pytest.mark.parametrize(
    ("text", "status", "is_verified"),
    [
        ("《消防法》(2021修正)第二十八条", "verified", True),
        ("《消防法》(2021修正)第二十八条", "partial", False),
        ("《消防法》(2021修正)第二十八条", "knowledge", False),
        ("《机关、团体、企业、事业单位消防安全管理规定》(公安部令第61号)", "verified", False),
        ("《养老机构重大事故隐患判定标准》(2023)第六条（推定，项号待核）", "verified", False),
    ],
)
def test_a_basis_is_verified_when_its_article_was_read(text, status, is_verified):
    assert rules.basis_row(text, status) == {"text": text, "is_verified": is_verified}


def test_an_item_shows_laws_first_and_each_document_once():
    item = SimpleNamespace(bases=[
        {"text": "《消防法》(2021修正)第十六条", "is_verified": False},
        {"text": "《消防法》(2021修正)第二十八条", "is_verified": True},
        {"text": "《传染病防治法》第五条", "is_verified": False},
    ])  # fmt: skip
    assert [str(basis) for basis in rules.bases(item)] == [
        "《消防法》(2021修正)第二十八条", "《传染病防治法》（参考，依据待核）"
    ]  # fmt: skip
    assert rules.law_of(item) == "《消防法》(2021修正)第二十八条"


def test_doubtful_words_are_never_law_whatever_the_row_says():
    item = SimpleNamespace(bases=[{"text": "《标准》第六条（推定，项号待核）", "is_verified": True}])
    assert [str(basis) for basis in rules.bases(item)] == ["《标准》（参考，依据待核）"]


def test_the_starred_items_are_those_the_research_confirmed(items):
    assert sorted(code for code, item in items.items() if rules.is_confirmed_major(item)) == [
        "CW-B01", "CW-F05", "NH-B01", "NH-B04", "NH-B06", "NH-B07", "NH-F15", "NH-F16", "NH-H01", "NH-S01",
        "RS-B01", "RS-B03", "RS-B04", "RS-F01", "RS-F02",
    ]  # fmt: skip


def test_no_basis_of_any_item_shows_an_article_that_was_not_read(items):
    assert len(items) == 166
    for code, item in items.items():
        verified = {row["text"] for row in item.bases if row["is_verified"]}
        for basis in rules.bases(item):
            assert not rules.has_doubt(basis.text), code
            assert basis.is_law or not rules.names_article(basis.text), code
        assert {basis.text for basis in rules.bases(item) if basis.is_law} == verified, code


# --- 重大隐患判定 ----------------------------------------------------------------------------------------


def situation(**fields):
    defaults = {
        "code": "S", "status": "verified", "item_codes": ["NH-F16"], "needs_finding": False, "standard": "《标准》",
        "version": "2023", "clause": "第四条（三）", "finding_bodies": "", "effective_from": None, "effective_to": None,
    }  # fmt: skip
    return MajorSituation(**defaults | fields)


def test_a_read_situation_proposes_major_for_its_item(items):
    listed = situation()
    assert rules.proposals(items["NH-F16"], [listed], TODAY) == [rules.Proposal(listed, True)]
    assert rules.default_severity(items["NH-F16"], [listed], TODAY) == "major"
    assert rules.proposals(items["NH-F17"], [listed], TODAY) == []
    assert rules.default_severity(items["NH-F17"], [listed], TODAY) == "general"


@pytest.mark.parametrize("fields", [{"status": "inferred", "clause": ""}, {"needs_finding": True}])
def test_what_is_inferred_or_for_others_to_find_is_not_major_by_itself(items, fields):
    assert rules.default_severity(items["NH-F16"], [situation(**fields)], TODAY) == "general"


@pytest.mark.parametrize(
    ("starts", "ends", "applies"),
    [
        (None, None, True),
        (TODAY, TODAY, True),
        (date(2026, 11, 22), None, False),
        (None, date(2026, 11, 20), False),
    ],
)
def test_a_standard_is_judged_by_while_it_is_in_force(items, starts, ends, applies):
    listed = situation(effective_from=starts, effective_to=ends)
    assert bool(rules.proposals(items["NH-F16"], [listed], TODAY)) is applies


def test_a_clause_is_shown_for_a_verified_situation_alone():
    assert str(rules.situation_words(situation())) == "《标准》（2023）第四条（三）"
    for status in ("partial", "inferred"):
        assert str(rules.situation_words(situation(status=status))) == "《标准》（2023）（参考，依据待核）"


def refused(**fields):
    said = {"situation": None, "competent_body": "", "document_number": "", "participants": "", "opinion": ""}
    return sorted(rules.refuse_judgement(**said | fields))


def test_a_competent_bodys_finding_needs_its_name_and_document():
    listed = situation(needs_finding=True, finding_bodies="消防部门")
    assert refused(situation=listed) == ["competent_body", "document_number"]
    assert refused(situation=listed, competent_body="县消防大队", document_number=" ") == ["document_number"]
    assert refused(situation=listed, competent_body="县消防大队", document_number="3号") == []
    assert refused(situation=situation()) == []


def test_a_consultation_needs_two_people_and_an_opinion():
    assert refused() == ["opinion", "participants"]
    assert refused(participants="王建国", opinion="一致判定为重大") == ["participants"]
    assert refused(participants="王建国、李红", opinion="一致判定为重大") == []
