"""改派监管责任人: another official of the same authority answers from now on; who left is found and replaced."""

import io
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.http import Conflict
from hazards import officers
from hazards.actions import lifecycle, reassigning
from hazards.actions.unfit import Unfit
from hazards.enums import HazardStatus
from hazards.models import BulkRun, Hazard
from institutions.models import Membership
from notifications.models import Notice
from tests.factories import Cast, as_client, hazard_in, make_actor, photos_of, register_hazard

pytestmark = pytest.mark.django_db
S = HazardStatus


@pytest.fixture
def cast():
    return Cast()


def leaves(actor):
    """The post is taken away (收回角色)."""
    Membership.objects.filter(pk=actor.membership.pk).update(is_active=False)


def told(subject: str) -> set[int]:
    return set(Notice.objects.filter(subject__startswith=subject).values_list("recipient", flat=True))


def left(actor) -> list[int]:
    """What the ledger shows under 监管责任人已离岗."""
    rows = as_client(actor).get("/ledger/", {"officer": "left"}).context["rows"]
    return sorted(row["id"] for row in rows)


def test_the_new_officer_and_the_one_before_are_told_and_the_history_says_who_was_who(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    assert hazard.supervising_officer == cast.county.user
    third = make_actor("county_official", cast.place.county)
    after = reassigning.reassign(hazard, by=third, officer=cast.county2.user, reason="分工调整")
    assert (after.supervising_officer, after.status, after.due_on) == (
        cast.county2.user, hazard.status, hazard.due_on,
    )  # fmt: skip
    assert told("改派您为监管责任人") == {cast.county2.user.pk}
    assert told("您不再是监管责任人") == {cast.county.user.pk}
    event = hazard.events.latest("seq")
    assert (event.action, event.comment, event.officers) == (
        "reassign", "分工调整", f"由{cast.county.user.name}改为{cast.county2.user.name}",
    )  # fmt: skip
    page = as_client(cast.manager).get(f"/hazards/{hazard.pk}/").content.decode()
    assert event.officers in page
    call_command("verify_audit", stdout=io.StringIO())


def test_whoever_takes_it_over_is_not_told_what_they_did_themselves(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    reassigning.reassign(hazard, by=cast.county2, officer=cast.county2.user, reason="由我负责")
    assert (told("改派您"), told("您不再是")) == (set(), {cast.county.user.pk})


def test_whoever_left_the_authority_is_told_nothing_of_its_hazards(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    leaves(cast.county)
    reassigning.reassign(hazard, by=cast.county2, officer=cast.county2.user, reason="离岗")
    assert told("您不再是监管责任人") == set()


def test_only_the_supervising_authority_reassigns_and_only_to_its_own_people(cast):
    hazard, neighbour = hazard_in(cast, S.RECTIFYING), Cast()
    for actor in (cast.city, cast.province, cast.manager, cast.auditor, cast.security_admin):
        with pytest.raises(PermissionDenied):
            reassigning.reassign(hazard, by=actor, officer=cast.county2.user, reason="分工调整")
    patrol = make_actor("auditor", cast.place.county)
    for somebody in (cast.city, neighbour.county, cast.manager, patrol):
        with pytest.raises(Unfit, match=f"{somebody.user.name}不在.*任职，请另选一人。"):
            reassigning.reassign(hazard, by=cast.county, officer=somebody.user, reason="分工调整")
    with pytest.raises(Unfit, match="已经是监管责任人"):
        reassigning.reassign(hazard, by=cast.county, officer=cast.county.user, reason="分工调整")


@pytest.mark.parametrize("status", [S.REGISTERED, S.CLOSED, S.VOIDED])
def test_what_is_not_under_way_has_nobody_to_reassign(cast, status):
    hazard = hazard_in(cast, status)
    with pytest.raises(Conflict):
        reassigning.reassign(hazard, by=cast.county, officer=cast.county2.user, reason="分工调整")


def test_an_open_form_of_the_institution_outlives_it_and_another_reassignment_does_not(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    third = make_actor("county_official", cast.place.county)
    reassigning.reassign(hazard, by=cast.county, officer=cast.county2.user, reason="分工调整")
    with pytest.raises(Conflict):
        reassigning.reassign(
            hazard, by=cast.county2, officer=third.user, reason="分工调整", version=hazard.version
        )
    hazard = lifecycle.submit(
        hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager), version=hazard.version
    )
    assert (hazard.status, hazard.supervising_officer) == (S.AWAITING_VERIFICATION, cast.county2.user)


def test_the_form_offers_the_colleagues_and_keeps_what_was_typed(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    client, url = as_client(cast.county), f"/hazards/{hazard.pk}/reassign/"
    assert f'<a href="{url}">改派</a>' in client.get(f"/hazards/{hazard.pk}/").content.decode()
    page = client.get(url)
    offered = list(page.context["form"].fields["officer"].queryset)
    assert offered == [cast.county2.user]
    body = {"version": hazard.version, "key": str(uuid.uuid4())}
    answer = client.post(url, body | {"officer": cast.city.user.pk, "reason": "调到市局"})
    assert (answer.status_code, "这个人不在主管民政部门任职" in answer.text, "调到市局" in answer.text) == (
        422, True, True,
    )  # fmt: skip
    answer = client.post(url, body | {"officer": cast.county2.user.pk, "reason": "调岗"}, follow=True)
    assert "已改派，新的监管责任人会收到通知。" in answer.content.decode()
    assert Hazard.objects.get().supervising_officer == cast.county2.user
    assert as_client(cast.city).get(url).status_code == 403


def test_hazards_whose_officer_left_are_shown_as_something_to_do(cast):
    under_way = [hazard_in(cast, status) for status in (S.RECTIFYING, S.AWAITING_VERIFICATION, S.VERIFIED)]
    for status in (S.REGISTERED, S.CLOSED, S.VOIDED):
        hazard_in(cast, status)
    kept = register_hazard(cast, by=cast.county2)
    assert (left(cast.county2), officers.count_left_behind(cast.county2)) == ([], 0)
    leaves(cast.county)
    assert left(cast.county2) == sorted(hazard.pk for hazard in under_way)
    bench = as_client(cast.county2).get("/").content.decode()
    assert "监管责任人已离岗 3 条" in bench
    page = as_client(cast.county2).get(f"/hazards/{under_way[0].pk}/").content.decode()
    assert '<span class="tag tag-amber">已离岗</span>' in page
    assert "已离岗" not in as_client(cast.county2).get(f"/hazards/{kept.pk}/").content.decode()
    # Neither the city nor the institution has to find somebody; nor another county.
    assert [officers.count_left_behind(actor) for actor in (cast.city, cast.manager, Cast().county)] == [
        0
    ] * 3
    assert "监管责任人已离岗" not in as_client(cast.manager).get("/").content.decode()


def test_whoever_moved_to_the_city_or_lost_their_account_has_left_as_well(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    leaves(cast.county)
    make_actor("city_official", cast.place.city, user=cast.county.user)
    assert officers.has_left(hazard)
    other = register_hazard(cast, by=cast.county2)
    assert not officers.has_left(other)
    cast.county2.user.is_active = False
    cast.county2.user.save()
    assert officers.has_left(other)


def test_what_somebody_from_above_had_fixed_on_the_spot_needs_an_officer_once_it_is_rejected(cast):
    fixed = {"measures": "当场清理", "evidence": photos_of(cast.city), "responsible_person": "张三"}
    hazard = register_hazard(cast, by=cast.city, issue_with=None, fixed_with=fixed)
    assert not officers.has_left(hazard)
    lifecycle.reject(hazard, by=cast.county, reason="东端仍停放轮椅", due_on=hazard.due_on)
    assert officers.has_left(hazard)


def test_the_ledger_shows_what_each_one_answers_for(cast):
    theirs, mine = register_hazard(cast, by=cast.county2), hazard_in(cast, S.RECTIFYING)
    hazard_in(cast, S.CLOSED)
    for actor, hazard in ((cast.county2, theirs), (cast.county, mine)):
        rows = as_client(actor).get("/ledger/", {"officer": "mine"}).context["rows"]
        assert [row["id"] for row in rows] == [hazard.pk]


def test_a_whole_desk_is_handed_over_at_once_and_the_new_officer_hears_of_it_once(cast):
    made = [hazard_in(cast, status) for status in (S.RECTIFYING, S.AWAITING_VERIFICATION)]
    made.append(register_hazard(cast, severity="major"))
    leaves(cast.county)
    third = make_actor("county_official", cast.place.county)
    client = as_client(cast.county2)
    ledger = client.get("/ledger/", {"officer": "left"}).context
    assert ledger["bulk"].url == "/ledger/bulk/reassign/"
    page = client.get("/ledger/bulk/reassign/", {"officer": "left", "all": "1"})
    assert sorted(row.hazard.pk for row in page.context["rows"]) == sorted(h.pk for h in made)
    assert f"原监管责任人：{cast.county.user.name}" in page.content.decode()
    form = {
        "key": str(uuid.uuid4()), "row": [row.value for row in page.context["rows"]],
        "officer": third.user.pk, "reason": "原责任人离岗",
    }  # fmt: skip
    answer = client.post("/ledger/bulk/reassign/", form)
    assert client.post("/ledger/bulk/reassign/", form)["Location"] == answer["Location"]
    result = client.get(answer["Location"]).context
    assert (result["done"], result["back_url"]) == (3, "/ledger/?officer=left")
    assert set(Hazard.objects.values_list("supervising_officer", flat=True)) == {third.user.pk}
    notice = Notice.objects.get(subject__startswith="改派您为监管责任人")
    assert (notice.recipient, notice.url) == (third.user, "/ledger/?officer=mine")
    assert [h.events.filter(action="reassign").count() for h in made] == [1, 1, 1]
    assert left(cast.county2) == []
    call_command("verify_audit", stdout=io.StringIO())


def test_the_bulk_form_refuses_people_of_elsewhere_and_offers_nothing_to_those_above(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    form = {
        "key": str(uuid.uuid4()), "row": [f"{hazard.pk}:{hazard.version}"], "officer": cast.city.user.pk,
        "reason": "分工调整",
    }  # fmt: skip
    answer = as_client(cast.county).post(f"/ledger/bulk/reassign/?pick={hazard.pk}", form)
    assert (answer.status_code, "这个人不在主管民政部门任职" in answer.text) == (422, True)
    form["officer"] = cast.city.user.pk
    answer = as_client(cast.city).post("/ledger/bulk/reassign/", form)
    line = BulkRun.objects.get().lines.get()
    assert (answer.status_code, line.outcome, line.words) == (302, "refused", "由该机构的主管民政部门改派。")


def test_the_workbench_and_the_filter_cost_one_statement_whatever_the_number(cast):
    client, counts = as_client(cast.county2), []
    client.get("/")
    leaves(cast.county)
    for _ in range(2):
        hazard_in(Cast(cast.place), S.RECTIFYING)
        Hazard.objects.update(supervising_officer=cast.county.user)
        for url in ("/", "/ledger/?officer=left"):
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
