"""What somebody tries who means harm, and what happens to somebody who means none: Back, a shared computer, late."""

import hashlib
import threading
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection, connections, transaction

from common.http import Conflict
from files.models import StoredFile
from hazards.actions import closing, lifecycle, voiding
from hazards.enums import HazardStatus
from hazards.models import ClosingPolicy, FormReceipt, Hazard, RectificationSubmission
from institutions.actions import members
from institutions.models import Institution
from tests.factories import (
    CONFIRMED,
    Cast,
    as_client,
    hazard_in,
    make_actor,
    make_place,
    photos_of,
    register_hazard,
)
from tests.reliability.people import form, registration, rejection, submission, today_plus

S = HazardStatus
pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db):
    return Cast()


def new_hazard_page(cast):
    return f"/hazards/new/{cast.home.pk}/"


# --- one form, one effect; another content is never swallowed ---------------------------------------


def test_the_form_of_one_hazard_changed_after_going_back_is_not_swallowed(cast):
    client = as_client(cast.county)
    first = registration(photos_of(cast.county))
    location = client.post(new_hazard_page(cast), first)["Location"]
    again = first | {
        "description": "灭火器过期三个月",
        "evidence": [str(pk) for pk in photos_of(cast.county)],
    }
    answer = client.post(new_hazard_page(cast), again)
    assert answer.status_code == 409
    assert "灭火器过期三个月" in answer.text
    assert f'href="{location}"' in answer.text
    assert Hazard.objects.count() == 1


def test_the_form_of_an_earlier_round_sent_again_with_other_words_is_a_conflict(cast):
    hazard, client = register_hazard(cast), as_client(cast.manager)
    sent = submission(hazard.version, photos_of(cast.manager), "清理了一半")
    assert client.post(f"/hazards/{hazard.pk}/submit/", sent).status_code == 302
    hazard = lifecycle.reject(hazard, by=cast.county, reason="东侧仍有杂物", due_on=hazard.due_on)
    answer = client.post(f"/hazards/{hazard.pk}/submit/", sent | {"measures": "这次全部清理了"})
    assert answer.status_code == 409
    assert "这次全部清理了" in answer.text
    assert (
        client.post(f"/hazards/{hazard.pk}/submit/", sent).status_code == 302
    )  # the same one: still only seen
    assert RectificationSubmission.objects.count() == 1


def test_a_key_used_for_one_hazard_does_nothing_for_another_and_says_so(cast):
    one, other = register_hazard(cast), register_hazard(cast)
    client, sent = as_client(cast.manager), submission(2, photos_of(cast.manager))
    assert client.post(f"/hazards/{one.pk}/submit/", sent).status_code == 302
    more = sent | {"evidence": [str(pk) for pk in photos_of(cast.manager)]}
    assert client.post(f"/hazards/{other.pk}/submit/", more).status_code == 409
    other.refresh_from_db()
    assert other.status == S.RECTIFYING


def test_the_form_a_colleague_left_open_on_a_shared_computer_is_a_conflict_not_a_crash(cast):
    first = registration(photos_of(cast.county))
    as_client(cast.county).post(new_hazard_page(cast), first)
    mine = first | {"evidence": [str(pk) for pk in photos_of(cast.county2)]}
    answer = as_client(cast.county2).post(new_hazard_page(cast), mine)
    assert answer.status_code == 409
    assert "疏散通道堆放杂物" in answer.text
    assert Hazard.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_was_written_is_kept_when_the_row_stays_locked(transactional_db):
    cast = Cast()
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    is_locked, may_end = threading.Event(), threading.Event()

    def hold():
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM hazards_hazard WHERE id = %s FOR UPDATE", [hazard.pk])
            is_locked.set()
            may_end.wait(20)
            cursor.execute("ROLLBACK")
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    is_locked.wait(10)
    try:
        answer = as_client(cast.county).post(f"/hazards/{hazard.pk}/reject/", rejection(hazard.version))
    finally:
        may_end.set()
        holder.join()
    assert answer.status_code == 409
    assert "走廊西侧没有改到位" in answer.text
    assert FormReceipt.objects.count() == 0  # so the same form may be sent again
    again = as_client(cast.county).post(f"/hazards/{hazard.pk}/reject/", rejection(hazard.version))
    assert again.status_code == 302


# --- input that is too long, too late or meant for another state ------------------------------------


@pytest.mark.parametrize("length", [300, 301, 500, 501])
@pytest.mark.parametrize("severity", ["general", "major"])
def test_a_long_reason_to_void_is_taken_or_refused_in_words(cast, length, severity):
    hazard = register_hazard(cast, severity=severity)
    action = "void" if severity == "general" else "request_void"
    answer = as_client(cast.county).post(
        f"/hazards/{hazard.pk}/{action}/", form(hazard.version, reason="误" * length)
    )
    assert answer.status_code == (302 if length <= 300 else 422)


EVERY_FORM = {
    "issue": {"due_on": today_plus(3), "responsible_person": "张三"},
    "plan": {"measures": "更换线路", "finish_on": today_plus(3)},
    "submit": {"measures": "已清理"},
    "reject": {"reason": "没有改到位", "due_on": today_plus(3)},
    "accept": {"opinion": "属实", "is_cause_found": "on", "is_rectified": "on", "is_satisfactory": "on"},
    "close": {"opinion": "同意"},
    "return": {"reason": "材料不足以证明", "due_on": today_plus(3)},
    "request_void": {"reason": "现场核实属于误报"},
    "refuse_void": {"reason": "不属于误报"},
    "void": {"reason": "现场核实属于误报"},
}


@pytest.mark.parametrize("status", S)
def test_every_form_in_every_status_is_answered_in_words(cast, status):
    """Whole and empty, by everybody: done, refused, too late or wrong, never a crash."""
    hazard, photos = hazard_in(cast, status), photos_of(cast.manager)
    for name in ("county2", "manager", "city2", "province", "township", "auditor"):
        client = as_client(getattr(cast, name))
        for action, fields in EVERY_FORM.items():
            more = {"evidence": [str(pk) for pk in photos]} if action == "submit" else {}
            for sent in (fields | more, {}):
                with transaction.atomic():
                    answer = client.post(f"/hazards/{hazard.pk}/{action}/", form(hazard.version, **sent))
                    transaction.set_rollback(True)
                assert answer.status_code in (302, 403, 404, 409, 422), (action, name, sent)


def test_a_home_reporting_itself_plans_before_it_is_issued_and_is_told(cast):
    hazard = register_hazard(cast, by=cast.manager, issue_with=None, source="self_check")
    answer = as_client(cast.manager).post(
        f"/hazards/{hazard.pk}/plan/", form(hazard.version, measures="更换线路", finish_on=today_plus(3))
    )
    assert answer.status_code == 409


# --- who may still act --------------------------------------------------------------------------------


def test_somebody_whose_post_is_taken_away_while_the_request_runs_does_not_act(cast):
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    members.revoke(cast.county2.membership, by=cast.security_admin)
    with pytest.raises(PermissionDenied, match="已不在这个岗位"):
        lifecycle.accept(hazard, by=cast.county2, opinion="属实", **CONFIRMED)
    with pytest.raises(PermissionDenied, match="已不在这个岗位"):
        register_hazard(cast, by=cast.county2)


def test_a_major_hazard_is_never_fixed_on_the_spot_whoever_calls_the_action(cast):
    fixed = {"measures": "当场清理", "evidence": photos_of(cast.county), "responsible_person": "张三"}
    with pytest.raises(PermissionDenied, match="重大隐患不能立行立改"):
        register_hazard(cast, severity="major", issue_with=None, fixed_with=fixed)


def test_a_recurrence_is_of_the_same_home(cast):
    elsewhere = hazard_in(Cast(make_place(city=cast.place.city)), S.CLOSED)
    with pytest.raises(PermissionDenied, match="同一家机构"):
        register_hazard(cast, recurrence_of=elsewhere)


# --- the spot check cannot be chosen ---------------------------------------------------------------------


def test_who_registers_cannot_choose_to_escape_the_spot_check(cast):
    """The number of a form comes from the browser: whoever makes it up must not know what it leads to."""

    def looks_spared(uid):
        return int(hashlib.sha256(uid.bytes).hexdigest(), 16) % 100 >= 50

    ClosingPolicy.objects.create(
        region=cast.place.province, severity="general", level="county", spot_check_percent=50
    )
    chosen = [uid for uid in (uuid.UUID(int=n) for n in range(200)) if looks_spared(uid)][:40]
    checked = [closing.is_spot_checked(Hazard(uid=uid), 50) for uid in chosen]
    assert 8 <= sum(checked) <= 32


# --- duplicates: one of them stays -------------------------------------------------------------------------


def test_a_hazard_is_not_void_as_a_duplicate_of_one_that_is_void(cast):
    one, other = register_hazard(cast), register_hazard(cast)
    one = voiding.void(one, by=cast.county, reason="与另一条重复", duplicate_of=other)
    with pytest.raises(Conflict, match="已作废"):
        voiding.void(other, by=cast.county2, reason="与另一条重复", duplicate_of=one)
    answer = as_client(cast.county).post(
        f"/hazards/{other.pk}/void/", form(other.version, reason="与另一条重复", duplicate_of=one.number)
    )
    assert answer.status_code == 422
    other.refresh_from_db()
    assert other.status == S.RECTIFYING


# --- the auditor's proof, while people work ---------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_proof_of_the_trail_accuses_nobody_who_acts_meanwhile(transactional_db, capsys):
    cast = Cast()
    hazard = register_hazard(cast)
    photos, has_acted = photos_of(cast.manager), []

    def act():
        lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos)
        connections.close_all()

    def act_before_the_events_are_read(execute, sql, params, many, context):
        if "hazards_hazardevent" in sql and not has_acted:
            has_acted.append(True)
            thread = threading.Thread(target=act)
            thread.start()
            thread.join()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(act_before_the_events_are_read):
        call_command("verify_audit")
    assert has_acted
    assert "核验通过：1 条隐患" in capsys.readouterr().out


# --- the house that moves -----------------------------------------------------------------------------------


def move(home: Institution, place) -> None:
    """As institutions.actions.edit does it: region and supervising authority together."""
    home.region = home.county = place.county
    home.city, home.province, home.township = place.city, place.province, place.county
    home.authority = place.county.authorities.get()
    home.save()


@pytest.mark.parametrize("status", [S.REGISTERED, S.RECTIFYING, S.AWAITING_VERIFICATION, S.VERIFIED], ids=str)
def test_whoever_takes_over_a_home_can_finish_what_is_open_there(cast, status):
    hazard = hazard_in(cast, status)
    there = make_place(province=cast.place.province)
    new = {
        role: make_actor(role, at)
        for role, at in (("county_official", there.county), ("city_official", there.city))
    }
    move(cast.home, there)
    hazard = Hazard.objects.visible_to(new["county_official"]).get()
    if status == S.REGISTERED:
        hazard = lifecycle.issue(
            hazard, by=new["county_official"], due_on=hazard.found_on, responsible_person="张三"
        )
    if hazard.status == S.RECTIFYING:
        hazard = lifecycle.submit(
            hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager)
        )
    if hazard.status == S.AWAITING_VERIFICATION:
        hazard = lifecycle.accept(hazard, by=new["county_official"], opinion="属实", **CONFIRMED)
    assert lifecycle.close(hazard, by=new["city_official"]).status == S.CLOSED


def test_whoever_gave_a_home_away_acts_there_no_more_and_what_they_closed_stays_theirs(cast):
    was_closed, is_open = hazard_in(cast, S.CLOSED), hazard_in(cast, S.AWAITING_VERIFICATION)
    there = make_place(province=cast.place.province)
    move(cast.home, there)
    was_closed.refresh_from_db()
    assert (was_closed.supervising_authority, was_closed.closing_region) == (
        cast.county.authority,
        cast.place.city,
    )
    with pytest.raises(PermissionDenied, match="主管民政部门"):
        lifecycle.accept(is_open, by=cast.county, opinion="属实", **CONFIRMED)


def test_a_home_that_moves_while_it_is_registered_is_registered_where_it_is_now(cast):
    seen = Institution.objects.get(pk=cast.home.pk)
    move(cast.home, make_place(city=cast.place.city))
    with pytest.raises(PermissionDenied, match="不在您的辖区"):
        register_hazard(cast, institution=seen)
    hazard = register_hazard(cast, by=cast.city, institution=seen, issue_with=None, source="oversight")
    assert (hazard.county, hazard.supervising_authority) == (cast.home.county, cast.home.authority)


def test_a_photo_of_a_refused_act_can_be_used_again(cast):
    hazard, photos = hazard_in(cast, S.RECTIFYING), photos_of(cast.manager)
    with pytest.raises(Conflict):
        lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos, version=1)
    assert not StoredFile.objects.get(pk=photos[0]).is_attached
