"""A file of the rows one sees: right, one's own, once, watched while it is made, gone after a week."""

import logging
import threading
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from hazards.actions import supervising
from hazards.models import Hazard
from institutions.models import Institution, Membership
from notifications.models import Notice
from reports.exports import asking, making
from reports.exports.keeping import delete_orphans, expire
from reports.exports.making import make_all
from reports.exports.rules import Refused, neutral
from reports.exports.sheets import write
from reports.layouts import LAYOUTS, layout_of
from reports.models import ExportEvent, ExportJob
from reports.tasks import sweep
from tests.factories import (
    Cast,
    ExportJobFactory,
    as_client,
    hazard_in,
    make_place,
    register_hazard,
    supervised,
)
from tests.reports.exporting import ask, asked_job, content, made_job, sheet, table
from tests.reports.made import put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]


@pytest.fixture
def quick(monkeypatch):
    """Every row is a step: the lease is renewed, and asked for, at each."""
    monkeypatch.setattr(making, "STEP", 1)


def numbers(rows: list[dict]) -> list[str]:
    return [row["隐患编号"] for row in rows]


def acts(job: ExportJob) -> list[tuple]:
    return list(job.events.order_by("id").values_list("act", "rows"))


# --- what is in the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_the_file_has_the_rows_of_the_screen_in_its_order(format):
    cast, today = Cast(name="青山养老院"), timezone.localdate()
    late = put(cast, "rectifying", 2, found_on=today - timedelta(days=9), due_on=today - timedelta(days=1))
    put(cast, "closed", 3)
    put(Cast(make_place(city=cast.place.city)), "rectifying", due_on=today - timedelta(days=1))
    client = as_client(cast.county)
    for query in (
        {"state": "overdue"},
        {"sort": "found"},
        {"q": "青山 通道"},
        {"state": "closed", "domain": "fire"},
    ):
        shown = [row["number"] for row in client.get("/ledger/", query).context["rows"]]
        job = made_job(cast.county, format=format, **query)
        assert numbers(table(cast.county, job)) == shown
        assert (job.rows_done, job.rows_total) == (len(shown), len(shown))
    assert len(late) == 2


def test_the_ledger_says_of_each_hazard_what_its_page_says():
    cast = Cast(name="青山养老院")
    hazard = hazard_in(cast, "closed", description="=1+1", location="二楼", basis="依据")
    [row] = table(cast.city, made_job(cast.city))
    day = timezone.localdate()
    wanted = {
        "序号": 1, "隐患编号": hazard.number, "机构名称": "青山养老院", "机构类型": "养老机构", "具体部位": "二楼",
        "存在问题": "=1+1", "隐患类别": "消防安全", "隐患等级": "一般", "隐患来源": "排查", "判定依据": "依据",
        "整改责任人": "张三", "整改情况": "已清理", "状态": "已销号", "是否超期": "否", "是否销号": "是",
        "验收人": cast.county.user.name, "销号人": cast.city.user.name, "监管部门": cast.county.authority.name,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    days = [row[name].date() for name in ("发现日期", "提交整改日期", "验收日期", "销号日期")]
    assert days == [day] * 4
    assert row["整改期限"].date() == day + timedelta(days=7)
    assert list(row) == LAYOUTS["ledger"].labels


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_has_its_headings_once_and_takes_what_belongs_on_it(layout):
    cast = Cast()
    put(cast, "rectifying", 2)
    major = put(cast, "rectifying", severity="major", due_on=timezone.localdate() - timedelta(days=1))
    put(cast, "closed")
    job = made_job(cast.county, layout=layout)
    labels, rows = layout_of(job).labels, table(cast.county, job)
    assert (len(set(labels)), list(rows[0])) == (len(labels), labels)
    taken = {"major": 1, "summary": 1, "general": 3, "tasks": 3, "results": 1, "risks": 1}
    assert (len(rows), job.rows_total) == (taken.get(layout, 4),) * 2
    if layout == "summary":
        number = Hazard.objects.get(pk=major[0]).number
        assert [rows[0][name] for name in ("隐患编号", "治理状态", "是否超期", "是否挂牌督办")] == [
            number,
            "整改中",
            "是",
            "否",
        ]


def test_supervised_is_what_is_or_was_under_an_order_that_was_not_revoked():
    cast = Cast()
    far = {"due_on": timezone.localdate() + timedelta(days=90), "responsible_person": "张三"}
    open_, revoked, _plain = (register_hazard(cast, severity="major", issue_with=far) for _ in range(3))
    order = supervised(open_, cast.county)
    wrong = supervised(revoked, cast.county)
    supervising.revoke_supervision(wrong.hazard, by=cast.county, reason="下错了对象")
    rows = table(cast.county, made_job(cast.county, layout="summary", format="csv"))
    assert {row["隐患编号"]: row["是否挂牌督办"] for row in rows if row["是否挂牌督办"] == "是"} == {
        order.hazard.number: "是"
    }
    assert len(rows) == 3


def test_phones_are_whole_for_the_supervising_authority_alone():
    cast = Cast()
    cast.home.responsible_persons.update(phone="13812346621")
    put(cast, "rectifying", severity="major")
    phones = [
        table(actor, made_job(actor, layout="major"))[0]["手机"]
        for actor in (cast.county, cast.manager, cast.city, cast.province)
    ]
    assert phones == ["13812346621", "13812346621", "138****6621", "138****6621"]


def test_an_institution_reads_its_own_words_and_only_its_own_rows():
    cast = Cast()
    other = cast.place.institution()
    put(cast, "awaiting_verification")
    put(cast, "awaiting_verification", home=other)
    put(cast, "registered")  # found by officials, not issued: the house does not know yet
    assert [row["状态"] for row in table(cast.manager, made_job(cast.manager))] == ["已提交，等待验收"]


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x","y")']


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_could_be_a_formula_is_text(formula):
    assert neutral(formula) == f"'{formula}"
    cast = Cast()
    put(cast, description=formula)
    page = sheet(cast.county, made_job(cast.county))
    cell = next(cell for head, cell in zip(page[3], page[4], strict=True) if head.value == "存在问题")
    assert cell.data_type == "s"
    [row] = table(cast.county, made_job(cast.county, format="csv"))
    assert row["存在问题"] == f"'{formula}"


def test_what_is_no_formula_is_left_alone():
    assert [neutral(text) for text in ("通道", "1-2", "", "a=b")] == ["通道", "1-2", "", "a=b"]


def test_the_file_says_who_took_it_out_when_and_under_which_conditions():
    cast = Cast()
    cast.county.user.name = "王&建国"
    cast.county.user.save()
    put(cast, "rectifying")
    page = sheet(cast.county, made_job(cast.county, state="open", severity="general"))
    place, today = cast.county.place_name, timezone.localdate()
    day = f"{today.year}年{today.month}月{today.day}日"
    assert page["A1"].value == "隐患台账"
    assert page["A2"].value.startswith(f"导出人：王&建国（{place}）　导出时间：{day} ")
    assert page["A2"].value.endswith("条件：状态：在办；隐患等级：一般")
    assert page.oddFooter.left.text.startswith(f"王&&建国 {place} {today}")
    assert page.oddHeader.right.text == page.oddFooter.left.text
    assert (page.print_title_rows, page.freeze_panes) == ("$3:$3", "A4")
    text = content(cast.county, made_job(cast.county, format="csv")).decode("utf-8-sig")
    assert text.splitlines()[-1].startswith(f"导出人：王&建国（{place}）")


def test_a_file_without_rows_has_its_headings():
    cast = Cast()
    put(cast)
    job = asked_job(cast.county, layout="major")
    make_all()
    page = sheet(cast.county, job)
    assert [cell.value for cell in page[3]] == LAYOUTS["major"].labels
    assert page.max_row == 3


# --- asking ------------------------------------------------------------------------------------------------


def test_the_form_twice_is_one_export_and_one_notice():
    cast, key = Cast(), uuid.uuid4()
    put(cast)
    first, second = ask(cast.county, key=key), ask(cast.county, key=key)
    assert (first.status_code, first["Location"]) == (302, second["Location"])
    assert (make_all(), make_all()) == (1, 0)
    job = ExportJob.objects.get()
    assert acts(job) == [("asked", None), ("made", 1)]
    notice = Notice.objects.get(topic=f"export:{key}")
    assert (notice.recipient, notice.url) == (cast.county.user, f"/exports/{key}/")
    assert notice.subject == "导出已完成：隐患台账（1 条）"


def test_the_key_of_somebody_else_is_a_conflict():
    cast, key = Cast(), uuid.uuid4()
    put(cast)
    assert ask(cast.county, key=key).status_code == 302
    assert ask(cast.county2, key=key).status_code == 409
    assert ExportJob.objects.get().asked_by == cast.county.user


def test_too_many_rows_and_too_many_files_are_refused_in_words(monkeypatch):
    cast = Cast()
    put(cast, count=3)
    for _ in range(3):
        asked_job(cast.county)
    response = ask(cast.county)
    assert response.status_code == 422
    assert "您已有 3 个导出正在等待" in response.content.decode()
    monkeypatch.setattr(asking, "MOST_ROWS", 2)
    response = ask(cast.county2)
    assert response.status_code == 422
    assert "请加上条件" in response.content.decode()
    assert ExportJob.objects.count() == 3


@pytest.mark.parametrize(
    "query", [{"domain": "不存在"}, {"q": "长" * 61}, {"found_from": "昨天"}, {"q": "a\x00"}]
)
def test_what_the_ledger_would_not_show_is_not_exported(query):
    cast = Cast()
    put(cast)
    assert ask(cast.county, **query).status_code == 404
    assert ExportJob.objects.count() == 0


@pytest.mark.parametrize("form", [{"layout": "secret"}, {"format": "exe"}, {"key": "1"}])
def test_a_bad_form_comes_back_with_words(form):
    cast = Cast()
    put(cast)
    body = {"layout": "ledger", "format": "csv", "key": uuid.uuid4()} | form
    assert as_client(cast.county).post("/exports/new/", body).status_code == 422
    assert ExportJob.objects.count() == 0


# --- making: crashes, races, second thoughts ---------------------------------------------------------------


def test_a_maker_that_died_is_followed_by_another_and_the_file_is_whole(monkeypatch, quick):
    cast = Cast()
    put(cast, count=5)
    job = asked_job(cast.county)

    def die(path, *rest):
        write(path, *rest)
        raise SystemExit  # killed after writing, before storing

    monkeypatch.setattr(making, "write", die)
    with pytest.raises(SystemExit):
        make_all()
    monkeypatch.setattr(making, "write", write)
    assert make_all() == 0  # the dead one's lease holds
    ExportJob.objects.update(leased_until=Now() - timedelta(seconds=1))
    sweep()
    assert len(table(cast.county, job)) == 5
    assert acts(job)[:2] == [("asked", None), ("made", 5)]
    assert ExportJob.objects.get().attempts == 2


def test_what_keeps_failing_ends_in_words_and_lets_the_next_one_through(monkeypatch, caplog):
    cast = Cast()
    put(cast)
    bad, good = asked_job(cast.county), asked_job(cast.county2)

    def fail(path, format, heading, lines):
        if heading.actor.user == cast.county.user:
            raise OSError("disk full")
        write(path, format, heading, lines)

    monkeypatch.setattr(making, "write", fail)
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            make_all()
            ExportJob.objects.filter(leased_until__isnull=False).update(
                leased_until=Now() - timedelta(seconds=1)
            )
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.failed_at is not None, bad.attempts, bad.failure[:4]) == (True, 4, "多次未能")
    assert good.is_there
    assert acts(bad) == [("asked", None), ("failed", None)]
    assert Notice.objects.get(topic=f"export:{bad.pk}").subject == "导出没有完成：隐患台账"
    assert caplog.text.count("disk full") >= 3


@pytest.mark.parametrize("makers", [2, 4])
def test_makers_at_once_make_each_file_once(makers, quick):
    cast = Cast()
    put(cast, count=20)
    jobs = [asked_job(actor) for actor in (cast.county, cast.county2, cast.city) for _ in range(2)]
    start, handled = threading.Barrier(makers), []

    def work():
        start.wait()
        handled.append(make_all())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(makers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(handled) == 6
    assert [acts(job) for job in jobs] == [[("asked", None), ("made", 20)]] * 6
    assert len(default_storage.listdir("exports")[1]) == 6
    assert Notice.objects.filter(topic__startswith="export:").count() == 6


def test_two_makers_on_one_job_leave_one_file_and_one_notice(monkeypatch, quick):
    """The first is so slow that its lease ends; the second makes the file; then the first wants to finish."""
    cast = Cast()
    put(cast, count=3)
    job = asked_job(cast.county)
    calls = []

    def slow(path, *rest):
        calls.append(path)
        write(path, *rest)
        if len(calls) == 1:
            ExportJob.objects.update(leased_until=Now() - timedelta(seconds=1))
            assert make_all() == 1

    monkeypatch.setattr(making, "write", slow)
    make_all()
    assert len(calls) == 2
    assert acts(job) == [("asked", None), ("made", 3)]
    assert default_storage.listdir("exports")[1] == [f"{job.pk}-2.xlsx"]
    assert Notice.objects.filter(topic=f"export:{job.pk}").count() == 1


def test_cancelled_while_being_made_it_stops_and_nothing_is_left(monkeypatch, quick):
    cast = Cast()
    put(cast, count=4)
    job = asked_job(cast.county)

    def interrupted(path, format, heading, lines):
        next(lines)
        assert as_client(cast.county).post(f"/exports/{job.pk}/cancel/").status_code == 302
        write(path, format, heading, lines)

    monkeypatch.setattr(making, "write", interrupted)
    make_all()
    job.refresh_from_db()
    assert (job.cancelled_at is not None, job.made_at, job.leased_until, job.name) == (True, None, None, "")
    assert acts(job) == [("asked", None), ("cancelled", None)]
    assert not default_storage.exists("exports")
    assert make_all() == 0


def test_a_finished_export_can_not_be_cancelled():
    cast = Cast()
    put(cast)
    job = made_job(cast.county)
    as_client(cast.county).post(f"/exports/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.is_there
    assert [act for act, _ in acts(job)] == ["asked", "made"]


def test_the_progress_is_in_the_row_for_everybody_to_see(monkeypatch, quick):
    cast, seen = Cast(), []
    put(cast, count=4)
    job = asked_job(cast.county)

    def watched(path, format, heading, lines):
        for line in lines:
            page = (
                as_client(cast.county)
                .get(f"/exports/{job.pk}/", headers={"HX-Request": "true"})
                .content.decode()
            )
            seen.append((line[0], f"已写入 {line[0]} / 4 条" in page))
        write(path, format, heading, [])

    monkeypatch.setattr(making, "write", watched)
    make_all()
    assert seen == [(1, True), (2, True), (3, True), (4, True)]


def test_the_wake_up_may_be_lost(monkeypatch):
    cast = Cast()
    put(cast)
    monkeypatch.setattr("reports.exports.asking.wake", lambda task: False)
    job = asked_job(cast.county)
    sweep()
    job.refresh_from_db()
    assert job.is_there


def test_a_timer_without_celery_does_the_same(capsys):
    cast = Cast()
    put(cast)
    job = asked_job(cast.county)
    call_command("tick")
    job.refresh_from_db()
    said = [words for words in capsys.readouterr().out.split("，") if words.startswith("导出")]
    assert (job.is_there, said) == (True, ["导出 1"])


def test_asking_wakes_a_maker_once_it_is_committed(monkeypatch):
    woken = []
    monkeypatch.setattr("reports.exports.asking.wake", woken.append)
    cast = Cast()
    put(cast)
    with transaction.atomic():
        response = ask(cast.county)
        assert (response.status_code, woken) == (302, [])
    assert woken == ["reports.make_exports"]


# --- whose it is -------------------------------------------------------------------------------------------


def test_only_the_one_who_asked_opens_the_file_and_each_opening_is_written_down():
    cast = Cast()
    put(cast, count=2)
    job = made_job(cast.county)
    for other in (cast.county2, cast.city, cast.province, cast.auditor, cast.manager, cast.system_admin):
        for path in ("", "file/"):
            assert as_client(other).get(f"/exports/{job.pk}/{path}").status_code == 404
        assert as_client(other).post(f"/exports/{job.pk}/cancel/").status_code == 404
        assert str(job.pk) not in as_client(other).get("/exports/").content.decode()
    assert content(cast.county, job)
    assert list(job.events.order_by("id").values_list("act", "by", "rows", "words", "what")) == [
        ("asked", cast.county.user.pk, None, "全部", "隐患台账（Excel 表格）"),
        ("made", cast.county.user.pk, 2, "全部", "隐患台账（Excel 表格）"),
        ("opened", cast.county.user.pk, 2, "全部", "隐患台账（Excel 表格）"),
    ]


def test_the_file_can_do_nothing_in_a_browser():
    cast = Cast()
    put(cast)
    job = made_job(cast.county)
    response = as_client(cast.county).get(f"/exports/{job.pk}/file/")
    b"".join(response.streaming_content)
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_who_lost_the_post_opens_nothing_and_a_file_not_made_yet_is_not_made():
    cast = Cast()
    put(cast)
    made, waiting = made_job(cast.county), asked_job(cast.county)
    other_post = Membership.objects.create(
        user=cast.county.user, role="county_official", authority=make_place().county.authorities.get()
    )
    Membership.objects.filter(pk=cast.county.membership.pk).update(is_active=False)
    client = as_client(cast.county)
    session = client.session
    session["membership"] = other_post.pk
    session.save()
    assert client.get(f"/exports/{made.pk}/file/").status_code == 403
    make_all()
    waiting.refresh_from_db()
    assert waiting.failure == "您已不在申请导出时的岗位上。"
    assert [act for act, _ in acts(made)] == ["asked", "made"]


def test_the_scope_is_read_again_when_the_file_is_made():
    cast = Cast()
    far = make_place(province=cast.place.province)
    pks = put(cast, count=2)
    job = asked_job(cast.county)
    places = {f"{level}_id": getattr(far, level).pk for level in ("province", "city", "county")}
    Institution.objects.filter(pk=cast.home.pk).update(
        **places, township_id=far.county.pk, region_id=far.county.pk
    )
    make_all()
    assert Hazard.objects.filter(pk__in=pks, county=far.county).count() == 2
    assert table(cast.county, job) == []


def test_conditions_that_no_longer_fit_the_scope_end_in_words():
    cast = Cast()
    put(cast)
    job = asked_job(cast.city, county=cast.place.county.code)
    cast.place.county.parent = make_place().city
    cast.place.county.path = "somewhere/else/"
    cast.place.county.save()
    make_all()
    job.refresh_from_db()
    assert job.failure.startswith("原来的条件已不适用")


# --- keeping -----------------------------------------------------------------------------------------------


def test_after_a_week_the_file_is_deleted_and_the_page_says_so():
    cast = Cast()
    put(cast)
    old, fresh = made_job(cast.county), made_job(cast.county)
    ExportJob.objects.filter(pk=old.pk).update(made_at=Now() - timedelta(days=7, seconds=1))
    assert (expire(), expire()) == (1, 0)
    assert default_storage.listdir("exports")[1] == [f"{fresh.pk}-1.xlsx"]
    client = as_client(cast.county)
    assert client.get(f"/exports/{old.pk}/file/").status_code == 404
    assert "文件已到期删除" in client.get(f"/exports/{old.pk}/").content.decode()
    assert [act for act, _ in acts(old)] == ["asked", "made", "expired"]
    assert Notice.objects.get(topic=f"export:{old.pk}").settled_at is not None


def test_stored_files_nobody_holds_go_after_a_day_and_others_stay(monkeypatch):
    cast = Cast()
    put(cast)
    job = made_job(cast.county)
    default_storage.save("exports/dead-1.xlsx", ContentFile(b"x"))
    assert delete_orphans() == 0
    monkeypatch.setattr("reports.exports.keeping.ORPHANED_AFTER", timedelta(seconds=-1))
    assert delete_orphans() == 1
    assert default_storage.listdir("exports")[1] == [job.name.removeprefix("exports/")]


def test_the_trace_of_exports_can_not_be_rewritten():
    ExportEvent.objects.create(export=ExportJobFactory(), act="made", what="x", rows=1)
    for statement in ("UPDATE reports_exportevent SET rows = 0", "DELETE FROM reports_exportevent"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    "fields",
    [
        {"made_at": Now(), "name": ""},
        {"made_at": Now(), "name": "exports/x"},
        {"failed_at": Now()},
        {"failed_at": Now(), "failure": "x", "cancelled_at": Now()},
        {"cancelled_at": Now(), "leased_until": Now()},
        {"expired_at": Now()},
        {"format": "exe"},
    ],
)
def test_the_database_refuses_what_an_export_can_not_be(fields):
    job = ExportJobFactory()
    with pytest.raises(DatabaseError), transaction.atomic():
        ExportJob.objects.filter(pk=job.pk).update(**fields)


def test_a_refusal_carries_words():
    assert str(Refused("太多")) == Refused("太多").words == "太多"


def test_dates_of_a_moment_are_those_of_beijing():
    cast = Cast()
    put(cast, "closed", closed_at=datetime(2026, 3, 31, 16, 30, tzinfo=UTC))
    [row] = table(cast.county, made_job(cast.county))
    assert row["销号日期"].date() == date(2026, 4, 1)


@pytest.mark.parametrize("count", [1, 9])
def test_the_list_of_exports_costs_the_same_at_any_length(count, django_assert_num_queries):
    cast = Cast()
    ExportJobFactory.create_batch(count, asked_as=cast.county.membership)
    client = as_client(cast.county)
    with django_assert_num_queries(10):
        client.get("/exports/")
