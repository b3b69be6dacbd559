"""The data files and the command that loads them."""

import shutil
from collections import Counter
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from inspections import data_files
from inspections.actions import checklists as actions
from inspections.models import Checklist, ChecklistEvent, ChecklistItem, MajorSituation
from institutions.enums import Role
from tests.factories import make_actor, make_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(tmp_path):
    """The three data files in a folder where a test may change them, and the load command on them."""
    for name in ("checklists", "phrases", "major_situations"):
        shutil.copy(data_files.FOLDER / f"{name}.yaml", tmp_path)

    def load() -> str:
        said = StringIO()
        call_command(
            "load_checklists",
            checklists=tmp_path / "checklists.yaml",
            phrases=tmp_path / "phrases.yaml",
            situations=tmp_path / "major_situations.yaml",
            stdout=said,
        )
        return said.getvalue()

    def change(name: str, old: str, new: str):
        path = tmp_path / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    load.change = change
    return load


def versions():
    return sorted(Checklist.objects.values_list("code", "version", "status"))


FIRST = [(code, 1, "published") for code in ("CW", "FN", "MR", "NH", "RS")]


def test_the_groups_have_the_items_the_research_counted(files):
    files()
    found = Counter(ChecklistItem.objects.values_list("checklist__code", flat=True))
    assert found == {"NH": 93, "CW": 26, "RS": 23, "FN": 16, "MR": 8}
    assert found.total() == 166
    assert versions() == FIRST


def test_each_kind_is_asked_its_own_items(files):
    files()
    counts = {
        kind: ChecklistItem.objects.for_kind(kind).count()
        for kind in ("welfare_home", "funeral_home", "cemetery")
    }
    assert counts == {"welfare_home": 93, "funeral_home": 14, "cemetery": 9}


def test_every_item_has_phrases_a_subject_and_a_way_of_looking(files):
    files()
    poor = [i.code for i in ChecklistItem.objects.all() if not (i.phrases and i.subject and i.guidance)]
    assert poor == []


def test_an_unchanged_file_publishes_nothing(files):
    files()
    before = (versions(), ChecklistEvent.objects.count(), MajorSituation.objects.count())
    assert files() == ("检查表未变：NH、CW、RS、FN、MR\n重大事故隐患情形：新增或修订 0 条，未变 25 条。\n")
    assert (versions(), ChecklistEvent.objects.count(), MajorSituation.objects.count()) == before


def test_a_changed_item_makes_a_new_version_of_its_checklist_alone(files):
    files()
    files.change("checklists", "消防车通道和登高操作场地未被停车", "消防车道和登高操作场地未被停车")
    files.change("phrases", "电子档案没有备份", "电子档案没有异地备份")
    files()
    assert versions() == [
        ("CW", 1, "published"), ("FN", 1, "published"), ("MR", 1, "withdrawn"), ("MR", 2, "published"),
        ("NH", 1, "withdrawn"), ("NH", 2, "published"), ("RS", 1, "published"),
    ]  # fmt: skip
    texts = (
        ChecklistItem.objects.filter(code="NH-F03")
        .order_by("checklist__version")
        .values_list("text", flat=True)
    )
    assert [text[:4] for text in texts] == ["消防车通", "消防车道"]


def test_a_checklist_the_province_edits_is_loaded_as_a_draft_for_it_to_decide(files):
    files()
    official = make_actor(Role.PROVINCE_OFFICIAL, make_place().province)
    draft = actions.copy_to_draft(Checklist.objects.get(code="MR"), by=official)
    files.change("phrases", "电子档案没有备份", "电子档案没有异地备份")
    assert "未载入（有草稿正在修改，请先发布或弃用草稿）：MR" in files()
    actions.publish(draft, by=official)
    assert "已作为草稿载入（现行版本由省级修改过，请省级核对后发布）：MR" in files()
    assert "检查表未变：NH、CW、RS、FN、MR" in files()
    assert [v for v in versions() if v[0] == "MR"] == [
        ("MR", 1, "withdrawn"), ("MR", 2, "published"), ("MR", 3, "draft")
    ]  # fmt: skip


def test_a_situation_that_reads_differently_is_a_new_revision(files):
    files()
    files.change("major_situations", "text: 未配备安全检查门或金属探测器", "text: 未配备安全检查门")
    files.change("major_situations", "code: JZ-X-6", "code: JZ-X-7")
    assert files().endswith("重大事故隐患情形：新增或修订 2 条，未变 23 条。\n")
    found = MajorSituation.objects.filter(code__in=["JZ-X-3", "JZ-X-6", "JZ-X-7"])
    assert sorted(found.values_list("code", "revision", "is_current")) == [
        ("JZ-X-3", 1, False), ("JZ-X-3", 2, True), ("JZ-X-6", 1, False), ("JZ-X-7", 1, True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("checklists", "domain: 消防安全", "domain: 消防", "NH-F01"),
        ("checklists", "\n  severity: 一般", "\n  severity: 严重", "NH-F01"),
        ("checklists", "code: NH-F01", "code: XX-F01", "XX-F01"),
        ("checklists", "\nitems:", "\nthings:", "格式不对"),
        ("checklists", "\nitems:", "\nitems: [", "读不了文件"),
        ("phrases", "NH-F01:", "NH-F01x:", "NH-F01 没有典型隐患描述"),
        ("major_situations", "code: YL-4-1", "code: YL-4-2", "代码重复：YL-4-2"),
        ("major_situations", "    status: verified", "    status: inferred", "没有核对过的情形不能写条款号"),
        ("major_situations", "kinds: [child_welfare]", "kinds: [child_welfare]\n  region: '999'", "999"),
    ],
)
def test_a_wrong_file_is_refused_with_words_and_loads_nothing(files, name, old, new, words):
    files.change(name, old, new)
    with pytest.raises(CommandError, match=words):
        files()
    assert (Checklist.objects.count(), MajorSituation.objects.count()) == (0, 0)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(CommandError, match="读不了文件"):
        call_command("load_checklists", checklists=tmp_path / "none.yaml")


def test_situations_name_items_that_exist_and_fit_their_kinds(files):
    files()
    kinds = dict(ChecklistItem.objects.values_list("code", "kinds"))
    for situation in MajorSituation.objects.all():
        assert situation.item_codes, situation.code
        assert all(set(kinds[code]) <= set(situation.kinds) for code in situation.item_codes), situation.code


def test_the_status_of_every_situation_is_as_the_research_marked_it(files):
    files()
    clauses = dict(MajorSituation.objects.filter(status="verified").values_list("code", "clause"))
    assert clauses == {
        "YL-4-1": "第四条（一）", "YL-4-2": "第四条（二）", "YL-4-3": "第四条（三）", "YL-4-4": "第四条（四）",
        "YL-5-1": "第五条（一）", "YL-5-2": "第五条（二）", "YL-5-3": "第五条（三）", "ET-3-1": "第三条（一）",
    }  # fmt: skip
    assert Counter(MajorSituation.objects.values_list("status", flat=True)) == {
        "verified": 8, "partial": 7, "inferred": 10
    }  # fmt: skip
    needs = set(MajorSituation.objects.filter(needs_finding=True).values_list("code", flat=True))
    assert needs == {"YL-4-1", "YL-4-2", "JZ-X-2"}
