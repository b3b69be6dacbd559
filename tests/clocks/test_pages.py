"""明日升级, the ladder of a matter, and acts that wait to be issued: what is shown and what can be done."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clocks.models import Draft
from clocks.sweep import sweep
from notifications.models import Notice
from tests.clocks.made import DUE, at, major, start_clock
from tests.factories import Cast, as_client, hazard_in, make_place

pytestmark = pytest.mark.django_db
FRIDAY = DUE + timedelta(days=2)  # 27 November; the next workday is Monday


@pytest.fixture
def at_eight():
    def travel(day):
        return time_machine.travel(at(day), tick=False)

    return travel


def coming(actor, url="clocks:tomorrow"):
    page = as_client(actor).get(reverse(url))
    return [(item.clock.title, item.kind.label, item.moment.rung_on) for item in page.context["coming"]]


def test_on_a_friday_people_see_what_escalates_until_monday(cast, at_eight):
    start_clock(cast.home, title="周六", due_on=FRIDAY)
    start_clock(cast.home, title="周一", due_on=FRIDAY + timedelta(days=2))
    start_clock(cast.home, title="周二", due_on=FRIDAY + timedelta(days=3))
    with at_eight(FRIDAY):
        sweep()
        assert coming(cast.county) == [
            ("周六", "黄色预警", FRIDAY + timedelta(days=1)),
            ("周一", "黄色预警", FRIDAY + timedelta(days=3)),
        ]
        other = Cast(make_place(city=cast.place.city))
        assert coming(other.county) == []
        assert len(coming(cast.city, "clocks:coming")) == 2


def test_what_is_coming_costs_the_same_for_one_and_many(cast, at_eight, django_assert_num_queries):
    start_clock(cast.home, due_on=FRIDAY)
    with at_eight(FRIDAY):
        client = as_client(cast.county)
        client.get(reverse("clocks:tomorrow"))  # the first page of a session also notes when it was seen
        for count in (0, 30):
            for _ in range(count):
                start_clock(cast.home, due_on=FRIDAY)
            sweep()
            with django_assert_num_queries(10):
                client.get(reverse("clocks:tomorrow"))


def states(page) -> list[tuple]:
    return [(step.kind.value, step.on, step.state) for step in page.context["steps"]]


def test_the_ladder_of_a_matter_shows_what_was_what_comes_and_what_follows(cast, at_eight):
    clock = start_clock(cast.home)
    with at_eight(DUE + timedelta(days=1)):
        sweep()
        page = as_client(cast.manager).get(reverse("clocks:of_matter", args=["hazard", clock.subject_id]))
        assert states(page) == [
            ("remind", DUE - timedelta(days=5), "done"),
            ("remind", DUE - timedelta(days=1), "done"),
            ("yellow", DUE + timedelta(days=1), "done"),
            ("red", DUE + timedelta(days=5), "next"),
            ("supervise", DUE + timedelta(days=7), "future"),
            ("circular", DUE + timedelta(days=15), "future"),
        ]
        assert "为什么是这天" in page.content.decode()


def test_the_ladder_of_a_matter_elsewhere_is_not_there(cast):
    clock = start_clock(cast.home)
    other = Cast(make_place(city=cast.place.city))
    url = reverse("clocks:of_matter", args=["hazard", clock.subject_id])
    assert [as_client(a).get(url).status_code for a in (cast.county, other.county, other.manager)] == [
        200,
        404,
        404,
    ]


@pytest.fixture
def drafted(cast):
    """A 督办 drafted for the county, the people told that it waits."""
    major(cast.home)
    sweep(at(DUE + timedelta(days=3)))
    return Draft.objects.get()


def test_an_official_act_is_drafted_for_its_authority_and_only_its_people_hear_of_it(cast, drafted):
    assert (drafted.kind, drafted.authority) == ("supervise", cast.home.authority)
    told = Notice.objects.filter(url=reverse("clocks:draft", args=[drafted.pk]))
    assert set(told.values_list("recipient", flat=True)) == {cast.county.user.pk, cast.county2.user.pk}
    assert as_client(cast.manager).get(reverse("clocks:draft", args=[drafted.pk])).status_code == 404


def test_a_person_of_the_authority_issues_it_and_the_institution_hears(cast, drafted):
    issue = reverse("clocks:draft_issue", args=[drafted.pk])
    body = {"number": "赣县民督〔2026〕3号", "text": "请于收到之日起 5 个工作日内书面报告整改情况。"}
    assert [as_client(a).post(issue, body).status_code for a in (cast.city, cast.manager)] == [403, 404]
    assert as_client(cast.county).post(issue, {"text": "短"}).status_code == 422
    assert as_client(cast.county).post(issue, body).status_code == 302
    drafted.refresh_from_db()
    assert (drafted.issued_by, drafted.number, drafted.is_waiting) == (
        cast.county.user,
        body["number"],
        False,
    )
    told = Notice.objects.filter(dedupe_key=f"act:{drafted.pk}").values_list("recipient", flat=True)
    assert set(told) == {cast.manager.user.pk, cast.safety.user.pk, cast.county2.user.pk}
    assert as_client(cast.manager).get(reverse("clocks:draft", args=[drafted.pk])).status_code == 200
    assert as_client(cast.county2).post(issue, body).status_code == 422


def test_not_issuing_takes_a_reason(cast, drafted):
    drop = reverse("clocks:draft_drop", args=[drafted.pk])
    client = as_client(cast.county)
    assert client.post(drop, {"reason": "不"}).status_code == 422
    assert client.post(drop, {"reason": "机构已停业，另案处理"}).status_code == 302
    drafted.refresh_from_db()
    assert (drafted.dropped_by, drafted.reason) == (cast.county.user, "机构已停业，另案处理")
    assert not Notice.objects.filter(recipient=cast.manager.user, dedupe_key=f"act:{drafted.pk}").exists()


def test_the_workbench_and_the_page_of_a_hazard_ask_for_the_fragments(cast):
    hazard = hazard_in(cast, "rectifying")
    page = as_client(cast.county).get(reverse("hazards:detail", args=[hazard.pk])).content.decode()
    assert f'hx-get="/clocks/of/hazard/{hazard.pk}/"' in page
    assert 'hx-get="/clocks/coming/"' in as_client(cast.county).get("/").content.decode()
    assert 'hx-get="/clocks/coming/"' not in as_client(cast.manager).get("/").content.decode()
