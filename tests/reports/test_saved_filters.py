"""Conditions kept under a name: one's own, shared within the authority, and told of what matches anew, once."""

import threading
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from hazards.models import Hazard
from institutions.models import Membership, Region
from notifications.models import Notice
from reports import saved_filters
from reports.models import FilterAlert, FilterMatch, SavedFilter
from reports.saved_filters import look
from tests.factories import Cast, SavedFilterFactory, as_client, make_place
from tests.reports.made import put

pytestmark = pytest.mark.django_db


def keep(actor, name="我的条件", query=None, **form):
    """The answer to the form that keeps what the ledger is asked."""
    return as_client(actor).post(
        "/filters/keep/", {"name": name, **form}, query_params=query or {"state": "open"}
    )


def change(actor, kept, what: str) -> int:
    return as_client(actor).post(f"/filters/{kept.pk}/change/", {"change": what}).status_code


def names(actor) -> list[str]:
    return [row["filter"].name for row in as_client(actor).get("/filters/").context["rows"]]


def look_again() -> list[str]:
    """What is told when it is time to look."""
    before = set(Notice.objects.values_list("pk", flat=True))
    FilterAlert.objects.update(looked_at=Now() - timedelta(hours=1))
    look()
    return sorted(Notice.objects.exclude(pk__in=before).values_list("subject", flat=True))


def test_what_was_asked_is_kept_and_asked_again():
    cast = Cast()
    query = {
        "state": "overdue",
        "severity": "major",
        "q": "通道",
        "sort": "due",
        "after": "2026-01-01_7",
        "x": "1",
    }
    assert keep(cast.county, query=query)["Location"] == "/filters/"
    kept = SavedFilter.objects.get()
    assert kept.query == {"state": "overdue", "q": "通道", "severity": "major", "sort": "due"}
    response = as_client(cast.county).get(f"/filters/{kept.pk}/")
    path, _, asked = response["Location"].partition("?")
    assert (path, dict(parse_qsl(asked))) == ("/ledger/", kept.query)


def test_a_name_is_used_once_in_a_post_and_conditions_must_be_right():
    cast = Cast()
    assert keep(cast.county).status_code == 302
    response = keep(cast.county)
    assert response.status_code == 422
    assert "您已有同名的常用条件" in response.content.decode()
    assert keep(cast.county2).status_code == 302
    assert keep(cast.county, name="").status_code == 422
    assert keep(cast.county, name="别的", query={"domain": "不存在"}).status_code == 404
    assert SavedFilter.objects.count() == 2


def test_it_is_ones_own_until_it_is_shared_within_the_authority():
    cast = Cast()
    sibling = Cast(make_place(city=cast.place.city))
    keep(cast.county)
    kept = SavedFilter.objects.get()
    others = (cast.county2, cast.city, cast.province, cast.township, cast.manager, sibling.county)
    assert names(cast.county) == ["我的条件"]
    assert [names(other) for other in others] == [[]] * 6
    assert change(cast.county, kept, "share") == 302
    assert [names(other) for other in others] == [["我的条件"], [], [], [], [], []]
    assert [as_client(other).get(f"/filters/{kept.pk}/").status_code for other in others] == [302] + [404] * 5
    assert [change(other, kept, "forget") for other in others] == [403] + [404] * 5
    assert change(cast.county2, kept, "unshare") == 403
    assert change(cast.county2, kept, "alert") == 302
    assert change(cast.county, kept, "unshare") == 302
    assert (names(cast.county2), FilterAlert.objects.count()) == ([], 0)
    assert change(cast.county, kept, "forget") == 302
    assert SavedFilter.objects.count() == 0


def test_an_institution_keeps_for_itself_and_shares_with_nobody():
    cast = Cast()
    assert keep(cast.manager, is_shared="on").status_code == 302
    kept = SavedFilter.objects.get()
    assert kept.shared_with is None
    assert change(cast.manager, kept, "share") == 403
    assert names(cast.safety) == []


def test_rows_that_match_anew_are_told_of_once_and_only_those():
    cast = Cast()
    put(cast, "rectifying", 3)
    keep(cast.county, name="在办", is_alerting="on")
    assert look_again() == []
    new = put(cast, "rectifying", 2, description="天窗漏雨")
    put(cast, "closed")
    assert look_again() == ["“在办”新增 2 条隐患"]
    notice = Notice.objects.get(subject="“在办”新增 2 条隐患")
    assert (notice.recipient, notice.url) == (cast.county.user, f"/filters/{SavedFilter.objects.get().pk}/")
    lines = [f"{hazard.number} 天窗漏雨" for hazard in Hazard.objects.filter(pk__in=new).order_by("-id")]
    assert notice.body.splitlines() == lines
    assert look_again() == []


def test_what_comes_to_match_by_a_change_or_by_time_is_new_too():
    cast, today = Cast(), timezone.localdate()
    pks = put(cast, "rectifying", 2)
    keep(cast.county, name="逾期", query={"state": "overdue"}, is_alerting="on")
    assert look_again() == []
    Hazard.objects.filter(pk=pks[0]).update(due_on=today - timedelta(days=1))
    assert look_again() == ["“逾期”新增 1 条隐患"]
    Hazard.objects.filter(pk=pks[0]).update(due_on=today)
    Hazard.objects.filter(pk=pks[0]).update(due_on=today - timedelta(days=1))
    assert look_again() == []


def test_an_alert_sees_no_more_than_the_post_it_is_for():
    cast = Cast()
    sibling = Cast(make_place(city=cast.place.city))
    kept = SavedFilterFactory(kept_as=cast.county.membership, shared_with=cast.county.authority)
    saved_filters.alert(kept, by=cast.county2)
    put(sibling, "rectifying")
    assert look_again() == []
    put(cast, "rectifying")
    Membership.objects.filter(pk=cast.county2.membership.pk).update(is_active=False)
    assert look_again() == []
    Membership.objects.filter(pk=cast.county2.membership.pk).update(is_active=True)
    assert look_again() == [f"“{kept.name}”新增 1 条隐患"]


def test_an_alert_may_be_asked_for_twice_and_ended():
    cast = Cast()
    kept = SavedFilterFactory(kept_as=cast.county.membership)
    assert [change(cast.county, kept, what) for what in ("alert", "alert", "nonsense")] == [302, 302, 404]
    assert FilterAlert.objects.count() == 1
    assert change(cast.county, kept, "silence") == 302
    put(cast, "rectifying")
    assert look_again() == []


def test_an_alert_over_too_much_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(saved_filters, "MOST_MATCHES", 2)
    cast = Cast()
    put(cast, "rectifying", 3)
    response = keep(cast.county, is_alerting="on")
    assert response.status_code == 422
    assert "请加上条件后再开启提醒" in response.content.decode()
    assert SavedFilter.objects.count() == 0


def test_looking_is_not_repeated_before_its_time(django_assert_num_queries):
    cast = Cast()
    saved_filters.alert(SavedFilterFactory(kept_as=cast.county.membership), by=cast.county)
    assert (look(), FilterMatch.objects.count()) == (0, 0)


@pytest.mark.parametrize("new", [1, 40])
def test_looking_costs_the_same_for_any_number_of_rows(new, django_assert_num_queries):
    cast = Cast()
    saved_filters.alert(SavedFilterFactory(kept_as=cast.county.membership), by=cast.county)
    put(cast, "rectifying", new)
    FilterAlert.objects.update(looked_at=None)
    with django_assert_num_queries(13):
        assert look() == 1


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_tell_once():
    cast = Cast()
    saved_filters.alert(SavedFilterFactory(kept_as=cast.county.membership, name="在办"), by=cast.county)
    put(cast, "rectifying", 5)
    FilterAlert.objects.update(looked_at=None)
    start = threading.Barrier(4)

    def work():
        start.wait()
        look()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(Notice.objects.values_list("subject", flat=True)) == ["“在办”新增 5 条隐患"]
    assert FilterMatch.objects.count() == 5


@pytest.mark.parametrize("count", [1, 8])
def test_the_list_costs_the_same_at_any_length(count, django_assert_num_queries):
    cast = Cast()
    SavedFilterFactory.create_batch(count, kept_as=cast.county.membership)
    client = as_client(cast.county)
    with django_assert_num_queries(11):
        client.get("/filters/")


def test_the_ledger_leads_to_export_and_to_keeping_with_what_it_is_asked():
    cast = Cast()
    put(cast, "rectifying")
    page = as_client(cast.county).get("/ledger/", {"state": "open", "severity": "general"}).content.decode()
    assert 'href="/exports/new/?state=open&amp;severity=general"' in page
    assert 'href="/filters/keep/?state=open&amp;severity=general"' in page
    page = as_client(cast.county).get("/ledger/").content.decode()
    assert ('href="/exports/new/"' in page, "/filters/keep/" in page) == (True, False)


def unread(actor) -> int:
    return Notice.objects.filter(recipient=actor.user, read_at=None, settled_at=None).count()


def test_whoever_opens_the_filter_has_read_its_notices_and_nobody_elses():
    cast = Cast()
    kept = SavedFilterFactory(kept_as=cast.county.membership, shared_with=cast.county.authority)
    other = SavedFilterFactory(kept_as=cast.county.membership)
    for one, actor in ((kept, cast.county), (kept, cast.county2), (other, cast.county)):
        saved_filters.alert(one, by=actor)
    put(cast, "rectifying", 2)
    assert len(look_again()) == 3
    assert as_client(cast.county).get(f"/filters/{kept.pk}/").status_code == 302
    assert (unread(cast.county), unread(cast.county2)) == (1, 1)


@pytest.mark.parametrize("end", ["silence", "unshare", "forget"])
def test_notices_of_an_alert_that_has_ended_stop_counting(end):
    cast = Cast()
    kept = SavedFilterFactory(kept_as=cast.county.membership, shared_with=cast.county.authority)
    saved_filters.alert(kept, by=cast.county2)
    put(cast, "rectifying")
    look_again()
    assert unread(cast.county2) == 1
    assert change(cast.county2 if end == "silence" else cast.county, kept, end) == 302
    assert (unread(cast.county2), FilterAlert.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_committed_late_is_told_of_by_the_next_look():
    cast = Cast()
    saved_filters.alert(SavedFilterFactory(kept_as=cast.county.membership, name="在办"), by=cast.county)
    written, looked, told = threading.Event(), threading.Event(), []

    def register_slowly():
        with transaction.atomic():
            put(cast, "rectifying")
            written.set()
            looked.wait()
        connection.close()

    slow = threading.Thread(target=register_slowly)
    slow.start()
    written.wait()
    put(cast, "rectifying", 2)  # registered later, committed before
    told.append(look_again())
    looked.set()
    slow.join()
    told += [look_again(), look_again()]
    assert told == [["“在办”新增 2 条隐患"], ["“在办”新增 1 条隐患"], []]


def watched(cast, query, **more) -> SavedFilter:
    """A filter of the county's with an alert that works, however much it asks."""
    kept = SavedFilterFactory(kept_as=cast.county.membership, query=query, **more)
    FilterAlert.objects.create(filter=kept, told_as=cast.county.membership)
    return kept


def test_whose_filter_asks_for_what_is_gone_is_told_once_and_reads_on_the_page_what_to_do():
    place = make_place()
    cast, town = Cast(place, township=place.township), place.township
    watched(cast, {"state": "open", "township": town.code}, name="本镇在办")
    assert look_again() == []
    old = town.code
    Region.objects.filter(pk=town.pk).update(code="990001")
    put(cast, "rectifying")
    assert look_again() == ["常用条件“本镇在办”已失效，不再提醒"]
    notice = Notice.objects.get(subject__startswith="常用条件")
    assert (notice.recipient, notice.url) == (cast.county.user, "/filters/")
    assert "条件里的“乡镇（街道）”已经找不到" in notice.body
    assert look_again() == []
    page = as_client(cast.county).get("/filters/").content.decode()
    assert "已失效：条件里的“乡镇（街道）”已经找不到，提醒已停。" in page
    assert "再删除这一个" in page
    # What it missed while it was quiet is told when it can be asked again, and the warning is over.
    Region.objects.filter(pk=town.pk).update(code=old)
    assert look_again() == ["“本镇在办”新增 1 条隐患"]
    notice.refresh_from_db()
    assert notice.settled_at is not None
    assert "已失效" not in as_client(cast.county).get("/filters/").content.decode()


def test_a_campaign_that_was_taken_back_is_such_a_fault_as_well():
    cast = Cast()
    kept = watched(cast, {"campaign": "999999"}, name="消防行动", shared_with=cast.county.authority)
    FilterAlert.objects.create(filter=kept, told_as=cast.county2.membership)
    assert look_again() == ["常用条件“消防行动”已失效，不再提醒"] * 2
    told = set(Notice.objects.values_list("recipient", "body"))
    assert {recipient for recipient, _ in told} == {cast.county.user.pk, cast.county2.user.pk}
    assert {"条件里的“专项行动”已经找不到" in body for _, body in told} == {True}
    # Who only shares in it is told to close the alert, not to delete what is somebody else's.
    assert "再关闭这一个" in as_client(cast.county2).get("/filters/").content.decode()


def test_a_place_that_lies_elsewhere_now_does_not_make_the_alert_tell_of_everything():
    cast = Cast()
    far = Cast(make_place(province=cast.place.province))
    query = {"state": "open", "city": cast.place.city.code, "county": cast.place.county.code}
    kept = SavedFilterFactory(kept_as=cast.province.membership, query=query, name="该县在办")
    FilterAlert.objects.create(filter=kept, told_as=cast.province.membership)
    county = cast.place.county
    county.parent, county.path = far.place.city, Region.path_for(county.code, far.place.city)
    county.save()
    put(far, "rectifying")
    assert look_again() == ["常用条件“该县在办”已失效，不再提醒"]


def test_whoever_closes_the_alert_hears_no_more_of_its_fault():
    cast = Cast()
    kept = watched(cast, {"campaign": "999999"})
    look_again()
    assert unread(cast.county) == 1
    assert change(cast.county, kept, "silence") == 302
    assert unread(cast.county) == 0
