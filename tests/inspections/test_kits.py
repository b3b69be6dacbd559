"""检查包: what one visit needs where there is no signal, and no more."""

import hashlib
import json
import re
import uuid

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inspections import kits, packet_rules
from inspections.models import Packet, Visit
from institutions.models import Institution, ResponsiblePerson
from tests.factories import Cast, as_client, hazard_in, make_actor, register_hazard
from tests.inspections import factories as make
from tests.inspections.walking import checklist, find, open_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


def prepare(actor, **body):
    return as_client(actor).post("/inspections/sync/prepare/", json.dumps(body), "application/json")


def test_a_kit_holds_what_a_visit_needs(cast):
    bases = [
        {"text": "《消防法》(2021修正)第二十八条", "is_verified": True},
        {"text": "《内部管理办法》第三条", "is_verified": False},
    ]
    ours = checklist(2, items__bases=bases)
    checklist(1, kinds=["cemetery"])
    make.ChecklistFactory(items=1, published=True, scope=cast.place.county)
    situation = make.MajorSituationFactory(item_codes=[ours.items.first().code])
    make.MajorSituationFactory(kinds=["cemetery"])
    campaign = make.CampaignFactory(authority=cast.county.authority)
    hazard = register_hazard(cast)
    response = prepare(cast.county, institution=cast.home.pk)
    kit = response.json()
    assert response.status_code == 201
    assert [(c["id"] == ours.pk, len(c["items"]), c["is_added"]) for c in kit["checklists"]] == [
        (True, 2, False), (False, 1, True)
    ]  # fmt: skip
    item = kit["checklists"][0]["items"][0]
    assert item["bases"] == [
        {"words": "《消防法》(2021修正)第二十八条", "is_law": True},
        {"words": "《内部管理办法》（参考，依据待核）", "is_law": False},
    ]
    assert item["situations"] == [{"id": situation.pk, "is_firm": False}]
    assert [s["id"] for s in kit["situations"]] == [situation.pk]
    assert kit["campaigns"] == [{"id": campaign.pk, "name": campaign.name}]
    assert [h["number"] for h in kit["open_hazards"]] == [hazard.number]
    assert kit["institution"]["responsible_person"] == "张三"
    assert [person["name"] for person in kit["colleagues"]] == [cast.county2.user.name]
    assert [h["value"] for h in kit["handlings"]] == ["issue", "fixed", "register", "same"]
    assert (kit["me"]["id"], kit["state"], kit["html"] > "") == (cast.county.user.pk, None, True)


def test_nothing_of_residents_and_no_phone_is_taken_along(cast):
    Institution.objects.filter(pk=cast.home.pk).update(
        beds=77171, residents=77111, disabled_residents=77031, staff=76991, night_staff=76911, credit_code="913601020000000XYZ"
    )  # fmt: skip
    ResponsiblePerson.objects.update(phone="13800006621")
    type(cast.county.user).objects.filter(pk=cast.county.user.pk).update(
        username="yonghu", email="someone@example.cn"
    )
    checklist(2)
    text = prepare(cast.county, institution=cast.home.pk).content.decode()
    secret = (
        "13800006621",
        "****6621",
        "77171",
        "77111",
        "77031",
        "76991",
        "76911",
        "913601020000000XYZ",
        "yonghu",
        "example.cn",
        "argon2",
        "md5$",
    )
    # Ids and hashes may hold any digits: what is looked for is looked for outside of them.
    text = re.sub(r"[0-9a-f]{64}|[0-9a-f-]{36}|\d{4}-\d\d-\d\dT[\d:.+]+", "", text)
    assert [word for word in secret if word in text] == []


def test_the_row_says_who_took_what_for_how_long_and_the_key_is_nowhere_else(cast):
    ours = checklist(1)
    kit = prepare(cast.county, institution=cast.home.pk).json()
    packet = Packet.objects.get()
    assert (str(packet.uid), str(packet.visit_uid)) == (kit["packet"], kit["visit"])
    assert (packet.form, packet.institution, packet.made_by) == ("phone", cast.home, cast.county.user)
    assert (packet.use_until - packet.made_at, packet.send_until - packet.made_at) == (
        packet_rules.USE_FOR, packet_rules.SEND_FOR
    )  # fmt: skip
    assert (bytes(packet.key).hex(), len(kit["key"])) == (kit["key"], 64)
    assert list(packet.checklists.all()) == [ours]
    data = {name: value for name, value in kit.items() if name not in ("key", "html", "digest")}
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert packet.digest == kit["digest"] == hashlib.sha256(text.encode()).hexdigest()
    assert (kit["key"] in kit["html"], kits.digest(data)) == (False, packet.digest)
    again = prepare(cast.county, institution=cast.home.pk).json()
    assert not {again[name] for name in ("packet", "visit", "key")} & {
        kit[name] for name in ("packet", "visit", "key")
    }


def test_a_kit_of_a_planned_visit_is_of_that_visit_and_its_checklist(cast):
    ours, other = checklist(2), checklist(1)
    visit = open_visit(cast, checklist=ours, planned_on=timezone.localdate(), is_unannounced=True)
    kit = prepare(cast.county2, visit=str(visit.uid)).json()
    assert (kit["visit"], kit["state"]["status"]) == (str(visit.uid), "planned")
    assert [c["id"] for c in kit["checklists"]] == [ours.pk] != [other.pk]
    assert Visit.objects.get().status == "planned"


def test_a_kit_of_an_open_visit_brings_what_was_written(cast):
    ours = checklist(2)
    visit = open_visit(cast, checklist=ours)
    finding = find(visit, cast.county, ours.items.first())
    state = prepare(cast.county2, visit=str(visit.uid)).json()["state"]
    assert ([f["uid"] for f in state["findings"]], state["status"]) == ([str(finding.uid)], "open")


def test_what_was_closed_there_and_who_answers_for_an_item_are_taken_along(cast):
    checklist(1, items__owner_department="fire_rescue")
    closed = hazard_in(cast, "closed")
    hazard_in(Cast(), "closed")
    kit = prepare(cast.county, institution=cast.home.pk).json()
    assert kit["closed_hazards"] == [{"id": closed.pk, "domain": closed.domain}]
    item = kit["checklists"][0]["items"][0]
    assert (item["department"], item["department_name"]) == ("fire_rescue", "消防救援")
    assert [f'name="{name}"' in kit["html"] for name in ("recurrence_of", "department")] == [True, True]


def test_who_may_not_go_there_takes_nothing_along(cast):
    planned = open_visit(cast, planned_on=timezone.localdate(), is_unannounced=True)
    done = make.finish(open_visit(cast))
    stranger = Cast()
    said = {
        "another county": prepare(stranger.county, institution=cast.home.pk).status_code,
        "another county's visit": prepare(stranger.county, visit=str(planned.uid)).status_code,
        "auditor": prepare(cast.auditor, institution=cast.home.pk).status_code,
        "the house before anybody checked in": prepare(cast.manager, visit=str(planned.uid)).status_code,
        "another level": prepare(cast.city, visit=str(planned.uid)).status_code,
        "a finished visit": prepare(cast.county, visit=str(done.uid)).status_code,
        "no uid": prepare(cast.county, visit="x").status_code,
        "nothing": prepare(cast.county).status_code,
        "a huge number": prepare(cast.county, institution=10**30).status_code,
        "an institution not in use": (
            Institution.objects.filter(pk=cast.home.pk).update(is_active=False),
            prepare(cast.county, institution=cast.home.pk).status_code,
        )[1],
    }
    assert said == {
        "another county": 404, "another county's visit": 404, "auditor": 403,
        "the house before anybody checked in": 404, "another level": 403, "a finished visit": 403, "no uid": 400,
        "nothing": 404, "a huge number": 404, "an institution not in use": 404,
    }  # fmt: skip
    assert Packet.objects.count() == 0


@pytest.mark.parametrize("of_visit", [False, True])
def test_the_number_of_statements_does_not_grow(cast, of_visit):
    def statements():
        body = {"institution": cast.home.pk}
        if of_visit:
            body = {"visit": str(Visit.objects.get().uid)}
        client = as_client(cast.county)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            sent = json.dumps(body)
            assert client.post("/inspections/sync/prepare/", sent, "application/json").status_code == 201
        return len(caught)

    ours = checklist(1)
    if of_visit:
        find(open_visit(cast, checklist=ours), cast.county, ours.items.first())
    make.MajorSituationFactory()
    make.CampaignFactory(authority=cast.county.authority)
    register_hazard(cast)
    few = statements()
    for _ in range(3):
        checklist(30)
        make.MajorSituationFactory()
        make.CampaignFactory(authority=cast.county.authority)
        register_hazard(cast)
        make_actor("county_official", cast.county.authority)
        if of_visit:
            find(Visit.objects.get(), cast.county)
    assert statements() == few <= 60


def test_the_session_says_who_and_gives_the_token(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.county.user, backend="institutions.backends.PersonBackend")
    body = json.dumps({"institution": cast.home.pk})
    refused = client.post("/inspections/sync/prepare/", body, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    told = client.get("/inspections/sync/session/").json()
    assert told["user"] == {"id": cast.county.user.pk, "name": cast.county.user.name}
    assert told["place"] == cast.county.place_name
    headers = {"X-CSRFToken": told["csrf"]}
    assert (
        client.post("/inspections/sync/prepare/", body, "application/json", headers=headers).status_code
        == 201
    )


def test_asking_for_the_session_keeps_none_alive(cast):
    client = as_client(cast.county)
    client.get("/inspections/visits/")
    session = client.session
    session["seen_at"] -= 600
    session.save()
    client.get("/inspections/sync/session/")
    assert client.session["seen_at"] == session["seen_at"]


def test_a_first_login_is_told_in_json(cast):
    type(cast.county.user).objects.update(must_change_password=True)
    client = as_client(cast.county)
    for answer in (client.get("/inspections/sync/session/"), prepare(cast.county, institution=cast.home.pk)):
        assert (answer.status_code, answer.json()["code"]) == (403, "first_login")


def test_the_shell_is_the_same_for_everybody_and_sets_nothing(cast):
    shown = {
        Client().get("/inspections/field/").content,
        as_client(cast.county).get("/inspections/field/").content,
        as_client(cast.manager).get("/inspections/field/").content,
    }
    assert len(shown) == 1
    text = shown.pop().decode()
    assert [word for word in (cast.county.user.name, cast.home.name, "csrf") if word in text] == []
    response = Client().get("/inspections/field/")
    assert (response["Cache-Control"], dict(response.cookies)) == ("no-cache", {})


def test_the_service_worker_keeps_the_shell_and_what_it_names(monkeypatch, tmp_path):
    script = tmp_path / "sw.js"
    script.write_text("self.addEventListener('fetch', () => {});")
    monkeypatch.setattr("inspections.views.field.finders.find", lambda name: str(script))
    response = Client().get("/sw.js")
    said, rest = response.content.decode().split("\n", 1)
    told = json.loads(said.removeprefix("const SHELL = ").removesuffix(";"))
    page = Client().get("/inspections/field/").content.decode()
    assert (told["page"], rest) == ("/inspections/field/", script.read_text())
    assert told["files"] != []
    assert all(
        name.startswith(settings.STATIC_URL) and name in page and "#" not in name for name in told["files"]
    )
    headers = {name: response[name] for name in ("Content-Type", "Cache-Control", "Service-Worker-Allowed")}
    assert headers == {
        "Content-Type": "text/javascript", "Cache-Control": "no-cache", "Service-Worker-Allowed": "/"
    }  # fmt: skip
    script.write_text("// another")
    later = Client().get("/sw.js").content.decode().split("\n", 1)[0]
    assert later != said
    assert "worker-src 'self'" in response["Content-Security-Policy"]
    monkeypatch.setattr("inspections.views.field.finders.find", lambda name: None)
    assert Client().get("/sw.js").status_code == 404


def attempt(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.mark.parametrize(
    "change",
    [
        "key = decode(repeat('00', 32), 'hex')", "made_by_id = made_by_id + 1", "visit_uid = uid",
        "send_until = send_until + interval '1 day'", "digest = repeat('0', 64)", "form = 'file'",
    ],
)  # fmt: skip
def test_what_was_taken_along_never_changes(change):
    packet = make.PacketFactory()
    with pytest.raises(IntegrityError, match="never changes"):
        attempt(f"UPDATE inspections_packet SET {change} WHERE id = %s", packet.pk)


def test_a_packet_is_never_deleted_and_its_saves_only_grow():
    packet = make.PacketFactory()
    came = "UPDATE inspections_packet SET last_saved = %s, last_sha256 = %s, imported_at = now(), imported_by_id = made_by_id WHERE id = %s"
    attempt(came, 5, "a" * 64, packet.pk)
    attempt(came, 6, "b" * 64, packet.pk)
    with pytest.raises(IntegrityError, match="newer save"):
        attempt(came, 5, "a" * 64, packet.pk)
    with pytest.raises(IntegrityError, match="never deleted"):
        attempt("DELETE FROM inspections_packet WHERE id = %s", packet.pk)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"key": b"short"}, "packet_key_is_32_bytes"),
        ({"digest": "x"}, "packet_digest"),
        ({"form": "paper"}, "packet_form_known"),
        ({"last_saved": 1}, "packet_came_back_whole"),
        ({"imported_at": timezone.now()}, "packet_imported_pair|packet_came_back_whole"),
        ({"use_until": timezone.now() - packet_rules.USE_FOR}, "packet_expires_in_order"),
    ],
)
def test_half_a_packet_is_refused(fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make.PacketFactory(**fields)


def test_another_visits_uid_is_not_taken_for_a_kit(cast):
    assert prepare(cast.county, visit=str(uuid.uuid4())).status_code == 404
