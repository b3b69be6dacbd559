"""An import that was a mistake is taken back: two persons, only what nobody touched, and the ledger may come again."""

import io
from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError
from django.utils import timezone

from clocks.models import Clock
from common.http import Conflict
from hazards.actions import lifecycle, taking_back, voiding
from hazards.models import Hazard
from institutions.enums import Role
from notifications.models import Notice
from reports import summary
from reports.imports import undoing, withdrawing
from reports.imports.rules import Refused
from reports.imports.undoing import work_all
from reports.models import ImportEvent, ImportWithdrawal, LedgerImport, PastHazard, WithdrawnRow
from tests.factories import Cast, as_client, make_actor, make_place, photos_of
from tests.reliability.people import at_once
from tests.reports.importing import HEADINGS, book, checked, imported, line

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "选成了去年的台账"


@pytest.fixture
def cast():
    return Cast(name="青山养老院")


def three(cast) -> bytes:
    """Two open rows and one that had ended."""
    return book(line(cast.home), line(cast.home, "灭火器过期"), line(cast.home, "电线私拉乱接", done="是"))


def asked(cast, job: LedgerImport) -> ImportWithdrawal:
    return withdrawing.ask(job, by=cast.county, reason=REASON)


def taken_back(cast, job: LedgerImport) -> ImportWithdrawal:
    """Asked by who brought it, agreed to by the city, done by a worker."""
    withdrawal = asked(cast, job)
    withdrawing.agree(withdrawal, by=cast.city)
    work_all()
    withdrawal.refresh_from_db()
    assert withdrawal.stage == "done", (withdrawal.stage, withdrawal.failure)
    return withdrawal


def whole() -> None:
    """The chains and the summary are right."""
    call_command("verify_audit", stdout=io.StringIO())
    assert summary.differences() == 0


def submitted(cast, hazard: Hazard) -> Hazard:
    return lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))


# --- what goes, what stays ----------------------------------------------------------------------------------


def test_what_nobody_touched_is_voided_with_both_names_and_history_disappears(cast):
    job = imported(cast.county, three(cast))
    withdrawal = taken_back(cast, job)
    assert withdrawal.counts == {"hazards": 2, "past": 1, "stay": 0}
    for hazard in Hazard.objects.all():
        assert (hazard.status, hazard.voided_by, hazard.void_requested_by) == (
            "voided", cast.city.user, cast.county.user,
        )  # fmt: skip
        last = hazard.events.order_by("seq").last()
        assert (last.action, last.by, last.from_status, last.to_status) == (
            "void", cast.city.user, "rectifying", "voided",
        )  # fmt: skip
        assert last.comment == f"导入有误，撤回导入：{REASON}（{cast.county.user.name}申请）"
        assert last.data == {"withdrawal": str(withdrawal.pk), "import": str(job.pk)}
    assert (PastHazard.objects.visible_to(cast.province).count(), PastHazard.objects.count()) == (0, 1)
    assert not Clock.objects.running().filter(kind="hazard").exists()
    whole()


def test_what_somebody_acted_on_stays_and_the_page_says_why(cast):
    job = imported(cast.county, three(cast))
    kept = submitted(cast, Hazard.objects.get(description="灭火器过期"))
    page = as_client(cast.county).get(f"/imports/{job.pk}/withdraw/")
    assert (page.context["going"], page.context["history"], page.context["staying"]) == (1, 1, 1)
    today = timezone.localdate()
    name, place = cast.manager.user.name, cast.home.name
    assert [stay.why for stay in page.context["stays"]] == [
        f"{today.month}月{today.day}日 {name}（{place}）提交整改"
    ]
    assert taken_back(cast, job).counts == {"hazards": 1, "past": 1, "stay": 1}
    kept.refresh_from_db()
    assert kept.status == "awaiting_verification"
    whole()


def test_what_the_county_issued_after_a_citys_import_was_acted_on(cast):
    job = imported(cast.city, book(line(cast.home), line(cast.home, "灭火器过期")))
    issued, waiting = Hazard.objects.order_by("pk")
    due = timezone.localdate() + timedelta(days=7)
    lifecycle.issue(issued, by=cast.county, due_on=due, responsible_person="张三")
    withdrawal = withdrawing.ask(job, by=cast.city, reason=REASON)
    assert withdrawal.decider == cast.province.authority
    withdrawing.agree(withdrawal, by=cast.province)
    work_all()
    found = dict(Hazard.objects.values_list("pk", "status"))
    assert found == {issued.pk: "rectifying", waiting.pk: "voided"}


def test_a_hazard_another_was_voided_for_stays_without_any_act_of_its_own(cast):
    job = imported(cast.county, book(line(cast.home), line(cast.home, "灭火器过期")))
    kept, double = Hazard.objects.order_by("pk")
    voiding.void(double, by=cast.county, reason="与上一条重复", duplicate_of=kept)
    count, stays = withdrawing.staying(job, 10)
    assert (count, {stay.hazard.pk for stay in stays}) == (2, {kept.pk, double.pk})
    assert "引用了这一条" in {stay.hazard.pk: stay.why for stay in stays}[kept.pk]
    with pytest.raises(Refused, match="没有可以撤回的"):
        asked(cast, job)


def test_a_major_hazard_goes_the_same_way(cast):
    row = line(cast.home)
    row[5] = "重大隐患"
    taken_back(cast, imported(cast.county, book(row)))
    assert Hazard.objects.get().status == "voided"
    whole()


# --- the ledger again ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
def test_the_same_ledger_comes_again_after_it_was_taken_back(cast, times):
    content = three(cast)
    for _ in range(times):
        taken_back(cast, imported(cast.county, content))
    again = imported(cast.county, content)
    assert again.counts["written"] == {"issued": 2, "good": 0, "past": 1}
    assert Hazard.objects.open().count() == 2
    assert PastHazard.objects.visible_to(cast.county).count() == 1
    assert checked(cast.county, content).counts["here"] == 3  # and from now on it is here
    whole()


def test_what_stayed_is_here_when_the_ledger_comes_again(cast):
    content = three(cast)
    job = imported(cast.county, content)
    submitted(cast, Hazard.objects.get(description="灭火器过期"))
    taken_back(cast, job)
    again = checked(cast.county, content)
    assert {name: n for name, n in again.counts.items() if n} == {"issued": 1, "past": 1, "here": 1}


def test_a_row_voided_by_hand_does_not_come_again(cast):
    imported(cast.county, book(line(cast.home)))
    voiding.void(Hazard.objects.get(), by=cast.county, reason="现场核实属于误报")
    assert checked(cast.county, book(line(cast.home))).counts["here"] == 1


def test_a_number_of_ours_in_the_ledger_does_not_hold_back_what_was_taken_back(cast):
    headings = ["隐患编号", *HEADINGS[1:]]
    taken_back(cast, imported(cast.county, book(line(cast.home))))
    row = line(cast.home)
    row[0] = Hazard.objects.get().number
    assert checked(cast.county, book(row, headings=headings)).counts["issued"] == 1


# --- who may ------------------------------------------------------------------------------------------------


def test_nothing_happens_until_a_superior_consents(cast):
    job = imported(cast.county, three(cast))
    asked(cast, job)
    assert (work_all(), Hazard.objects.open().count()) == (0, 2)
    told = Notice.objects.filter(subject="申请撤回导入，等待确认")
    assert set(told.values_list("recipient", flat=True)) == {cast.city.user.pk, cast.city2.user.pk}


@pytest.mark.parametrize("who", ["county", "county2", "province", "stranger"])
def test_nobody_but_the_authority_above_consents(cast, who):
    withdrawal = asked(cast, imported(cast.county, three(cast)))
    stranger = make_actor(Role.CITY_OFFICIAL, make_place(province=cast.place.province).city)
    actor = stranger if who == "stranger" else getattr(cast, who)
    with pytest.raises(PermissionDenied):
        withdrawing.agree(withdrawal, by=actor)
    answer = as_client(actor).post(f"/imports/withdrawals/{withdrawal.pk}/decide/", {"verdict": "agree"})
    assert answer.status_code == (403 if who == "county" else 404)
    assert ImportWithdrawal.objects.get().stage == "asked"


def test_a_provinces_own_import_takes_another_official_of_the_province(cast):
    job = imported(cast.province, book(line(cast.home)))
    withdrawal = withdrawing.ask(job, by=cast.province, reason=REASON)
    with pytest.raises(PermissionDenied):
        withdrawing.agree(withdrawal, by=cast.province)
    withdrawing.agree(withdrawal, by=make_actor(Role.PROVINCE_OFFICIAL, cast.place.province))
    work_all()
    assert Hazard.objects.get().status == "voided"


def test_only_who_brought_it_asks_and_only_for_a_month(cast):
    job = imported(cast.county, three(cast))
    with pytest.raises(Refused, match="由导入这份台账的人"):
        withdrawing.ask(job, by=cast.county2, reason=REASON)
    assert as_client(cast.county2).get(f"/imports/{job.pk}/withdraw/").status_code == 404
    LedgerImport.objects.update(changed_at=timezone.now() - timedelta(days=31))
    late = as_client(cast.county).post(f"/imports/{job.pk}/withdraw/", {"reason": REASON})
    assert (late.status_code, "导入已超过 30 天" in late.content.decode()) == (422, True)
    assert ImportWithdrawal.objects.count() == 0


def test_a_refused_one_may_be_asked_anew_a_done_one_not(cast):
    job = imported(cast.county, three(cast))
    withdrawing.refuse(asked(cast, job), by=cast.city, opinion="先核对清楚")
    assert Notice.objects.filter(recipient=cast.county.user, subject="不同意撤回导入").count() == 1
    withdrawing.drop(asked(cast, job), by=cast.county)
    waiting = asked(cast, job)
    with pytest.raises(Conflict):
        asked(cast, job)
    withdrawing.agree(waiting, by=cast.city)
    with pytest.raises(Conflict):
        withdrawing.refuse(waiting, by=cast.city2, opinion="先核对清楚")
    work_all()
    with pytest.raises(Refused, match="没有可以撤回的"):
        asked(cast, job)
    acts = ImportEvent.objects.filter(of=job).order_by("id").values_list("act", flat=True)
    assert list(acts)[5:] == [
        "asked_back",
        "refused",
        "asked_back",
        "dropped",
        "asked_back",
        "agreed",
        "withdrawn",
    ]


def test_the_pages_lead_through_it(cast):
    job = imported(cast.county, three(cast))
    county, city = as_client(cast.county), as_client(cast.city)
    assert "导错了，申请撤回" in county.get(f"/imports/{job.pk}/").content.decode()
    answer = county.post(f"/imports/{job.pk}/withdraw/", {"reason": REASON})
    url = answer["Location"]
    assert (answer.status_code, REASON in city.get("/imports/").content.decode()) == (302, True)
    assert "同意撤回" in city.get(url).content.decode()
    assert "同意撤回" not in county.get(url).content.decode()
    unsaid = city.post(f"{url}decide/", {"verdict": "refuse"})
    assert (unsaid.status_code, "请写明不同意的原因" in unsaid.content.decode()) == (422, True)
    assert city.post(f"{url}decide/", {"verdict": "agree"}).status_code == 302
    part = county.get(url, headers={"HX-Request": "true"}).content.decode()
    assert ("正在排队" in part, "every 2s" in part, "<html" in part) == (True, True, False)
    work_all()
    assert "2 条隐患作废，1 条历史台账撤下" in county.get(url).content.decode()
    assert "导错了" not in county.get(f"/imports/{job.pk}/").content.decode()


def test_those_who_were_told_to_rectify_are_told_that_it_is_over(cast):
    taken_back(cast, imported(cast.county, three(cast)))
    told = Notice.objects.filter(recipient=cast.manager.user).order_by("id")
    assert [(notice.subject, bool(notice.settled_at)) for notice in told] == [
        ("台账导入：本机构有 2 条隐患须整改", True),
        ("导入有误已撤回：2 条隐患作废，不用再办", False),
    ]


# --- races, crashes, the database ---------------------------------------------------------------------------


def outcome(act):
    """What came of an act in its own thread: True, or the kind of refusal."""

    def run():
        try:
            act()
            return True
        except (Conflict, PermissionDenied) as refused:
            return type(refused)
        finally:
            connection.close()

    return run


def test_an_act_on_a_row_while_it_is_taken_back_wins_or_meets_a_voided_one(cast):
    for n in range(12):
        job = imported(cast.county, book(line(cast.home, f"第 {n} 处")))
        hazard = Hazard.objects.get(description=f"第 {n} 处")
        withdrawal, photos = asked(cast, job), photos_of(cast.manager)
        withdrawing.agree(withdrawal, by=cast.city)
        submit = partial(lifecycle.submit, hazard, by=cast.manager, measures="已清理", evidence=photos)
        acted, _ = at_once(outcome(submit), outcome(work_all))
        hazard.refresh_from_db()
        withdrawal.refresh_from_db()
        expected = ("awaiting_verification", 1, 0) if acted is True else ("voided", 0, 1)
        assert acted in (True, Conflict)
        assert (hazard.status, withdrawal.counts["stay"], withdrawal.counts["hazards"]) == expected
    whole()


def test_two_superiors_at_once_decide_once(cast):
    withdrawal = asked(cast, imported(cast.county, three(cast)))
    answers = at_once(
        outcome(partial(withdrawing.agree, withdrawal, by=cast.city)),
        outcome(partial(withdrawing.refuse, withdrawal, by=cast.city2, opinion="先核对清楚")),
    )
    assert sorted(answers, key=str) == sorted([True, Conflict], key=str)


class Killed(BaseException):
    """The worker's process is gone."""


def test_a_worker_killed_in_the_middle_leaves_nothing_double(cast, monkeypatch):
    monkeypatch.setattr(undoing, "AT_ONCE", 2)
    job = imported(cast.county, book(*(line(cast.home, f"第 {n} 处") for n in range(5))))
    withdrawing.agree(asked(cast, job), by=cast.city)
    lots, real = [], taking_back.take_back

    def dies(*args, **facts):
        if lots:
            raise Killed
        lots.append(1)
        return real(*args, **facts)

    monkeypatch.setattr(undoing, "take_back", dies)
    with pytest.raises(Killed):
        work_all()
    monkeypatch.setattr(undoing, "take_back", real)
    assert (Hazard.objects.filter(status="voided").count(), work_all()) == (2, 0)  # its lease still runs
    ImportWithdrawal.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    work_all()
    assert (ImportWithdrawal.objects.get().stage, WithdrawnRow.objects.count()) == ("done", 5)
    assert Hazard.objects.filter(status="voided").count() == 5
    whole()


def test_a_superior_who_lost_the_post_takes_nothing_back(cast):
    withdrawing.agree(asked(cast, imported(cast.county, three(cast))), by=cast.city)
    cast.city.membership.is_active = False
    cast.city.membership.save(update_fields=["is_active"])
    work_all()
    withdrawal = ImportWithdrawal.objects.get()
    assert (withdrawal.stage, withdrawal.failure, Hazard.objects.open().count()) == (
        "failed", "确认人已不在确认时的岗位上，请重新申请。", 2,
    )  # fmt: skip
    assert asked(cast, LedgerImport.objects.get()).stage == "asked"


def test_one_that_fails_for_no_known_reason_is_tried_three_times(cast, monkeypatch):
    withdrawing.agree(asked(cast, imported(cast.county, three(cast))), by=cast.city)

    def fails(*args, **facts):
        raise RuntimeError("disk gone")

    monkeypatch.setattr(undoing, "take_back", fails)
    for _ in range(4):
        ImportWithdrawal.objects.update(leased_until=None)
        work_all()
    assert ImportWithdrawal.objects.get().stage == "failed"


def test_the_database_keeps_a_withdrawal_of_two_persons_and_its_rows_for_ever(cast):
    withdrawal = taken_back(cast, imported(cast.county, three(cast)))
    with pytest.raises(IntegrityError, match="withdrawal_takes_two"), transaction.atomic():
        ImportWithdrawal.objects.update(decided_by=withdrawal.asked_by)
    for change in (lambda: WithdrawnRow.objects.update(of=withdrawal), WithdrawnRow.objects.first().delete):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            change()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_a_withdrawal_asks_the_same_few_statements(cast, count, django_assert_num_queries):
    job = imported(cast.county, book(*(line(cast.home, f"第 {n} 处") for n in range(count + 1))))
    for hazard in Hazard.objects.all()[:count]:
        submitted(cast, hazard)
    withdrawal, client = asked(cast, job), as_client(cast.city)
    client.get(f"/imports/withdrawals/{withdrawal.pk}/")
    with django_assert_num_queries(12):
        client.get(f"/imports/withdrawals/{withdrawal.pk}/")
