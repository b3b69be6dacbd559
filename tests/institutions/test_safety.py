"""责任书 and drills: who records them, what cannot be, what is said to be missing."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from institutions.actions.safety import save_drill, save_pledge
from institutions.enums import Role
from institutions.models import Drill, InstitutionEvent, Pledge
from institutions.queries import drill_state, pledge_state
from institutions.rules import half_year_after
from tests.factories import DrillFactory, PledgeFactory, make_actor, make_place

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
PLEDGE = {
    "signed_on": date(2026, 1, 8),
    "valid_until": date(2026, 12, 31),
    "signer": "刘芳",
    "counter_signer": "陈志刚",
}
DRILL = {"held_on": date(2026, 8, 31), "kind": "fire", "participants": 42, "is_night": True, "problems": ""}


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(f"{TODAY}T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def place():
    return make_place()


@pytest.fixture
def home(place):
    return place.institution(name="阳光敬老院")


@pytest.fixture
def county(place):
    return make_actor(Role.COUNTY_OFFICIAL, place.county)


@pytest.fixture
def manager(home):
    return make_actor(Role.MANAGER, home)


def pledge_url(home, year=2026) -> str:
    return reverse("institutions:pledge", args=[home.pk, year])


def page_of(client, home) -> str:
    return client.get(reverse("institutions:detail", args=[home.pk])).content.decode()


# --- who ----------------------------------------------------------------------------------------------------


def test_the_supervising_authority_records_pledges_and_the_manager_drills(
    browse, place, home, county, manager
):
    add = reverse("institutions:drill_add", args=[home.pk])
    held = reverse("institutions:drill", args=[home.pk, DrillFactory(institution=home).pk])
    others = [(Role.CITY_OFFICIAL, place.city), (Role.SAFETY_OFFICER, home), (Role.AUDITOR, place.county)]
    for actor, answers in (
        (county, [200, 403, 403]),
        (manager, [403, 200, 200]),
        *((make_actor(*other), [403, 403, 403]) for other in others),
    ):
        client = browse(actor)
        urls = [pledge_url(home), add, held]
        assert [client.get(url).status_code for url in urls] == answers
        page = page_of(client, home)
        assert [url in page for url in urls] == [status == 200 for status in answers]
        refused = [url for url, status in zip(urls, answers, strict=True) if status == 403]
        assert {client.post(url, {}).status_code for url in refused} == {403}


def test_for_a_house_without_accounts_its_authority_records_the_drill_and_is_named(browse, place, county):
    home, add = place.institution(name="无账号院"), "institutions:drill_add"
    make_actor(Role.SAFETY_OFFICER, home)  # may not keep the record either
    others = [
        (Role.CITY_OFFICIAL, place.city),
        (Role.AUDITOR, place.county),
        (Role.TOWNSHIP_PATROL, place.county),
    ]
    url = reverse(add, args=[home.pk])
    assert {browse(make_actor(*other)).get(url).status_code for other in others} == {403}
    client = browse(county)
    assert "由您代为登记" in client.get(url).content.decode()
    assert client.post(url, DRILL | {"is_night": "on"}).status_code == 302
    drill = home.drills.get()
    assert (drill.recorded_by, drill.recorded_at) == (county.user, timezone.now())
    assert [(e.act, e.by) for e in InstitutionEvent.objects.all()] == [("drill", county.user)]
    assert f"{county.user.name}登记" in page_of(client, home)
    correct = reverse("institutions:drill", args=[home.pk, drill.pk])
    manager = make_actor(Role.MANAGER, home)
    assert [browse(who).get(correct).status_code for who in (county, manager)] == [403, 200]
    browse(manager).post(correct, DRILL | {"is_night": "on", "participants": 43})
    drill.refresh_from_db()
    assert (drill.participants, drill.recorded_by) == (43, county.user)
    manager.user.is_active = False
    manager.user.save(update_fields=["is_active"])
    assert browse(county).get(correct).status_code == 200


def test_the_actions_themselves_refuse_who_may_not(place, home, county, manager):
    with pytest.raises(PermissionDenied, match="主管民政部门登记"):
        save_pledge(home, by=manager, year=2026, today=TODAY, **PLEDGE)
    with pytest.raises(PermissionDenied, match="主管民政部门登记"):
        city = make_actor(Role.CITY_OFFICIAL, place.city)
        save_pledge(home, by=city, year=2026, today=TODAY, **PLEDGE)
    with pytest.raises(PermissionDenied, match="机构负责人登记"):
        save_drill(home, by=county, today=TODAY, **DRILL)
    assert (Pledge.objects.count(), Drill.objects.count()) == (0, 0)


def test_a_drill_of_another_house_cannot_be_corrected(browse, place, home, manager):
    other = DrillFactory(institution=place.institution(name="乙院"))
    assert browse(manager).get(reverse("institutions:drill", args=[home.pk, other.pk])).status_code == 404
    with pytest.raises(Drill.DoesNotExist):
        save_drill(home, by=manager, today=TODAY, drill_id=other.pk, **DRILL)


# --- recording ----------------------------------------------------------------------------------------------


def test_a_pledge_is_one_a_year_and_saving_again_corrects_it_with_a_trace(browse, home, county):
    client = browse(county)
    assert client.get(pledge_url(home)).context["form"]["valid_until"].value() == date(2026, 12, 31)
    for signer in ("刘芳", "刘芳", "刘方"):
        answer = client.post(pledge_url(home), PLEDGE | {"signer": signer})
        assert answer.url == reverse("institutions:detail", args=[home.pk]) + "#pledges"
    assert [(p.year, p.signer, p.valid_until) for p in home.pledges.all()] == [
        (2026, "刘方", date(2026, 12, 31))
    ]
    later, first = InstitutionEvent.objects.all()
    assert (later.act, later.by, later.changes) == (
        "pledge", county.user, {"2026 年安全责任书：机构签订人": ["刘芳", "刘方"]},
    )  # fmt: skip
    assert first.changes == {
        "2026 年安全责任书：签订日期": ["", "2026-01-08"],
        "2026 年安全责任书：机构签订人": ["", "刘芳"],
        "2026 年安全责任书：主管部门签订人": ["", "陈志刚"],
        "2026 年安全责任书：有效期至": ["", "2026-12-31"],
    }


def test_a_drill_sets_the_next_half_a_year_later_and_a_correction_leaves_a_trace(browse, home, manager):
    client, add = browse(manager), reverse("institutions:drill_add", args=[home.pk])
    said = DRILL | {"is_night": "on", "problems": "三楼疏散用时过长"}
    assert client.post(add, said).url == reverse("institutions:detail", args=[home.pk]) + "#drills"
    drill = home.drills.get()
    assert (drill.next_due_on, drill.is_night, drill.participants) == (date(2027, 2, 28), True, 42)
    correct = reverse("institutions:drill", args=[home.pk, drill.pk])
    assert client.get(correct).context["form"]["problems"].value() == "三楼疏散用时过长"
    client.post(correct, said | {"held_on": "2026-08-30", "next_due_on": "2026-12-01"})
    drill.refresh_from_db()
    assert (drill.held_on, drill.next_due_on) == (date(2026, 8, 30), date(2026, 12, 1))
    assert InstitutionEvent.objects.first().changes == {
        "2026-08-31 灭火疏散演练：演练日期": ["2026-08-31", "2026-08-30"],
        "2026-08-31 灭火疏散演练：下次演练期限": ["2027-02-28", "2026-12-01"],
    }
    assert {event.act for event in InstitutionEvent.objects.all()} == {"drill"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"signed_on": date(2026, 11, 23)}, "signed_on"),
        ({"signed_on": date(1026, 1, 8)}, "signed_on"),
        ({"valid_until": date(2026, 1, 7)}, "valid_until"),
        ({"valid_until": date(2062, 12, 31)}, "valid_until"),
        ({"signer": ""}, "signer"),
    ],
)
def test_a_pledge_that_cannot_be_is_refused_beside_its_field(browse, home, county, changed, field):
    answer = browse(county).post(pledge_url(home), PLEDGE | changed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert (Pledge.objects.count(), InstitutionEvent.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"held_on": date(2026, 11, 23)}, "held_on"),
        ({"held_on": date(9999, 12, 31)}, "held_on"),
        ({"held_on": date(1026, 8, 31)}, "held_on"),
        ({"next_due_on": date(2027, 3, 1)}, "next_due_on"),
        ({"next_due_on": date(2026, 8, 31)}, "next_due_on"),
        ({"participants": 0}, "participants"),
        ({"kind": "party"}, "kind"),
    ],
)
def test_a_drill_that_cannot_be_is_refused_beside_its_field(browse, home, manager, changed, field):
    answer = browse(manager).post(reverse("institutions:drill_add", args=[home.pk]), DRILL | changed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert (Drill.objects.count(), InstitutionEvent.objects.count()) == (0, 0)


def test_the_same_drill_is_recorded_once(browse, home, manager):
    client, add = browse(manager), reverse("institutions:drill_add", args=[home.pk])
    assert [client.post(add, DRILL | {"is_night": "on"}).status_code for _ in range(2)] == [302, 422]
    assert client.post(add, DRILL | {"is_night": ""}).status_code == 302
    day, night = home.drills.order_by("is_night")
    with pytest.raises(ValidationError, match="已经登记过"):
        save_drill(home, by=manager, today=TODAY, drill_id=day.pk, **DRILL)
    assert night.is_night


def test_a_year_beyond_the_coming_one_has_no_pledge(browse, home, county):
    client = browse(county)
    answers = {year: client.get(pledge_url(home, year)).status_code for year in (1999, 2000, 2027, 2028)}
    assert answers == {1999: 404, 2000: 200, 2027: 200, 2028: 404}


# --- what the database keeps --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factory", "facts", "constraint"),
    [
        (DrillFactory, {"next_due_on": date(2027, 5, 23)}, "drill_next_within_half_a_year"),
        (DrillFactory, {"next_due_on": TODAY}, "drill_next_within_half_a_year"),
        (DrillFactory, {"participants": 0}, "drill_with_somebody"),
        (DrillFactory, {"kind": "party"}, "drill_kind_known"),
        (PledgeFactory, {"valid_until": date(2025, 12, 31)}, "pledge_valid_after_signing"),
        (PledgeFactory, {"year": 1999}, "pledge_year_known"),
        (PledgeFactory, {"counter_signer": ""}, "pledge_signed_by_both"),
    ],
)
def test_rows_that_cannot_be_are_refused_by_the_database(home, factory, facts, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        factory(institution=home, **facts)


@given(day=st.dates(date(2000, 1, 1), date(2100, 12, 31)))
@settings(max_examples=100, deadline=None)
def test_half_a_year_is_the_same_here_and_in_the_database(day):
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::date + interval '6 months')::date", [day])
        assert cursor.fetchone() == (half_year_after(day),)


# --- what is missing ----------------------------------------------------------------------------------------


def test_what_is_missing_is_said_plainly(browse, home, county):
    page = page_of(browse(county), home)
    assert "今年还没有签订责任书" in page
    assert "半年内没有演练记录" in page
    assert "下次演练期限" in page
    PledgeFactory(institution=home)
    DrillFactory(institution=home)
    page = page_of(browse(county), home)
    assert re.findall("今年还没有签订责任书|半年内没有演练记录", page) == []


def test_last_years_pledge_is_enough_while_it_is_valid(home):
    PledgeFactory(institution=home, year=2025, valid_until=date(2026, 11, 22))
    assert pledge_state(home, TODAY).missing == ""
    tomorrow = pledge_state(home, TODAY + timedelta(days=1))
    assert (tomorrow.missing, tomorrow.year) == ("今年还没有签订责任书", 2026)
    assert [(words, tone) for _, words, tone in tomorrow.rows] == [("已过期 1 天", "red")]


def test_after_this_years_pledge_the_coming_one_is_offered(home):
    PledgeFactory(institution=home)
    assert pledge_state(home, TODAY).year == 2027


def test_a_drill_is_missed_the_day_after_its_half_year(home):
    DrillFactory(institution=home, held_on=date(2026, 5, 22))
    assert drill_state(home, TODAY).missing == ""
    assert drill_state(home, TODAY + timedelta(days=1)).missing == "半年内没有演练记录"


def test_without_a_drill_the_first_is_due_half_a_year_after_the_day_of_registration_in_beijing(place):
    with time_machine.travel("2026-06-01T00:30:00+08:00", tick=False):  # still May in UTC
        home = place.institution(name="新院")
    assert drill_state(home, TODAY).due_on == date(2026, 12, 1)


def found(client, **asked) -> list[str]:
    """Names on the list of institutions, in order."""
    page = client.get(reverse("institutions:list"), asked).context["page"]
    return sorted(row.name for row in page)


def test_the_list_finds_who_lacks_a_pledge_whose_ends_soon_and_who_missed_a_drill(browse, place, county):
    def house(name, pledges=(), drills=()):
        made = place.institution(name=name)
        for year, until in pledges:
            PledgeFactory(institution=made, year=year, valid_until=until)
        for held_on, due in drills:
            DrillFactory(institution=made, held_on=held_on, next_due_on=due)
        return made

    today, tomorrow = TODAY, TODAY + timedelta(days=1)
    house("甲", [(2026, date(2027, 6, 30))], [(date(2026, 6, 1), date(2026, 12, 1))])
    house("乙", [(2025, today)], [(date(2026, 5, 22), today)])
    house("丙", [(2025, TODAY - timedelta(days=1))], [(date(2026, 5, 21), date(2026, 11, 21))])
    # The latest drill counts, though an earlier one would be valid for longer.
    early = [(date(2026, 6, 1), date(2026, 12, 1)), (date(2026, 9, 1), date(2026, 10, 1))]
    house("丁", [(2026, date(2026, 11, 1))], early)
    house("戊")
    late = house("己", [(2026, TODAY + timedelta(days=30)), (2025, date(2026, 1, 1))])
    type(late).objects.filter(pk=late.pk).update(first_drill_due_on=today - timedelta(days=1))
    closed = house("庚")
    type(closed).objects.filter(pk=closed.pk).update(is_active=False)
    client = browse(county)
    assert found(client, safety="no_pledge") == ["丙", "戊"]
    assert found(client, safety="pledge_ends_soon") == ["乙", "己"]
    assert found(client, safety="drill_late") == ["丁", "丙", "己"]
    assert len(found(client)) == 7
    assert client.get(reverse("institutions:list"), {"safety": "anything"}).status_code == 422
    states = {row.name: pledge_state(row, TODAY).missing for row in type(late).objects.all()}
    assert {name for name, missing in states.items() if missing} == {"丙", "戊"}
    with time_machine.travel(f"{tomorrow}T00:10:00+08:00", tick=False):
        assert found(browse(county), safety="drill_late") == ["丁", "丙", "乙", "己"]


@pytest.mark.parametrize("gap", ["no_pledge", "pledge_ends_soon", "drill_late"])
def test_a_gap_narrows_the_list_without_another_statement(browse, place, county, gap):
    place.institution(name="甲")
    client, url = browse(county), reverse("institutions:list")

    def statements(**asked) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url, asked).status_code == 200
        return len(queries)

    statements()
    assert statements(safety=gap) <= statements()


def test_nothing_is_missed_where_nobody_is(home):
    home.is_active = False
    assert (pledge_state(home, TODAY).missing, drill_state(home, TODAY).missing) == ("", "")
    assert drill_state(home, TODAY).due_on is None


def test_the_pages_have_no_inline_script_or_style(browse, home, county, manager):
    add = reverse("institutions:drill_add", args=[home.pk])
    for actor, url in ((county, pledge_url(home)), (manager, add)):
        page = browse(actor).get(url).content.decode()
        assert re.findall(r"\sstyle=|\son[a-z]+=|<style|hx-on|javascript:", page) == []


_values = st.text(max_size=60) | st.integers(-(10**25), 10**25).map(str) | st.dates().map(str)


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_posted_value_breaks_a_form(browse, home, county, manager, data):
    add = reverse("institutions:drill_add", args=[home.pk])
    for actor, url, valid in ((county, pledge_url(home), PLEDGE), (manager, add, DRILL)):
        keys = [*valid, "next_due_on"]
        posted = valid | data.draw(st.dictionaries(st.sampled_from(keys), _values, max_size=4))
        assert browse(actor).post(url, posted).status_code in {302, 422}
