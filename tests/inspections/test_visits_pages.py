"""The pages of visits: what each answers, with a constant number of statements."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hazards.models import Hazard
from inspections.actions import finishing
from inspections.actions import visits as actions
from inspections.models import Answer, Visit, VisitSignature
from tests.factories import Cast, as_client, make_place
from tests.inspections import factories as make
from tests.inspections.walking import answer, checklist, data_url, find, open_visit, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


def opening(**changes) -> dict:
    return {"key": str(uuid.uuid4()), "kind": "screening", "when": "now", "checklist": ""} | changes


def test_an_official_opens_a_visit_with_the_checklist_of_the_house(cast):
    ours, _ = checklist(2), checklist(1, kinds=["cemetery"])
    added = make.ChecklistFactory(items=1, published=True, scope=cast.place.county)
    client, url = as_client(cast.county), f"/inspections/visits/new/{cast.home.pk}/"
    form = client.get(url).context["form"]
    assert (form["checklist"].value(), form.added) == (ours.pk, [added])
    data = opening(checklist=ours.pk, inspectors=[cast.county2.user.pk], is_unannounced="on")
    first, second = (client.post(url, data) for _ in range(2))
    visit = Visit.objects.get()
    assert first["Location"] == second["Location"] == f"/inspections/visits/{visit.uid}/"
    assert (visit.status, visit.is_unannounced, visit.items.count()) == ("open", True, 3)
    assert visit.inspectors.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "oversight"}, "kind"),
        ({"when": "later"}, "planned_on"),
        ({"when": "later", "planned_on": "2020-01-01"}, "planned_on"),
        ({"checklist": "999999"}, "checklist"),
        ({"inspectors": ["999999"]}, "inspectors"),
    ],
)
def test_a_bad_opening_is_answered_beside_its_field(cast, changes, field):
    response = as_client(cast.county).post(f"/inspections/visits/new/{cast.home.pk}/", opening(**changes))
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert Visit.objects.count() == 0


def test_a_visit_opened_from_a_plan_fulfils_it(cast):
    plan = make.VisitPlanFactory(institution=cast.home)
    url = f"/inspections/visits/new/{cast.home.pk}/?plan={plan.pk}&kind=screening"
    as_client(cast.county).post(url, opening())
    plan.refresh_from_db()
    assert plan.visit == Visit.objects.get()


def test_a_domain_is_saved_at_once_without_javascript(cast):
    items = list(checklist(3).items.all())
    visit = open_visit(cast, checklist=items[0].checklist)
    data = {f"answer-{item.pk}": "yes" for item in items} | {
        f"note-{items[0].pk}": "二楼",
        "back": "domain_fire",
    }
    response = as_client(cast.county).post(f"/inspections/visits/{visit.uid}/answers/", data)
    assert response["Location"] == f"/inspections/visits/{visit.uid}/#domain_fire"
    assert sorted(Answer.objects.values_list("value", "note")) == [("yes", ""), ("yes", ""), ("yes", "二楼")]


def test_a_script_gets_its_answer_in_json(cast):
    item = checklist(2).items.first()
    visit = open_visit(cast, checklist=item.checklist)
    url, json = f"/inspections/visits/{visit.uid}/answers/", {"Accept": "application/json"}
    data = {f"answer-{item.pk}": "yes", f"revision-{item.pk}": "0"}
    mine = as_client(cast.county).post(url, data, headers=json)
    assert (mine.status_code, mine.json()) == (200, {
        "answered": 1, "total": 2, "findings": 0, "errors": [], "theirs": {},
        "saved": {str(item.pk): {"revision": 1, "value": "yes"}},
    })  # fmt: skip
    theirs = as_client(cast.county2).post(url, data | {f"answer-{item.pk}": "no"}, headers=json)
    assert (theirs.status_code, theirs.json()["theirs"]) == (
        409, {str(item.pk): {"revision": 1, "value": "yes", "note": ""}}
    )  # fmt: skip
    bad = {f"answer-{item.pk}": "yes", f"note-{item.pk}": "36010219560101123X"}
    assert as_client(cast.county).post(url, bad, headers=json).status_code == 409


def test_the_record_is_written_and_two_editors_are_told(cast):
    visit = open_visit(cast)
    url = f"/inspections/visits/{visit.uid}/record/"
    data = {
        "version": "0",
        "place_note": "一至三楼",
        "inspectors": [cast.county.user.pk, cast.county2.user.pk],
    }
    assert as_client(cast.county).post(url, data)["Location"] == f"/inspections/visits/{visit.uid}/finish/"
    late = as_client(cast.county2).post(url, data | {"place_note": "食堂和配电间"})
    assert (late.status_code, "食堂和配电间" in late.text) == (409, True)
    assert Visit.objects.get().place_note == "一至三楼"


def test_signing_on_screen_and_refusing(cast):
    visit = open_visit(cast)
    client, url = as_client(cast.county), f"/inspections/visits/{visit.uid}/sign/"
    data = {"key": str(uuid.uuid4()), "who": str(cast.county.user.pk), "image": data_url()}
    assert client.post(url, data).status_code == 302
    assert client.post(url, data).status_code == 302
    assert VisitSignature.objects.get().user == cast.county.user
    page = client.get(url)
    assert page.context["signatures"][0].data_url in page.text
    for bad in ({"image": ""}, {"image": "data:image/png;base64,!!"}, {"image": data_url(b"no png at all")}):
        assert client.post(url, data | {"key": str(uuid.uuid4())} | bad).status_code == 422
    refusal = {
        "key": str(uuid.uuid4()),
        "who": "in_charge",
        "name": "刘芳",
        "refusal_reason": "拒绝签名，未说明理由",
    }
    assert client.post(url, refusal).status_code == 302
    assert (Visit.objects.get().refusal_reason, Visit.objects.get().person_in_charge) == (
        "拒绝签名，未说明理由", "刘芳"
    )  # fmt: skip


def test_the_finish_page_says_what_is_missing_and_then_finishes(cast):
    item = checklist(1).items.get()
    visit = open_visit(cast, checklist=item.checklist)
    client, url = as_client(cast.county), f"/inspections/visits/{visit.uid}/finish/"
    find(visit, cast.county, item)
    refused = client.post(url)
    assert (refused.status_code, Hazard.objects.count()) == (422, 0)
    assert "被检查单位负责人还没有签名" in refused.text
    signed(visit, cast.county)
    assert client.get(url).context["lacks"] == []
    for _ in range(2):
        assert client.post(url)["Location"] == f"/inspections/visits/{visit.uid}/"
    assert Hazard.objects.count() == 1
    page = client.get(f"/inspections/visits/{visit.uid}/")
    assert f"/hazards/{Hazard.objects.get().pk}/" in page.text
    assert client.get(url).status_code == 409


def test_the_printed_record_shows_verified_law_alone(cast):
    bases = [
        {"text": "《消防法》(2021修正)第二十八条", "is_verified": True},
        {"text": "《机关、团体、企业、事业单位消防安全管理规定》第三十一条", "is_verified": False},
    ]
    item = checklist(1, items__bases=bases).items.get()
    visit = open_visit(cast, checklist=item.checklist)
    find(visit, cast.county, item)
    finishing.finish(signed(visit, cast.county), by=cast.county)
    page = as_client(cast.city).get(f"/inspections/visits/{visit.uid}/print/").text
    assert ("《消防法》(2021修正)第二十八条" in page, "第三十一条" in page, "消防安全管理规定" in page) == (
        True, False, False
    )  # fmt: skip
    assert "刘芳" in page
    assert "data:image/png;base64," in page


def test_cancelling_asks_why(cast):
    visit = open_visit(cast)
    client, url = as_client(cast.county), f"/inspections/visits/{visit.uid}/cancel/"
    assert (client.get(url).status_code, client.post(url, {"reason": ""}).status_code) == (200, 422)
    assert client.post(url, {"reason": "机构停电，改日再查"}).status_code == 302
    assert "机构停电，改日再查" in client.get(f"/inspections/visits/{visit.uid}/").text
    assert client.post(url, {"reason": "再取消一次"}).status_code == 409


def test_check_in_by_page(cast):
    visit = open_visit(cast, planned_on=timezone.localdate(), inspectors=[])
    url = f"/inspections/visits/{visit.uid}/"
    assert "到场签到，开始检查" in as_client(cast.county).get(url).text
    assert as_client(cast.county2).post(f"{url}check-in/").status_code == 302
    assert Visit.objects.get().checked_in_by == cast.county2.user
    assert [as_client(a).post(f"{url}check-in/").status_code for a in (cast.manager, cast.auditor)] == [
        403,
        403,
    ]
    assert as_client(Cast().county).post(f"{url}check-in/").status_code == 404


def test_the_list_is_filtered_and_counts_by_tab(cast):
    other = cast.place.institution(name="另一家敬老院")
    open_visit(cast)
    open_visit(cast, institution=other, kind="joint", inspectors=[])
    open_visit(cast, by=cast.county2, planned_on=timezone.localdate())
    finishing.finish(signed(open_visit(cast), cast.county), by=cast.county)
    client = as_client(cast.county)
    page = client.get("/inspections/visits/")
    assert {t["key"]: t["count"] for t in page.context["tabs"]} == {
        "planned": 1, "open": 2, "finished": 1, "cancelled": 0
    }  # fmt: skip
    assert (page.context["tab"], len(page.context["page"])) == ("open", 2)
    shown = {
        query: [
            v.institution.name for v in client.get(f"/inspections/visits/?tab=open&{query}").context["page"]
        ]
        for query in ("q=另一家", "kind=joint", "mine=on", "kind=nonsense", "q=%00", "campaign=x")
    }
    assert shown == {
        "q=另一家": ["另一家敬老院"], "kind=joint": ["另一家敬老院"],
        "mine=on": ["另一家敬老院", cast.home.name], "kind=nonsense": [], "q=%00": [], "campaign=x": [],
    }  # fmt: skip


def statements(client, url) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_costs_the_same_at_any_length(cast, rows):
    for _ in range(rows):
        open_visit(cast, institution=cast.place.institution())
        open_visit(cast, planned_on=timezone.localdate() + timedelta(days=1))
    client = as_client(cast.county)
    urls = ("?tab=open", "due/", f"of-institution/{cast.home.pk}/")
    assert [statements(client, f"/inspections/visits/{url}") for url in urls] == [11, 10, 9]


@pytest.mark.parametrize("count", [2, 93])
def test_a_visit_costs_the_same_at_any_length(cast, count):
    items = list(checklist(count).items.all())
    visit = open_visit(cast, checklist=items[0].checklist)
    answer(visit, cast.county, {item.pk: "yes" for item in items})
    for item in items[: count // 2]:
        find(visit, cast.county, item)
    url = f"/inspections/visits/{visit.uid}/"
    found = {
        "walk": statements(as_client(cast.county), url),
        "record": statements(as_client(cast.city), url),
        "finish": statements(as_client(cast.county), f"{url}finish/"),
        "print": statements(as_client(cast.city), f"{url}print/"),
    }
    assert found == {"walk": 14, "record": 16, "finish": 13, "print": 16}


def test_who_is_out_of_scope_finds_nothing(cast):
    visit = open_visit(cast)
    place = make_place(city=cast.place.city)
    sibling = Cast(place).county
    client = as_client(sibling)
    names = ["", "cancel/", "record/", "sign/", "finish/", "print/", "findings/new/"]
    assert {client.get(f"/inspections/visits/{visit.uid}/{name}").status_code for name in names} == {404}
    assert client.get(f"/inspections/visits/new/{cast.home.pk}/").status_code == 404
    assert client.get(f"/inspections/visits/of-institution/{cast.home.pk}/").status_code == 404
    assert str(visit.uid) not in client.get("/inspections/visits/").text
    actions.check_in(visit, by=cast.city)
    assert as_client(cast.auditor).get("/inspections/visits/new/").status_code == 403
    assert as_client(cast.system_admin).get("/inspections/visits/").status_code == 403
