"""A ledger kept in Excel comes in: columns matched, every row judged, errors in the person's own sheet, once."""

import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import openpyxl
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError
from django.utils import timezone

from clocks.models import Clock
from hazards.actions import taking_over
from hazards.models import Hazard
from institutions.enums import Role
from notifications.models import Notice
from reports import summary
from reports.imports import asking, working, writing
from reports.imports.working import work_all
from reports.leases import Claim
from reports.models import ImportedRow, ImportEvent, ImportFile, LedgerImport, PastHazard
from reports.tasks import work_imports
from tests.factories import Cast, LedgerImportFactory, as_client, make_actor, make_place, register_hazard
from tests.reports.importing import (
    HEADINGS,
    book,
    brought,
    checked,
    confirm,
    errors,
    imported,
    line,
    marked,
    match,
    upload,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast():
    return Cast(name="青山养老院")


def whole() -> None:
    """The chains and the summary are right."""
    call_command("verify_audit", stdout=io.StringIO())
    assert summary.differences() == 0


def counts(job) -> dict[str, int]:
    return {name: n for name, n in job.counts.items() if n and name != "written"}


# --- what comes of it --------------------------------------------------------------------------------------


def test_open_rows_go_on_here_and_ended_ones_become_history(cast):
    job = imported(
        cast.county,
        book(
            line(cast.home),
            line(cast.home, "灭火器过期", due=None, person=None, done=None),
            line(cast.home, "电线私拉乱接", done="是"),
        ),
    )
    assert counts(job) == {"issued": 1, "good": 1, "past": 1}
    rectifying, registered = Hazard.objects.order_by("pk")
    assert (rectifying.status, rectifying.due_on, rectifying.responsible_person, rectifying.found_on) == (
        "rectifying", date(2026, 3, 20), "张三", date(2026, 3, 5),
    )  # fmt: skip
    assert (registered.status, registered.description) == ("registered", "灭火器过期")
    past = PastHazard.objects.get()
    assert (past.description, past.standing, past.cells["是否整改"]) == ("电线私拉乱接", "said_done", "是")
    whole()


def test_the_trace_says_from_which_row_of_which_file(cast):
    job = imported(cast.county, book(line(cast.home)))
    hazard = Hazard.objects.get()
    registered, issued = hazard.events.order_by("seq")
    assert registered.comment == (
        "由台账导入：第 3 行。原台账写明——状态：否。以上由原台账记载，未经本系统办理。"
    )
    kept = registered.data["ledger"]
    assert (kept["import"], kept["sha256"], kept["row"], kept["cells"]["检查日期"]) == (
        str(job.pk), job.digest, 3, "2026.3.5",
    )  # fmt: skip
    assert (issued.action, issued.from_status, issued.to_status) == ("issue", "registered", "rectifying")
    acts = ImportEvent.objects.filter(of=job).order_by("id").values_list("act", "by", "digest")
    me, digest = cast.county.user.pk, job.digest
    assert list(acts) == [
        (act, me, digest) for act in ("uploaded", "matched", "checked", "confirmed", "done")
    ]
    assert ImportedRow.objects.get().row == 3


def test_a_late_row_is_late_here_and_nobody_is_flooded_with_what_was_due_before(cast):
    imported(cast.county, book(line(cast.home), line(cast.home, "灭火器过期")))
    today = timezone.localdate()
    assert Hazard.objects.overdue(today).count() == 2
    assert set(Clock.objects.values_list("due_on", "started_on")) == {(date(2026, 3, 20), today)}
    subjects = Notice.objects.filter(recipient=cast.manager.user).values_list("subject", flat=True)
    assert list(subjects) == ["台账导入：本机构有 2 条隐患须整改"]
    mine = Notice.objects.filter(recipient=cast.county.user).order_by("id").values_list("subject", flat=True)
    assert list(mine) == ["台账已核对：2 条进入整改", "台账导入完成：2 条进入整改"]


def test_what_the_city_brings_waits_for_the_county_to_issue(cast):
    job = imported(cast.city, book(line(cast.home)))
    assert counts(job) == {"good": 1}
    hazard = Hazard.objects.get()
    assert (hazard.status, hazard.due_on) == ("registered", None)
    assert hazard.events.get().data["ledger"]["cells"]["整改时限"] == "2026-3-20"
    told = Notice.objects.filter(recipient=cast.county.user).values_list("subject", flat=True)
    assert list(told) == ["台账导入：有 1 条隐患待下发"]


def test_what_is_only_said_to_be_done_can_be_judged_here(cast):
    imported(cast.county, book(line(cast.home, done="已整改")), said_done="open")
    assert (Hazard.objects.get().status, PastHazard.objects.count()) == ("rectifying", 0)


def test_an_ended_row_can_never_become_a_close_out_of_this_system(cast):
    headings = [*HEADINGS, "是否销号", "销号人", "销号日期"]
    row = [*line(cast.home, done="已销号"), "是", "李局长", "2026-4-1"]
    imported(cast.county, book(row, headings=headings))
    past = PastHazard.objects.get()
    assert (Hazard.objects.count(), past.standing, past.ended_on) == (0, "closed", date(2026, 4, 1))
    for change in (lambda: PastHazard.objects.update(location="改"), past.delete):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            change()


# --- what is wrong -----------------------------------------------------------------------------------------


def test_errors_stand_beside_the_rows_in_the_persons_own_sheet(cast):
    content = book(
        line(cast.home),
        line("没有的院", "", "3月5日", due="2026-3-1", done="不知道"),
    )
    job = checked(cast.county, content)
    assert counts(job) == {"issued": 1, "wrong": 1}
    said = errors(job)[4]
    assert said == [
        "没有填写存在问题",
        "发现日期：“3月5日”没有写年份，请写成 2026-3-5",
        "状态：“不知道”不认识，可以写：待下发、整改中、待验收、待销号、已整改、已销号、已作废",
        "机构名称：辖区内没有“没有的院”，请先在机构档案里建档",
    ]
    page = marked(cast.county, job)
    assert [cell.value for cell in page[2]] == [*HEADINGS, "错误"]
    assert (page["K3"].value, page["K4"].value) == (None, "；".join(said))
    pink = [cell.coordinate for cell in page[4] if cell.fill.fgColor.rgb == "00FDEEEE"]
    assert pink == ["B4", "C4", "G4", "J4"]
    assert [merged.coord for merged in page.merged_cells.ranges] == ["A1:J1"]


def test_a_marked_sheet_is_put_right_and_brought_again(cast):
    job = imported(cast.county, book(line(cast.home), line(cast.home, "灭火器过期", "昨天")), takes="good")
    assert counts(job) == {"issued": 1, "wrong": 1}
    page = marked(cast.county, job)
    page["G4"] = date(2026, 3, 6)
    buffer = io.BytesIO()
    page.parent.save(buffer)
    again = imported(cast.county, buffer.getvalue())
    assert counts(again) == {"issued": 1, "here": 1}
    assert list(Hazard.objects.order_by("pk").values_list("description", flat=True)) == [
        "疏散通道堆放杂物",
        "灭火器过期",
    ]


def test_all_or_nothing_is_nothing_while_a_row_is_wrong(cast):
    job = checked(cast.county, book(line(cast.home), line(cast.home, found="昨天")))
    response = confirm(cast.county, job, "all")
    assert (response.status_code, "有 1 行不正确" in response.content.decode()) == (422, True)
    work_all()
    assert Hazard.objects.count() == 0


def test_what_went_wrong_since_it_was_judged_imports_nothing_of_a_whole(cast):
    job = checked(cast.county, book(line(cast.home), line(cast.home, "灭火器过期")))
    confirm(cast.county, job)
    cast.home.is_active = False
    cast.home.save(update_fields=["is_active"])
    work_all()
    job.refresh_from_db()
    assert (job.stage, Hazard.objects.count()) == ("failed", 0)
    assert job.failure == (
        "核对之后数据有变化，没有导入任何一行。第 3 行：机构名称：“青山养老院”已停用，请先在机构档案里恢复"
    )


def test_a_name_that_two_institutions_bear_is_asked_back_until_the_place_tells(cast):
    other = make_place(city=cast.place.city)
    other.institution(name="青山 养老院")
    named = cast.place.county.name
    job = checked(cast.city, book(line("青山（养老院）")))
    assert errors(job)[3] == [
        f"机构名称：辖区内有 2 家“青山（养老院）”（{named}、{other.county.name}），请在“所在地区”写明，或填写信用代码"
    ]
    headings = [*HEADINGS, "县区"]
    told = imported(cast.city, book([*line("青山（养老院）"), named], headings=headings))
    assert (counts(told), Hazard.objects.get().institution) == ({"good": 1}, cast.home)


def test_institutions_of_other_counties_are_not_there(cast):
    other = make_place(city=cast.place.city).institution(name="邻县敬老院")
    job = checked(cast.county, book(line(other)))
    assert errors(job)[3] == ["机构名称：辖区内没有“邻县敬老院”，请先在机构档案里建档"]


def test_an_ongoing_row_without_anybody_responsible_takes_the_houses_own(cast):
    bare = cast.place.institution(name="无人院")
    job = checked(
        cast.county,
        book(line(cast.home, person=None), line(bare, person=None), line(cast.home, "甲", due=None)),
    )
    assert errors(job) == {4: ["整改中的行要写整改责任人（机构档案里也没有责任人）"],
                           5: ["整改中的行要写整改期限"]}  # fmt: skip


# --- once --------------------------------------------------------------------------------------------------


def test_the_same_ledger_again_adds_nothing(cast):
    content = book(line(cast.home), line(cast.home, "电线私拉乱接", done="是"))
    imported(cast.county, content)
    again = checked(cast.county, content)
    assert counts(again) == {"here": 2}
    response = confirm(cast.county, again)
    assert (response.status_code, "没有可以导入的行" in response.content.decode()) == (422, True)
    # Put elsewhere in the file, in other spellings, by somebody above: still the same.
    other = book(
        line("青山养老院 "),
        line(cast.home, "电线、私拉乱接。", "2026年3月5日", done="是"),
        line(cast.home, found="2026/03/05"),
    )
    assert counts(checked(cast.city, other)) == {"here": 3}


def test_what_somebody_typed_in_by_hand_is_here(cast):
    register_hazard(cast, description="疏散通道堆放杂物", location="二楼", found_on=date(2026, 3, 5))
    assert counts(checked(cast.county, book(line(cast.home)))) == {"here": 1}


def test_two_rows_that_say_the_same_are_one_unless_their_numbers_differ(cast):
    assert counts(checked(cast.county, book(line(cast.home), line(cast.home)))) == {"issued": 1, "here": 1}
    headings = [*HEADINGS, "编号"]
    content = book([*line(cast.home), "甲1"], [*line(cast.home), "甲2"], headings=headings)
    imported(cast.county, content)
    assert list(ImportedRow.objects.order_by("row").values_list("number", flat=True)) == ["甲1", "甲2"]
    assert counts(checked(cast.county, content)) == {"here": 2}


class Killed(BaseException):
    """What SIGKILL is to a worker within one process: nothing after it runs."""


@pytest.mark.parametrize("takes", ["all", "good"])
def test_a_worker_killed_in_the_middle_leaves_nothing_double(cast, monkeypatch, takes):
    monkeypatch.setattr("reports.imports.judging.AT_ONCE", 2)
    content = book(*(line(cast.home, f"第 {n} 处") for n in range(5)))
    job = checked(cast.county, content)
    confirm(cast.county, job, takes)
    written, real = [], taking_over._take_over

    def dies(lot, by, now):
        if len(written) == 1:
            raise Killed
        written.append(lot)
        return real(lot, by, now)

    monkeypatch.setattr(taking_over, "_take_over", dies)
    with pytest.raises(Killed):
        work_all()
    monkeypatch.setattr(taking_over, "_take_over", real)
    assert Hazard.objects.count() == {"all": 0, "good": 2}[takes]
    assert work_all() == 0  # the dead worker's lease still runs
    LedgerImport.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    work_all()
    job.refresh_from_db()
    assert (job.stage, job.counts["written"], Hazard.objects.count()) == (
        "done",
        {"issued": 5, "good": 0, "past": 0},
        5,
    )
    assert Notice.objects.filter(recipient=cast.manager.user).count() == 1
    whole()


def test_an_import_being_written_is_not_begun_by_another_worker(cast):
    job = checked(cast.county, book(line(cast.home)))
    confirm(cast.county, job)
    LedgerImport.objects.update(leased_until=timezone.now() - timedelta(seconds=1), attempts=1)

    def claimed():
        try:
            return working.QUEUE.claim()
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as other:
        Claim(working.QUEUE, job.pk, 1).hold()
        assert other.submit(claimed).result() is None
    assert working.QUEUE.claim().attempts == 2


def test_the_database_refuses_a_row_twice(cast):
    imported(cast.county, book(line(cast.home)))
    hazard = Hazard.objects.get()
    entry = taking_over.Entry(
        uid=hazard.uid, institution=cast.home, description="甲", location="乙", domain="fire", severity="general",
        source="screening", found_on=date(2026, 3, 5), told="再来一次",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        taking_over.take_over([[entry]], by=cast.county)


def test_a_deadline_is_taken_over_only_by_who_may_issue(cast):
    entry = taking_over.Entry(
        uid=uuid.uuid4(), institution=cast.home, description="甲", location="乙", domain="fire", severity="general",
        source="screening", found_on=date(2026, 3, 5), told="导入", due_on=date(2026, 3, 9), responsible_person="张三",
    )  # fmt: skip
    with (
        pytest.raises(taking_over.PermissionDenied, match="由该机构的主管民政部门下发整改"),
        transaction.atomic(),
    ):
        taking_over.take_over([[entry]], by=cast.city)
    with pytest.raises(taking_over.PermissionDenied), transaction.atomic():
        taking_over.take_over([[entry]], by=cast.auditor)


# --- columns -----------------------------------------------------------------------------------------------


def test_columns_are_guessed_and_what_was_said_is_remembered_by_the_authority(cast):
    headings = ["序号", "院名", "存在的问题", "检查时间", "整改时限", "落实人"]
    content = book([1, cast.home.name, "通道堵塞", "2026-3-5", "2026-3-20", "王五"], headings=headings)
    job = brought(cast.county, content)
    assert job.columns == {"2": "description", "3": "found_on", "4": "due_on"}
    refused = match(cast.county, job)
    assert (refused.status_code, "还没有对应：机构名称" in refused.content.decode()) == (422, True)
    twice = match(cast.county, job, c1="institution", c5="due_on")
    assert (twice.status_code, "有 2 列都选了" in twice.content.decode()) == (422, True)
    assert match(cast.county, job, c1="institution", c5="responsible_person").status_code == 302
    known = brought(cast.county2, content)
    assert known.columns == {
        "1": "institution", "2": "description", "3": "found_on", "4": "due_on", "5": "responsible_person",
    }  # fmt: skip
    assert brought(cast.city, content).columns == job.columns


def test_what_the_words_mean_is_shown(cast):
    job = checked(
        cast.county,
        book(line(cast.home), line(cast.home, "甲", done="否"), line(cast.home, "乙", done="未知")),
    )
    assert job.words == [
        ["状态", "未知", "", 1],
        ["状态", "否", "整改中", 2],
        ["隐患等级", "一般隐患", "一般", 3],
        ["隐患类别", "消防", "消防安全", 3],
    ]  # fmt: skip
    page = as_client(cast.county).get(f"/imports/{job.pk}/").content.decode()
    assert ("表里的用词怎样理解" in page, "不认识" in page) == (True, True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_comes_in_either_encoding(cast, encoding):
    text = '机构名称,存在问题,发现日期,整改期限,整改责任人\r\n青山养老院,通道堵塞,20260305,46101,张三\r\n某院,"甲,乙",2026-3-5,,\r\n'
    job = checked(cast.county, text.encode(encoding), "台账.csv")
    assert counts(job) == {"issued": 1, "wrong": 1}
    lines = marked(cast.county, job)
    assert (lines[0][-1], lines[1][-1], lines[2][:2]) == ("错误", "", ["某院", "甲,乙"])
    confirm(cast.county, job, "good")
    work_all()
    assert Hazard.objects.get().due_on == date(2026, 3, 20)


# --- files from anybody ------------------------------------------------------------------------------------


def test_a_file_that_is_no_ledger_is_refused_with_a_sentence(cast):
    wide = openpyxl.Workbook()
    wide.active.append(["机构名称", "存在问题", "发现日期"])
    wide.active.append(["甲", "乙", "2026-3-5"])
    wide.active.merged_cells.add("A5:XFD900")  # written, not carried out
    buffer = io.BytesIO()
    wide.save(buffer)
    said = {}
    for name, content in {
        "台账.docx": b"x",
        "a.xlsx": b"PK\x03\x04 not a book",
        "b.xlsx": b"\xd0\xcf\x11\xe0 old",
        "c.xlsx": book([1], headings=["甲", "乙"]),
        "d.xlsx": book(headings=HEADINGS),
        "e.xlsx": buffer.getvalue(),
        "f.csv": b"\xff\xfe\x00a",
    }.items():
        response = upload(cast.county, content, name)
        assert response.status_code == 422, name
        said[name] = response.context["form"].errors["file"][0]
    assert said == {
        "台账.docx": "请上传 .xlsx 或 .csv 文件；旧格式 .xls 请先另存为 .xlsx。",
        "a.xlsx": "文件已损坏或不是 .xlsx，请在 Excel 或 WPS 中另存为“Excel 工作簿”后再试。",
        "b.xlsx": "这是旧格式 .xls 或加了密码的文件，请另存为不加密的 .xlsx。",
        "c.xlsx": "前 12 行里没有找到表头。表里要有一行写明各列的名称，如“机构名称”“存在问题”“发现日期”。",
        "d.xlsx": "表头下面没有数据。",
        "e.xlsx": "表里合并的单元格太多，请取消合并后再上传。",
        "f.csv": "文件不是文本，或不是 UTF-8、GB18030 编码。请在 Excel 中另存为“CSV UTF-8”或 .xlsx。",
    }
    assert LedgerImport.objects.count() == 0


def test_formulas_count_as_what_they_show_and_come_back_as_text(cast):
    workbook = openpyxl.load_workbook(io.BytesIO(book(line(cast.home), line("=1+1"))))
    workbook.active["C3"] = '=HYPERLINK("http://x","y")'
    buffer = io.BytesIO()
    workbook.save(buffer)
    job = checked(cast.county, buffer.getvalue())
    assert sorted(errors(job)) == [3, 4]  # nobody has opened the file: nothing is shown for its formulas
    page = marked(cast.county, job)
    assert [(page[cell].value, page[cell].data_type) for cell in ("C3", "B4")] == [(None, "n"), (None, "n")]


# --- whose -------------------------------------------------------------------------------------------------


def test_an_import_is_its_owners_alone_and_of_officials(cast):
    job = LedgerImportFactory(asked_as=cast.county.membership)
    paths = [f"/imports/{job.pk}/", f"/imports/{job.pk}/columns/", f"/imports/{job.pk}/marked/"]
    assert [as_client(cast.county).get(path).status_code for path in paths] == [200, 200, 200]
    assert [as_client(cast.county2).get(path).status_code for path in paths] == [404, 404, 404]
    for actor in (cast.manager, cast.township, cast.auditor, cast.system_admin):
        assert [as_client(actor).get(path).status_code for path in ("/imports/", *paths)] == [403] * 4


def test_who_lost_the_post_imports_nothing(cast):
    job = checked(cast.county, book(line(cast.home)))
    confirm(cast.county, job)
    cast.county.membership.is_active = False
    cast.county.membership.save(update_fields=["is_active"])
    work_all()
    job.refresh_from_db()
    assert (job.stage, job.failure, Hazard.objects.count()) == ("failed", "您已不在上传时的岗位上。", 0)


def test_history_is_seen_within_scope_and_found(cast):
    imported(
        cast.county,
        book(line(cast.home, "电线私拉乱接", done="是"), line(cast.home, "灭火器过期", done="是")),
    )
    stranger = make_actor(Role.COUNTY_OFFICIAL, make_place(city=cast.place.city).county)
    seen = {
        actor.role: len(as_client(actor).get("/imports/past/").context["rows"])
        for actor in (cast.county, cast.city, cast.manager, cast.auditor)
    }
    assert set(seen.values()) == {2}
    assert as_client(stranger).get("/imports/past/").context["rows"] == []
    page = as_client(cast.county).get("/imports/past/", {"q": "灭火器"})
    assert [row["description"] for row in page.context["rows"]] == ["灭火器过期"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_history_asks_the_same_few_statements(cast, count, django_assert_num_queries):
    imported(cast.county, book(*(line(cast.home, f"第 {n} 处", done="是") for n in range(count))))
    client = as_client(cast.county)
    client.get("/imports/past/")
    with django_assert_num_queries(8):
        client.get("/imports/past/")


# --- while it runs -----------------------------------------------------------------------------------------


def test_the_page_shows_how_far_it_is_until_it_is_done(cast):
    job = brought(cast.county, book(line(cast.home)))
    match(cast.county, job)
    client = as_client(cast.county)
    waiting = client.get(f"/imports/{job.pk}/").content.decode()
    assert ("正在排队" in waiting, 'hx-trigger="every 2s"' in waiting) == (True, True)
    LedgerImport.objects.update(attempts=1, rows_done=300, rows_total=1000)
    part = client.get(f"/imports/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert ("已核对 300 / 1,000 行" in part, "<html" in part) == (True, False)
    LedgerImport.objects.update(attempts=0)
    work_imports()
    done = client.get(f"/imports/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert ("核对结果" in done, "every 2s" in done) == (True, False)


def test_a_cancelled_import_is_left_alone(cast):
    job = brought(cast.county, book(line(cast.home)))
    match(cast.county, job)
    as_client(cast.county).post(f"/imports/{job.pk}/cancel/")
    assert work_all() == 0
    done = imported(cast.county, book(line(cast.home)))
    as_client(cast.county).post(f"/imports/{done.pk}/cancel/")
    stages = LedgerImport.objects.order_by("asked_at").values_list("stage", flat=True)
    assert list(stages) == ["cancelled", "done"]


def test_confirming_twice_imports_once(cast):
    job = checked(cast.county, book(line(cast.home)))
    assert [confirm(cast.county, job).status_code for _ in range(2)] == [302, 302]
    work_all()
    assert (confirm(cast.county, job).status_code, work_all(), Hazard.objects.count()) == (302, 0, 1)


def test_one_that_fails_for_no_known_reason_is_tried_three_times(cast, monkeypatch):
    job = checked(cast.county, book(line(cast.home)))
    confirm(cast.county, job)

    def fails(*args, **kwargs):
        raise RuntimeError("disk gone")

    monkeypatch.setattr(writing, "write", fails)
    for _ in range(4):
        LedgerImport.objects.update(leased_until=None)
        work_all()
    job.refresh_from_db()
    assert (job.stage, job.failure) == ("failed", "多次未能完成，请分成几份再导入，或联系系统管理员。")
    assert Notice.objects.filter(recipient=cast.county.user, subject="台账没有导入").count() == 1


def test_files_go_after_a_month_and_the_trace_stays(cast):
    job = imported(cast.county, book(line(cast.home)))
    LedgerImport.objects.update(asked_at=timezone.now() - timedelta(days=31))
    assert (asking.expire(), asking.expire(), ImportFile.objects.count()) == (1, 0, 0)
    assert job.events.first().act == "deleted"
    assert as_client(cast.county).get(f"/imports/{job.pk}/").status_code == 200
