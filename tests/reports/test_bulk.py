"""批量办理: each row through the one door, with its result; once, however often it is sent; others' acts stand."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hazards.actions import bulk, lifecycle
from hazards.models import BulkLine, BulkRun, Hazard, HazardEvent
from institutions.models import Membership
from notifications.models import Notice
from tests.factories import BulkLineFactory, Cast, as_client, hazard_in, make_place
from tests.reports.made import put

pytestmark = pytest.mark.django_db(transaction=True)


def due() -> str:
    return (timezone.localdate() + timedelta(days=10)).isoformat()


def ticked(hazards) -> list[str]:
    return [
        f"{hazard.pk}:{hazard.version}" for hazard in Hazard.objects.filter(pk__in=[h.pk for h in hazards])
    ]


def send(actor, action, hazards, *, key=None, rows=None, **facts):
    form = {"key": key or uuid.uuid4(), "row": rows or ticked(hazards), **facts}
    return as_client(actor).post(f"/ledger/bulk/{action}/", form)


def issue(actor, hazards, **more):
    return send(actor, "issue", hazards, **({"due_on": due()} | more))


def results(response) -> dict[int, tuple[str, str]]:
    """Outcome and words by hazard, of the run a form led to."""
    assert response.status_code == 302, response.content.decode()
    run = BulkRun.objects.get(pk=response["Location"].split("/")[4])
    return {line.hazard_id: (line.outcome, line.words) for line in run.lines.all()}


def outcomes(response) -> list[str]:
    return [outcome for outcome, _ in results(response).values()]


def test_many_are_issued_at_once_each_with_its_own_event_notice_and_responsible_person():
    cast = Cast()
    other = Cast(cast.place)
    other.home.responsible_persons.update(name="李四")
    hazards = [hazard_in(one, "registered") for one in (cast, cast, other)]
    response = issue(cast.county, hazards)
    assert outcomes(response) == ["done"] * 3
    rows = Hazard.objects.order_by("pk")
    assert [row.status for row in rows] == ["rectifying"] * 3
    assert [row.responsible_person for row in rows] == ["张三", "张三", "李四"]
    assert {row.due_on.isoformat() for row in rows} == {due()}
    assert HazardEvent.objects.filter(action="issue").count() == 3
    assert Notice.objects.filter(recipient=other.manager.user, subject__contains="已下发整改").count() == 1
    page = as_client(cast.county).get(response["Location"]).content.decode()
    assert "办成 3 条，共 3 条" in page


def test_what_needs_judgement_of_its_own_is_refused_in_words_and_the_others_are_done():
    cast = Cast()
    nobody = Cast(cast.place)
    nobody.home.responsible_persons.all().delete()
    sibling_authority = Cast(make_place(city=cast.place.city))
    plain, major = hazard_in(cast, "registered"), hazard_in(cast, "registered", severity="major")
    without, done = hazard_in(nobody, "registered"), hazard_in(cast, "rectifying")
    elsewhere = hazard_in(sibling_authority, "registered")
    found = results(issue(cast.county, [plain, major, without, done, elsewhere]))
    assert found == {
        plain.pk: ("done", ""),
        major.pk: ("refused", "重大隐患要写明临时管控措施，请打开这一条单独下发。"),
        without.pk: ("refused", "机构档案里没有责任人，请填写整改责任人，或打开这一条单独下发。"),
        done.pk: ("changed", "您打开页面之后，这条隐患已经有了新的办理，现在是“整改中”。"),
    }
    assert Hazard.objects.get(pk=elsewhere.pk).status == "registered"
    # The city sees it, but it is the county's to issue.
    assert results(issue(cast.city, [elsewhere]))[elsewhere.pk] == (
        "refused",
        "由该机构的主管民政部门下发整改。",
    )


def test_general_hazards_are_closed_by_the_city_and_never_a_major_one_nor_by_who_verified():
    cast = Cast()
    hazards = [hazard_in(cast, "verified") for _ in range(2)]
    [major] = put(cast, "verified", severity="major")
    page = as_client(cast.city).get("/ledger/bulk/close/", {"pick": [h.pk for h in hazards] + [major]})
    rows = [(row.hazard.pk, row.reason, row.is_ticked) for row in page.context["rows"]]
    alone = "重大隐患须逐条销号，请打开这一条单独办理。"
    assert sorted(rows) == sorted([(h.pk, "", False) for h in hazards] + [(major, alone, False)])
    assert page.content.decode().count("已看过材料，同意销号") == 2
    response = send(cast.city, "close", hazards, rows=[*ticked(hazards), f"{major}:0"], opinion="同意")
    found = results(response)
    assert [found[h.pk] for h in hazards] == [("done", "")] * 2
    assert found[major] == ("refused", alone)
    assert set(Hazard.objects.filter(status="closed").values_list("closed_by", flat=True)) == {
        cast.city.user.pk
    }
    assert list(HazardEvent.objects.filter(action="close").values_list("comment", flat=True)) == ["同意"] * 2
    verified = hazard_in(cast, "verified")
    assert results(send(cast.county, "close", [verified]))[verified.pk][0] == "refused"


def test_the_same_form_again_changes_nothing_and_another_one_under_its_key_is_refused():
    cast = Cast()
    hazards = [hazard_in(cast, "registered") for _ in range(2)]
    key, rows = uuid.uuid4(), ticked(hazards)
    first = issue(cast.county, hazards, key=key, rows=rows)
    again = issue(cast.county, hazards, key=key, rows=rows)
    assert (again["Location"], outcomes(again)) == (first["Location"], ["done", "done"])
    assert HazardEvent.objects.filter(action="issue").count() == 2
    assert issue(cast.county, hazards, key=key, rows=rows[:1]).status_code == 409
    assert issue(cast.county2, hazards, key=key, rows=rows).status_code == 409
    assert as_client(cast.county2).get(first["Location"]).status_code == 404
    assert as_client(cast.county2).post(first["Location"]).status_code == 404


def test_what_somebody_did_meanwhile_stands_and_is_named():
    cast = Cast()
    mine, theirs = (hazard_in(cast, "registered") for _ in range(2))
    rows = ticked([mine, theirs])
    lifecycle.issue(theirs, by=cast.county2, due_on=timezone.localdate(), responsible_person="王五")
    found = results(issue(cast.county, [mine, theirs], rows=rows))
    assert found[mine.pk] == ("done", "")
    outcome, words = found[theirs.pk]
    assert (outcome, cast.county2.user.name in words, "下发整改" in words) == ("changed", True, True)
    assert Hazard.objects.get(pk=theirs.pk).responsible_person == "王五"


def test_two_colleagues_at_once_do_each_row_exactly_once():
    cast = Cast()
    hazards = [hazard_in(cast, "registered") for _ in range(6)]
    rows, start, found = ticked(hazards), threading.Barrier(2), []

    def work(actor, rows):
        start.wait()
        found.append(results(issue(actor, hazards, rows=rows)))
        connection.close()

    threads = [
        threading.Thread(target=work, args=a) for a in ((cast.county, rows), (cast.county2, rows[::-1]))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pairs = [sorted(result[h.pk][0] for result in found) for h in hazards]
    assert pairs == [["changed", "done"]] * 6
    assert HazardEvent.objects.filter(action="issue").count() == 6


def test_what_was_left_undone_is_carried_on_by_its_person_alone():
    cast = Cast()
    hazards = [hazard_in(cast, "registered") for _ in range(2)]
    response = issue(cast.county, hazards)
    run = BulkRun.objects.get()
    waiting = hazard_in(cast, "registered")
    BulkLineFactory(run=run, hazard=waiting, version=waiting.version)  # as if the process had died before it
    page = as_client(cast.county).get(response["Location"]).content.decode()
    assert "还有 1 条没有办" in page
    assert as_client(cast.county).post(response["Location"]).status_code == 302
    assert set(BulkLine.objects.values_list("outcome", flat=True)) == {"done"}
    other_post = Cast(make_place()).county.membership
    BulkRun.objects.update(made_as=other_post)
    assert as_client(cast.county).post(response["Location"]).status_code == 403


def test_a_request_ends_in_time_and_the_rest_waits(monkeypatch):
    monkeypatch.setattr(bulk, "ROUND_SECONDS", -1)
    cast = Cast()
    hazards = [hazard_in(cast, "registered") for _ in range(2)]
    response = issue(cast.county, hazards)
    assert outcomes(response) == ["", ""]
    monkeypatch.undo()
    as_client(cast.county).post(response["Location"])
    assert outcomes(response) == ["done", "done"]


def test_a_post_that_was_taken_away_does_nothing_more():
    cast = Cast()
    hazard = hazard_in(cast, "registered")
    facts = {"due_on": due()}
    run = bulk.begin(
        key=uuid.uuid4(),
        action="issue",
        versions={hazard.pk: hazard.version},
        facts=facts,
        digest="x",
        by=cast.county,
    )
    Membership.objects.filter(pk=cast.county.membership.pk).update(is_active=False)
    bulk.carry_on(run, by=cast.county)
    line = run.lines.get()
    assert (line.outcome, line.words) == ("refused", "您已不在这个岗位，请重新登录。")
    assert Hazard.objects.get().status == "registered"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"row": []}, "请至少勾选一条隐患"),
        ({"row": ["x:1", "1", "1:2:3", "٣:1"]}, "请至少勾选一条隐患"),
        ({"row": [f"{n}:1" for n in range(201)]}, "一次最多 200 条"),
        ({"row": ["1:1"], "due_on": "2020-01-01"}, "整改期限不能早于今天"),
    ],
)
def test_a_wrong_form_comes_back_with_words(form, words):
    cast = Cast()
    picked = hazard_in(cast, "registered")
    url = f"/ledger/bulk/issue/?pick={picked.pk}"
    response = as_client(cast.county).post(url, {"key": uuid.uuid4(), "due_on": due()} | form)
    assert (response.status_code, words in response.content.decode()) == (422, True)
    assert BulkRun.objects.count() == 0


def test_the_tabs_that_fit_offer_it_to_those_who_may():
    cast = Cast()
    put(cast, "registered")
    put(cast, "verified")

    def offered(actor, state):
        page = as_client(actor).get("/ledger/", {"state": state})
        bulk = page.context["bulk"]
        assert (f'name="pick" value="{page.context["rows"][0]["id"]}"' in page.content.decode()) == bool(bulk)
        return bulk and bulk.url

    assert offered(cast.county, "registered") == "/ledger/bulk/issue/"
    assert offered(cast.city, "verified") == "/ledger/bulk/close/"
    assert [offered(cast.county, state) for state in ("open", "")] == [None, None]
    assert [offered(actor, "verified") for actor in (cast.auditor, cast.manager)] == [None] * 2


def test_all_of_a_tab_are_picked_in_its_order_up_to_what_one_form_takes(monkeypatch):
    cast, today = Cast(), timezone.localdate()
    pks = [put(cast, "registered", found_on=today - timedelta(days=n), domain="food")[0] for n in range(3)]
    put(cast, "registered")
    monkeypatch.setattr("hazards.bulk_rules.MOST", {"issue": 2, "close": 2, "reassign": 2})
    page = as_client(cast.county).get(
        "/ledger/bulk/issue/", {"all": "1", "state": "registered", "domain": "food"}
    )
    assert [row.hazard.pk for row in page.context["rows"]] == pks[:2]
    assert page.context["back_url"] == "/ledger/?state=registered&domain=food"


@pytest.mark.parametrize("action", ["issue", "close"])
def test_the_form_costs_the_same_for_any_number_of_rows(action):
    cast = Cast()
    made = [hazard_in(cast, {"issue": "registered", "close": "verified"}[action]) for _ in range(4)]
    client, counts = as_client(cast.city), []
    client.get("/ledger/")
    for rows in (made[:1], made):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/ledger/bulk/{action}/", {"pick": [h.pk for h in rows]}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_old_results_are_forgotten_and_the_events_stay():
    cast = Cast()
    issue(cast.county, [hazard_in(cast, "registered")])
    assert bulk.forget_old() == 0
    BulkRun.objects.update(made_at=timezone.now() - timedelta(days=31))
    assert (bulk.forget_old(), BulkLine.objects.count()) == (1, 0)
    assert HazardEvent.objects.filter(action="issue").count() == 1
