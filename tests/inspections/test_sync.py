"""What a phone sends when the signal is back: once, in any order of repeats, never overwriting unseen."""

import hashlib
import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from files.models import StoredFile
from hazards.models import Evidence, Hazard
from inspections.actions import finishing
from inspections.models import Answer, Checklist, Finding, FindingPhoto, Visit, VisitEvent
from tests.factories import Cast, as_client
from tests.inspections import factories as make
from tests.inspections.walking import checklist, data_url, find, open_visit, signed
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


class Phone:
    """One inspector's phone: what it made offline, and how it sends that."""

    def __init__(self, actor, home, items=()):
        self.client, self.home, self.items = as_client(actor), home, list(items)
        self.uid = uuid.uuid4()

    def url(self, rest="") -> str:
        return f"/inspections/sync/visits/{self.uid}/{rest}"

    def put(self, rest="", body=None, **headers):
        return self.client.put(self.url(rest), json.dumps(body or {}), "application/json", headers=headers)

    def visit(self, **changes) -> dict:
        return {
            "institution": self.home.pk,
            "kind": "screening",
            "checklist": self.items[0].checklist_id if self.items else None,
            "checked_in_at": (timezone.now() - timedelta(hours=3)).isoformat(),
        } | changes

    def answers(self, *values, revision=0) -> dict:
        rows = [
            {"item": item.pk, "value": value, "note": "", "revision": revision}
            for item, value in zip(self.items, values, strict=False)
        ]
        return {"answers": rows}

    def photo(self, uid, finding, picture: bytes, sha=None, **query):
        query = "&".join(f"{k}={v}" for k, v in ({"finding": finding, "stage": "found"} | query).items())
        return self.client.put(
            self.url(f"photos/{uid}/?{query}"),
            picture,
            "image/jpeg",
            headers={"X-Content-SHA256": sha or hashlib.sha256(picture).hexdigest()},
        )

    def finish(self, body=None):
        return self.client.post(self.url("finish/"), json.dumps(body or {}), "application/json")


@pytest.fixture
def phone(cast):
    return Phone(cast.county, cast.home, checklist(3).items.all())


def problem(item=None, **changes) -> dict:
    return {
        "item": item.pk if item else None,
        "description": "疏散通道堆放杂物",
        "location": "二楼东侧",
        "domain": "fire",
        "severity": "general",
        "handling": "issue",
        "due_on": (timezone.localdate() + timedelta(days=7)).isoformat(),
        "responsible_person": "张三",
        "revision": 0,
    } | changes


def test_the_whole_visit_sent_with_every_reply_lost_once_is_there_once(cast, phone, media):
    """Every call is made twice, as if the first reply had never arrived."""

    def twice(call):
        return [call().status_code for _ in range(2)]

    finding, photo, signature = (uuid.uuid4() for _ in range(3))
    picture = jpeg("red")
    made = phone.visit(inspectors=[cast.county2.user.pk]) | phone.answers("yes", "no", "not_applicable")
    sent = {
        "visit": twice(lambda: phone.put(body=made)),
        "finding": twice(lambda: phone.put(f"findings/{finding}/", problem(phone.items[1]))),
        "photo": twice(lambda: phone.photo(photo, finding, picture)),
        "record": twice(lambda: phone.put(body={"place_note": "一至三楼"}, if_match='"0"')),
        "signature": twice(
            lambda: phone.put(
                f"signatures/{signature}/", {"who": "in_charge", "name": "刘芳", "image": data_url()}
            )
        ),
        "finish": twice(lambda: phone.finish({"findings": [str(finding)], "photos": [str(photo)]})),
        "after": twice(lambda: phone.put(body=made | {"place_note": "一至三楼"})),
        "finding after": twice(lambda: phone.put(f"findings/{finding}/", problem(phone.items[1]))),
        "photo after": twice(lambda: phone.photo(photo, finding, picture)),
    }
    assert sent == {
        "visit": [201, 200],
        "finding": [201, 200],
        "photo": [201, 200],
        "record": [200, 200],
        "signature": [200, 200],
        "finish": [200, 200],
        "after": [200, 200],
        "finding after": [200, 200],
        "photo after": [200, 200],
    }
    visit, hazard = Visit.objects.get(), Hazard.objects.get()
    assert (visit.status, visit.place_note, hazard.uid, hazard.status) == (
        "finished", "一至三楼", finding, "rectifying"
    )  # fmt: skip
    assert sorted(Answer.objects.values_list("value", "revision")) == [
        ("no", 1), ("not_applicable", 1), ("yes", 1)
    ]  # fmt: skip
    assert Evidence.objects.get().file.original_sha256 == hashlib.sha256(picture).hexdigest()
    assert (StoredFile.objects.count(), VisitEvent.objects.filter(act="finish").count()) == (1, 1)
    # The phone's own time of the check-in is kept.
    assert timezone.now() - visit.checked_in_at > timedelta(hours=2)


def test_the_state_tells_the_phone_upon_what_to_build(cast, phone):
    phone.put(body=phone.visit() | phone.answers("yes"))
    state = phone.client.get(phone.url()).json()
    assert state["answers"] == [{"item": phone.items[0].pk, "value": "yes", "note": "", "revision": 1}]
    assert (state["version"], state["status"], state["inspectors"]) == (0, "open", [cast.county.user.pk])
    again = phone.put(body=phone.answers("no", revision=1)).json()
    assert again["answers"][0] == {"item": phone.items[0].pk, "value": "no", "note": "", "revision": 2}


def test_an_answer_changed_meanwhile_is_a_conflict_that_keeps_both_and_saves_the_rest(cast, phone):
    phone.put(body=phone.visit(inspectors=[cast.county2.user.pk]) | phone.answers("yes"))
    other = Phone(cast.county2, cast.home, phone.items)
    other.uid = phone.uid
    response = other.put(body=other.answers("no", "no"))
    conflict = response.json()["conflicts"]["answers"]
    assert (response.status_code, len(conflict)) == (409, 1)
    assert conflict[0]["mine"] == {"value": "no", "note": "", "revision": 0}
    assert {k: conflict[0]["theirs"][k] for k in ("value", "revision", "by")} == {
        "value": "yes", "revision": 1, "by": cast.county.user.name
    }  # fmt: skip
    assert dict(Answer.objects.values_list("item", "value")) == {
        phone.items[0].pk: "yes", phone.items[1].pk: "no"
    }  # fmt: skip


def test_a_record_changed_meanwhile_is_a_conflict_that_keeps_both(cast, phone):
    phone.put(body=phone.visit(inspectors=[cast.county2.user.pk]))
    other = Phone(cast.county2, cast.home)
    other.uid = phone.uid
    assert other.put(body={"place_note": "食堂"}, if_match='"0"').headers["ETag"] == '"1"'
    late = phone.put(body={"place_note": "一至三楼", "content": "消防"}, if_match='"0"')
    assert (late.status_code, late.json()["version"]) == (409, 1)
    assert late.json()["conflicts"]["facts"] == {
        "place_note": {"theirs": "食堂", "mine": "一至三楼"}, "content": {"theirs": "", "mine": "消防"}
    }  # fmt: skip
    assert Visit.objects.get().place_note == "食堂"
    assert phone.put(body={"place_note": "一至三楼"}, if_match='"1"').status_code == 200
    assert phone.put(body={"content": "消防"}).status_code == 409  # no If-Match: upon what?


def test_a_finding_changed_meanwhile_is_a_conflict_that_keeps_both(cast, phone):
    uid = uuid.uuid4()
    phone.put(body=phone.visit(inspectors=[cast.county2.user.pk]))
    phone.put(f"findings/{uid}/", problem(phone.items[0]))
    other = Phone(cast.county2, cast.home)
    other.uid = phone.uid
    assert other.put(f"findings/{uid}/", problem(location="三楼", revision=1)).json()["revision"] == 2
    late = phone.put(f"findings/{uid}/", problem(location="四楼", revision=1))
    assert (late.status_code, late.json()["conflict"]["theirs"]["location"]) == (409, "三楼")
    assert late.json()["conflict"]["mine"]["location"] == "四楼"
    assert Finding.objects.get().location == "三楼"


def test_a_photo_is_checked_by_its_hash_and_stays_what_it_is(cast, phone, media):
    finding, other, photo = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    phone.put(body=phone.visit())
    for uid in (finding, other):
        phone.put(f"findings/{uid}/", problem())
    picture, another = jpeg("red"), jpeg("blue")
    statuses = {
        "damaged on the way": phone.photo(photo, finding, picture, sha="0" * 64).status_code,
        "no hash at all": phone.photo(photo, finding, picture, sha="xyz").status_code,
        "no picture": phone.photo(photo, finding, b"<script>").status_code,
        "unknown finding": phone.photo(photo, uuid.uuid4(), picture).status_code,
        "bad finding": phone.photo(photo, "x", picture).status_code,
        "bad stage": phone.photo(photo, finding, picture, stage="later").status_code,
        "stored": phone.photo(photo, finding, picture).status_code,
        "again": phone.photo(photo, finding, picture).status_code,
        "other content": phone.photo(photo, finding, another).status_code,
        "other finding": phone.photo(photo, other, picture).status_code,
    }
    assert statuses == {
        "damaged on the way": 400, "no hash at all": 400, "no picture": 400, "unknown finding": 404,
        "bad finding": 400, "bad stage": 400, "stored": 201, "again": 200, "other content": 409,
        "other finding": 409,
    }  # fmt: skip
    assert FindingPhoto.objects.get().finding.uid == finding


def test_a_photo_too_large_is_cut_off(phone, media):
    finding = uuid.uuid4()
    phone.put(body=phone.visit())
    phone.put(f"findings/{finding}/", problem())
    assert phone.photo(uuid.uuid4(), finding, b"\xff\xd8\xff" + b"0" * (20 * 1024 * 1024)).status_code == 413


def test_a_photo_that_was_stored_but_not_attached_is_attached_by_the_repeat(cast, phone, media):
    finding, photo = uuid.uuid4(), uuid.uuid4()
    phone.put(body=phone.visit())
    phone.put(f"findings/{finding}/", problem())
    phone.photo(photo, finding, jpeg("red"))
    FindingPhoto.objects.all().delete()
    StoredFile.objects.update(is_attached=False)
    assert phone.photo(photo, finding, jpeg("red")).status_code == 201
    assert (FindingPhoto.objects.count(), StoredFile.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_same_photo_sent_by_six_connections_at_once_is_there_once(media):
    cast = Cast()
    phone = Phone(cast.county, cast.home)
    finding, photo, barrier, statuses = uuid.uuid4(), uuid.uuid4(), threading.Barrier(6), []
    phone.put(body=phone.visit())
    phone.put(f"findings/{finding}/", problem())
    picture = jpeg("red")

    def send():
        line = Phone(cast.county, cast.home)
        line.uid = phone.uid
        barrier.wait()
        try:
            statuses.append(line.photo(photo, finding, picture).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 200, 200, 201]
    assert (FindingPhoto.objects.count(), StoredFile.objects.count()) == (1, 1)


def test_the_finish_waits_for_what_the_phone_still_holds(cast, phone, media):
    finding, photo = uuid.uuid4(), uuid.uuid4()
    phone.put(body=phone.visit(inspectors=[cast.county2.user.pk]))
    phone.put(f"findings/{finding}/", problem())
    phone.put(f"signatures/{uuid.uuid4()}/", {"who": "in_charge", "name": "刘芳", "refusal_reason": "拒签"})
    early = phone.finish({"findings": [str(finding)], "photos": [str(photo)]})
    assert (early.status_code, early.json()["missing"]) == (422, {"photos": [str(photo)]})
    lacking = phone.finish()
    assert (lacking.status_code, [lack["words"] for lack in lacking.json()["lacks"]]) == (
        422, ["“疏散通道堆放杂物”没有现场照片，也没有写明原因"]
    )  # fmt: skip
    phone.photo(photo, finding, jpeg("red"))
    done = phone.finish({"findings": [str(finding)], "photos": [str(photo)]})
    assert (done.status_code, done.json()["findings"][0]["hazard"]) == (200, Hazard.objects.get().pk)
    # What comes too late is said, and stays on the phone.
    assert phone.put(body=phone.visit() | {"place_note": "食堂"}, if_match='"9"').status_code == 409
    assert phone.put(f"findings/{uuid.uuid4()}/", problem()).status_code == 409
    assert phone.photo(uuid.uuid4(), finding, jpeg("blue")).status_code == 409


def test_a_finding_removed_on_the_phone_is_removed_here(phone):
    uid = uuid.uuid4()
    phone.put(body=phone.visit())
    phone.put(f"findings/{uid}/", problem())
    assert [phone.client.delete(phone.url(f"findings/{uid}/")).status_code for _ in range(2)] == [200, 200]
    assert Finding.objects.count() == 0


def test_what_makes_no_sense_is_refused_with_words(cast, phone):
    other = checklist(1).items.get()
    bad = {
        "no json": phone.client.put(phone.url(), "{", "application/json").status_code,
        "no object": phone.put(body=["x"]).status_code,
        "no institution": phone.put(body={"kind": "screening"}).status_code,
        "other kind": phone.put(body=phone.visit(kind="oversight")).status_code,
        "bad time": phone.put(body=phone.visit(checked_in_at="2026-13-01T00:00:00Z")).status_code,
    }
    assert (bad, Visit.objects.count()) == (
        {"no json": 400, "no object": 400, "no institution": 404, "other kind": 422, "bad time": 400}, 0
    )  # fmt: skip
    phone.put(body=phone.visit())
    later = {
        "no list": phone.put(body={"answers": "yes"}).status_code,
        "bad answer": phone.put(
            body={"answers": [{"item": phone.items[0].pk, "value": "maybe"}]}
        ).status_code,
        "other item": phone.put(body={"answers": [{"item": other.pk, "value": "yes"}]}).status_code,
        "identity number": phone.put(
            f"findings/{uuid.uuid4()}/", problem(description="36010219560101123X")
        ).status_code,
        "other checklist's item": phone.put(f"findings/{uuid.uuid4()}/", problem(other)).status_code,
        "bad drawing": phone.put(
            f"signatures/{uuid.uuid4()}/", {"who": "in_charge", "name": "刘芳", "image": data_url(b"x" * 90)}
        ).status_code,
    }
    assert later == {
        "no list": 400, "bad answer": 422, "other item": 409, "identity number": 422,
        "other checklist's item": 404, "bad drawing": 422,
    }  # fmt: skip
    assert (Answer.objects.count(), Finding.objects.count()) == (0, 0)


CALLS = [
    ("get", "session"), ("post", "prepare"), ("get", ""), ("put", ""), ("put", "findings/{uid}/"), ("delete", "findings/{uid}/"),
    ("put", "photos/{uid}/?finding={uid}"), ("put", "signatures/{uid}/"), ("post", "finish/"),
]  # fmt: skip


def call(client, phone, method, rest):
    url = phone.url(rest.format(uid=uuid.uuid4()))
    body = "{}"
    if rest in ("session", "prepare"):
        url, body = f"/inspections/sync/{rest}/", json.dumps({"institution": phone.home.pk})
    arguments = () if method == "get" else (body, "application/json")
    return getattr(client, method)(url, *arguments)


@pytest.mark.parametrize(("method", "rest"), CALLS)
def test_every_call_answers_json_whoever_asks(cast, phone, method, rest):
    phone.put(body=phone.visit())
    who = {
        "stranger": Client(),
        "auditor": as_client(cast.auditor),
        "administrator": as_client(cast.system_admin),
        "another county": as_client(Cast().county),
        "the house": as_client(cast.manager),
        "a colleague": as_client(cast.county2),
    }
    answers = {name: call(client, phone, method, rest) for name, client in who.items()}
    served = {"session": 200, "prepare": 201}.get(rest)
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "stranger": 401,
        "auditor": 403,
        "administrator": 403,
        "another county": 200 if rest == "session" else 404,
        "the house": served or 403,
        "a colleague": served or 403,
    }
    assert {answer.headers["Content-Type"] for answer in answers.values()} == {"application/json"}


def test_an_unannounced_visit_tells_the_institution_nothing(cast):
    visit = open_visit(cast, planned_on=timezone.localdate(), is_unannounced=True)
    client = as_client(cast.manager)
    assert client.get(f"/inspections/sync/visits/{visit.uid}/").status_code == 404


def test_the_uid_of_somebody_elses_visit_is_no_way_in(cast, phone):
    phone.put(body=phone.visit())
    other = Cast()
    thief = Phone(other.county, other.home)
    thief.uid = phone.uid
    assert thief.put(body=thief.visit()).status_code == 409
    assert Visit.objects.get().institution == cast.home


def test_a_visit_begun_online_is_finished_from_the_phone(cast, phone):
    visit = open_visit(cast, checklist=phone.items[0].checklist)
    finding = find(visit, cast.county, phone.items[0])
    phone.uid = visit.uid
    assert phone.put(f"findings/{finding.uid}/", problem(location="三楼", revision=1)).status_code == 200
    signed(visit, cast.county)
    assert phone.finish().status_code == 200
    assert finishing.finish(visit, by=cast.county2).status == "finished"
    assert Hazard.objects.get().location == "三楼"


# --- checking in ----------------------------------------------------------------------------------------------


def test_a_planned_visit_is_checked_in_to_at_the_moment_the_phone_was_there(cast, phone):
    visit = open_visit(cast, checklist=phone.items[0].checklist, planned_on=timezone.localdate())
    phone.uid, moment = visit.uid, timezone.now() - timedelta(hours=5)
    body = {"checked_in_at": moment.isoformat(), "place_note": "一至三楼"} | phone.answers("yes")
    sent = [phone.put(body=body, if_match='"0"').status_code for _ in range(2)]  # the first reply was lost
    visit.refresh_from_db()
    assert (sent, visit.status, visit.checked_in_at, visit.checked_in_by) == (
        [200, 200], "open", moment, cast.county.user
    )  # fmt: skip
    assert (visit.place_note, visit.answers.count(), visit.events.filter(act="check_in").count()) == (
        "一至三楼", 1, 1
    )  # fmt: skip


def test_a_check_in_of_the_future_or_of_long_ago_is_one_of_now(cast, phone):
    for off in (timedelta(days=1), timedelta(days=-31)):
        visit = open_visit(cast, planned_on=timezone.localdate())
        phone.uid = visit.uid
        phone.put(body={"checked_in_at": (timezone.now() + off).isoformat()})
        visit.refresh_from_db()
        assert timedelta(0) <= timezone.now() - visit.checked_in_at < timedelta(minutes=1)


def test_only_who_may_check_in_does_and_nothing_is_written_without(cast, phone):
    visit = open_visit(cast, planned_on=timezone.localdate(), inspectors=[])
    other = Phone(cast.county2, cast.home)
    city = Phone(cast.city, cast.home)
    other.uid = city.uid = phone.uid = visit.uid
    now = {"checked_in_at": timezone.now().isoformat()}
    said = {
        "another level": city.put(body=now).status_code,
        "no moment": phone.put(body=phone.answers("yes")).status_code,
        "no moment, a colleague": other.put(body={"place_note": "食堂"}).status_code,
        "a colleague": other.put(body=now).status_code,
        "the planner joins": phone.put(body=now).status_code,
    }
    assert said == {
        "another level": 403, "no moment": 409, "no moment, a colleague": 403, "a colleague": 200,
        "the planner joins": 200,
    }  # fmt: skip
    visit.refresh_from_db()
    assert (visit.checked_in_by, set(visit.inspectors.all())) == (
        cast.county2.user, {cast.county.user, cast.county2.user}
    )  # fmt: skip


def test_a_visit_begun_with_a_kit_opens_although_its_checklist_was_withdrawn_meanwhile(cast, phone):
    ours = phone.items[0].checklist
    added = make.ChecklistFactory(items=1, published=True, scope=cast.place.county)
    body = json.dumps({"institution": cast.home.pk})
    kit = phone.client.post("/inspections/sync/prepare/", body, "application/json").json()
    Checklist.objects.update(status="withdrawn")
    assert phone.put(body=phone.visit()).status_code == 422  # without a kit it is as online
    phone.uid = kit["visit"]
    phone.items.append(added.items.get())
    sent = phone.put(body=phone.visit() | phone.answers("yes", "yes", "yes", "yes"))
    assert (sent.status_code, len(sent.json()["answers"]), Visit.objects.get().checklist) == (201, 4, ours)
    assert (
        phone.put(body=phone.visit(institution=Cast().home.pk)).status_code == 200
    )  # it is there: nothing moves
    assert Visit.objects.get().institution == cast.home


def test_a_form_is_no_json(cast):
    response = as_client(cast.county).post("/inspections/sync/prepare/", {"institution": cast.home.pk})
    assert (response.status_code, response.json()["error"]) == (400, "内容不是 JSON。")
