"""Bringing back what a phone saved: whole, once, by who took it along; nothing refused is lost silently."""

import base64
import hashlib
import io
import re
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from files.models import StoredFile
from files.refusals import Refused
from hazards.models import Evidence, Hazard
from inspections import importing
from inspections.actions import finishing
from inspections.actions.answering import Given, answer
from inspections.actions.findings import remove_finding, save_finding
from inspections.actions.visits import edit_record
from inspections.models import Answer, Checklist, Finding, FindingPhoto, Packet, Visit, VisitEvent
from inspections.packet_file import one_file
from institutions.models import Institution, Membership
from tests.factories import Cast, as_client, make_actor
from tests.inspections import factories as make
from tests.inspections.packing import IMPORT, Filled, zipped
from tests.inspections.walking import checklist, open_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def filled(cast, media):
    """Three items, one problem with a photo, signed and finished."""
    checklist(3)
    filled = Filled(cast.county, cast.home).answer("yes", "no", "not_applicable").sign()
    filled.find(item=filled.items[1])
    return filled


def rows() -> dict:
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (Visit, Answer, Finding, FindingPhoto, Hazard, Evidence, StoredFile, VisitEvent)
    }


def test_a_visit_brought_back_is_the_visit_with_the_same_photos(cast, filled):
    response = filled.send()
    visit, hazard = Visit.objects.get(), Hazard.objects.get()
    assert (response.status_code, response.done.left, response.done.lacks) == (200, [], [])
    assert (str(visit.uid), visit.status, visit.place_note) == (filled.kit["visit"], "finished", "一至三楼")
    assert timezone.now() - visit.checked_in_at > timedelta(hours=2)
    assert sorted(visit.answers.values_list("value", flat=True)) == ["no", "not_applicable", "yes"]
    assert (str(hazard.uid), hazard.status) == (filled.visit["findings"][0]["uid"], "rectifying")
    (picture,) = filled.pictures.values()
    assert Evidence.objects.get().file.original_sha256 == hashlib.sha256(picture).hexdigest()
    assert [row["arrived"] for row in response.done.rows] == [3, 1, 1, 1]
    packet = filled.packet
    assert (packet.last_saved, packet.imported_by) == (1, cast.county.user)
    event = VisitEvent.objects.get(act="import")
    assert event.data["packet"] == filled.kit["packet"]
    assert filled.kit["key"] not in str(event.data) + response.content.decode()


def test_the_same_zip_again_changes_nothing(filled):
    content = filled.zip()
    filled.send(content)
    before = rows()
    response = filled.send(content)
    assert (response.status_code, response.done.is_repeated, rows() == before) == (200, True, True)
    assert "这份检查已上传过，没有重复登记" in response.content.decode()


def test_the_same_visit_zipped_again_is_the_same_zip(filled):
    filled.send()
    assert filled.send().done.is_repeated


@pytest.mark.parametrize("name", ["visit.json", "mac.txt", "photo"])
def test_one_changed_byte_is_refused_and_nothing_is_written(filled, name):
    entries = filled.entries()
    name = name if name in entries else next(n for n in entries if n.startswith("photos/"))
    whole = filled.zip()
    place = whole.find(entries[name]) + len(entries[name]) // 2
    spoilt = bytearray(entries[name])
    spoilt[len(spoilt) // 2] ^= 1
    if name == "visit.json":
        spoilt = entries[name].replace(b'"saved": 1', b'"saved": 2')
    attempts = {
        "in the zip": whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
        # With the checksum of the zip made right again: the seal must notice.
        "zipped again": zipped(entries | {name: bytes(spoilt)}),
    }
    before = rows()
    errors = {what: filled.send(content).error for what, content in attempts.items()}
    assert (rows() == before, errors["in the zip"] != "", "被改动过" in errors["zipped again"]) == (True,) * 3


def test_photos_exchanged_missing_or_added_are_refused(filled):
    filled.photograph(filled.visit["findings"][0]["uid"])
    entries = filled.entries()
    first, second = (name for name in entries if name.startswith("photos/"))
    wrong = {
        "exchanged": entries | {first: entries[second], second: entries[first]},
        "missing": {name: content for name, content in entries.items() if name != first},
        "added": entries | {"photos/00000000-0000-0000-0000-000000000000.jpg": b"x"},
    }
    said = {what: filled.send(zipped(found)).status_code for what, found in wrong.items()}
    assert (said, Visit.objects.count()) == ({"exchanged": 422, "missing": 422, "added": 422}, 0)


def test_a_packet_of_another_system_is_foreign(cast, filled):
    filled.visit["packet"] = "00000000-0000-0000-0000-000000000001"
    assert "不是本系统的检查包" in filled.send().error
    assert Visit.objects.count() == 0


def test_a_packet_is_brought_back_by_who_took_it_along(cast, filled):
    stranger = Cast()
    said = {
        "colleague": filled.send(by=cast.county2).error,
        "stranger": filled.send(by=stranger.county).error,
    }
    name = cast.county.user.name
    assert said["colleague"] == f"这个检查包是{name}的，请由本人登录后上传。"
    assert ("不是本系统的检查包" in said["stranger"], name in said["stranger"]) == (True, False)
    assert (as_client(cast.auditor).get(IMPORT).status_code, Visit.objects.count()) == (403, 0)


def test_the_seal_of_one_packet_does_not_fit_another(cast, filled):
    other = Filled(cast.county, cast.home)
    filled.visit["packet"] = other.kit["packet"]
    assert "被改动过" in filled.send().error
    filled.visit["packet"], filled.visit["visit"] = filled.kit["packet"], other.kit["visit"]
    assert "被改动过" in filled.send().error
    filled.visit["visit"], filled.visit["digest"] = filled.kit["visit"], "0" * 64
    assert "被改动过" in filled.send().error
    assert Visit.objects.count() == 0


def test_an_older_save_never_takes_the_place_of_a_newer(filled):
    filled.visit["is_finished"] = False
    older = filled.zip()
    filled.save_again().visit["record"]["place_note"] = "一至五楼"
    assert filled.send().done.left == []
    response = filled.send(older)
    assert (response.error, Visit.objects.get().place_note) == (
        "已上传过更新的一份，这一份没有登记。", "一至五楼"
    )  # fmt: skip


def test_a_newer_save_adds_to_what_is_there(filled):
    filled.visit["is_finished"] = False
    filled.send()
    filled.save_again().visit["is_finished"] = True
    filled.visit["answers"][0]["note"] = "已整改"
    filled.visit["record"]["place_note"] = "一至五楼"
    filled.visit["findings"][0]["location"] = "三楼"
    filled.photograph(filled.visit["findings"][0]["uid"])
    done = filled.send().done
    assert ([row["arrived"] for row in done.rows], [row["known"] for row in done.rows]) == (
        [1, 1, 1, 0], [2, 0, 1, 1]
    )  # fmt: skip
    visit = Visit.objects.get()
    assert (visit.status, visit.place_note, Hazard.objects.get().location) == ("finished", "一至五楼", "三楼")


def test_what_somebody_else_wrote_meanwhile_stays_and_mine_is_told(cast, filled):
    filled.visit["is_finished"] = False
    filled.send()
    visit = Visit.objects.get()
    edit_record(visit, by=cast.county2, place_note="食堂")
    answer(visit, by=cast.county2, given=[Given(filled.items[0], "not_applicable")])
    filled.save_again().visit["record"]["place_note"] = "一至五楼"
    response = filled.send()
    visit.refresh_from_db()
    assert (visit.place_note, visit.answers.get(item=filled.items[0]).value) == ("食堂", "not_applicable")
    told = [(left.what, dict(left.texts)) for left in response.done.left]
    assert ("检查记录", {"检查场所": "一至五楼"}) in told
    assert any(texts.get("答案") == "是" for _, texts in told)
    assert "一至五楼" in response.content.decode()


def test_after_its_time_a_packet_is_not_taken_in(cast, filled, monkeypatch):
    for days, words in ((8, ""), (31, "已经过期")):
        late = timezone.now() + timedelta(days=days)
        with monkeypatch.context() as patch:
            patch.setattr("inspections.importing.timezone.now", lambda late=late: late)
            filled.save_again()
            filled.visit["is_finished"] = False
            response = filled.send()
        assert (response.status_code, words in response.error) == (422 if words else 200, True)
    assert "已经过期" in response.error


def test_a_finding_the_forms_refuse_is_told_with_all_its_text_and_the_rest_is_saved(filled):
    bad = filled.find(description="住户 36010219560101123X 的房间插座烧焦", location="三楼 302")
    response = filled.send()
    text = response.content.decode()
    left = next(one for one in response.done.left if one.what == "问题")
    assert ("住户 36010219560101123X 的房间插座烧焦" in text, "三楼 302" in text) == (True, True)
    assert dict(left.texts)["存在问题"] == bad["description"]
    assert "身份证号" in left.why[0]
    visit = Visit.objects.get()
    assert (visit.status, visit.findings.count(), visit.answers.count()) == ("open", 1, 3)
    assert [one.what for one in response.done.left] == ["问题", "照片", "完成检查"]
    # However often it is uploaded, what is not in the system is shown.
    again = filled.send()
    assert (again.done.is_repeated, "三楼 302" in again.content.decode()) == (True, True)
    assert StoredFile.objects.unattached().count() == 0


def test_what_the_finish_lacks_is_listed_and_the_visit_stays_open(filled):
    filled.visit["signatures"] = []
    filled.find(picture=False, handling="fixed", due_on=None)
    response = filled.send()
    words = [lack.words for lack in response.done.lacks]
    assert (response.done.left, len(words)) == ([], 4)
    assert "被检查单位负责人还没有签名；拒签或在纸上签名的，请写明" in words
    assert all(lack.url in response.content.decode() for lack in response.done.lacks)
    assert (Visit.objects.get().status, Finding.objects.count(), Hazard.objects.count()) == ("open", 2, 0)


def test_answers_texts_and_signatures_that_are_refused_are_told(cast, filled):
    filled.visit["answers"][0]["note"] = "36010219560101123X"
    filled.visit["answers"].append({"item": 10**12, "value": "yes", "note": "不知道哪一项", "revision": None})
    filled.visit["answers"].append({"item": [1], "value": {"a": 1}, "note": None})
    filled.visit["record"]["content"] = "身份证 36010219560101123X"
    filled.visit["record"]["inspectors"].append(10**9)
    filled.sign(who="999999")
    filled.sign(image="data:image/png;base64,xx")
    response = filled.send()
    text, visit = response.content.decode(), Visit.objects.get()
    assert (visit.status, visit.place_note, visit.answers.count()) == ("open", "一至三楼", 2)
    assert [words in text for words in ("36010219560101123X", "不知道哪一项", "签名图片已损坏")] == [True] * 3
    assert {one.what for one in response.done.left} >= {"检查人员", "检查记录", "检查项", "签名"}


def test_half_characters_and_odd_types_are_no_fault(filled):
    filled.visit["findings"][0] |= {
        "description": "坏\ud800字符的描述",
        "judgement": [1],
        "severity": {"a": 1},
    }
    filled.visit["record"] |= {
        "place_note": ["x"],
        "campaigns": "x",
        "is_unannounced": "yes",
        "kind": "screening",
    }
    filled.visit["photos"][0] |= {
        "stage": ["found"],
        "name": {"x": 1},
        "taken_at": "0001-01-01T00:00:00+14:00",
    }
    response = filled.send()
    assert response.status_code == 200
    assert response.done.left != []


def test_a_planned_visit_is_checked_in_to_when_it_arrives(cast, media):
    ours = checklist(2)
    visit = open_visit(cast, checklist=ours, planned_on=timezone.localdate(), is_unannounced=True)
    filled = Filled(cast.county2, cast.home, visit=visit).answer("yes", "yes").sign()
    done = filled.send().done
    visit.refresh_from_db()
    assert (done.left, done.lacks, visit.status, visit.checked_in_by) == (
        [],
        [],
        "finished",
        cast.county2.user,
    )
    assert timezone.now() - visit.checked_in_at > timedelta(hours=2)


def test_a_checklist_withdrawn_and_a_colleague_gone_meanwhile_cost_nothing(cast, filled):
    Checklist.objects.update(status="withdrawn")
    Membership.objects.filter(user=cast.county2.user).update(is_active=False)
    response = filled.send()
    visit = Visit.objects.get()
    assert (visit.answers.count(), visit.checklist.status, visit.findings.count()) == (3, "withdrawn", 1)
    assert [one.what for one in response.done.left] == ["检查人员", "完成检查"]


def test_an_institution_closed_meanwhile_costs_nothing(cast, filled):
    Institution.objects.filter(pk=cast.home.pk).update(is_active=False)
    assert filled.send().done.left == []


def test_a_visit_that_cannot_be_opened_leaves_everything_on_the_page_and_may_come_again(cast, filled):
    filled.visit["record"]["kind"] = "oversight"
    response = filled.send()
    assert ("没有登记任何内容" in response.content.decode(), Visit.objects.count()) == (True, 0)
    assert ("二楼东侧" in response.content.decode(), filled.packet.last_saved) == (True, None)
    filled.visit["record"]["kind"] = "screening"
    assert filled.send().done.left == []


def test_a_finished_visit_is_not_changed_by_a_later_save(filled):
    filled.send()
    before = rows()
    filled.save_again().find(location="四楼")
    response = filled.send()
    after = rows()
    assert {k: v for k, v in after.items() if k != "VisitEvent"} == {
        k: v for k, v in before.items() if k != "VisitEvent"
    }
    assert "四楼" in response.content.decode()


def test_a_draft_exported_from_a_phone_comes_the_same_way(cast, media):
    checklist(1)
    filled = Filled(cast.county, cast.home, form="phone").answer("yes").sign()
    assert (filled.send().done.left, Visit.objects.get().status) == ([], "finished")


def test_an_upload_that_was_cut_off_is_completed_by_the_next(filled, monkeypatch):
    for _ in range(2):
        filled.photograph(filled.visit["findings"][0]["uid"])
    content, calls = filled.zip(), []
    real = importing.receiving.take_in

    def dies_at_the_second(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return real(*args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("inspections.receiving.take_in", dies_at_the_second)
        importing.bring_in(filled.actor, io.BytesIO(content), len(content))
    assert (filled.packet.last_saved, FindingPhoto.objects.count(), Hazard.objects.count()) == (None, 1, 0)
    done = filled.send(content).done
    assert ([row["arrived"] for row in done.rows], done.left) == ([0, 0, 2, 1], [])
    assert (Hazard.objects.count(), Evidence.objects.count(), Visit.objects.get().status) == (
        1,
        3,
        "finished",
    )


@pytest.fixture
def full(monkeypatch):
    """`full(code)`: the server refuses every new file for that reason; `full("")`: no longer."""
    real, refusal = importing.receiving.take_in, [""]

    def take_in(*args, **kwargs):
        if refusal[0]:
            raise Refused(refusal[0])
        return real(*args, **kwargs)

    monkeypatch.setattr("inspections.receiving.take_in", take_in)
    return lambda code: refusal.__setitem__(0, code)


@pytest.mark.parametrize("code", ["disk_low", "busy", "too_many_unattached"])
def test_photos_the_server_had_no_room_for_come_with_the_same_zip_again_and_finish_the_visit(
    filled, full, code
):
    content = filled.zip()
    full(code)
    first = filled.send(content)
    page = as_client(filled.actor).get("/inspections/packets/").content.decode()
    assert [one.what for one in first.done.left] == ["照片"]
    assert "请保留这个 zip 文件，稍后再上传一次" in first.content.decode()
    assert "照片补齐后，检查自动完成" in first.content.decode()
    assert "还有 1 张照片没有登记，请再上传一次" in page
    again = filled.send(content)  # still no room: still told, nothing doubled
    assert "还有 1 张照片没有登记" in again.content.decode()
    assert (Visit.objects.get().status, FindingPhoto.objects.count()) == ("open", 0)
    full("")
    last = filled.send(content)
    assert (last.done.left, last.done.lacks) == ([], [])
    assert "上次没有登记的 1 张照片已补上，检查已完成" in last.content.decode()
    assert (Visit.objects.get().status, Evidence.objects.count(), Hazard.objects.count()) == (
        "finished", 1, 1
    )  # fmt: skip
    before = rows()
    assert (filled.send(content).done.arrived, rows() == before) == ({}, True)
    assert "没有登记，请再上传" not in as_client(filled.actor).get("/inspections/packets/").content.decode()


def test_the_rest_of_a_zip_brings_nothing_but_the_photos_that_wait(cast, filled, full):
    second = filled.find(location="三楼")
    content = filled.zip()
    full("disk_low")
    filled.send(content)
    full("")
    visit = Visit.objects.get()
    edit_record(visit, by=cast.county, place_note="食堂")
    answer(visit, by=cast.county, given=[Given(filled.items[0], "not_applicable", revision=1)])
    remove_finding(visit, by=cast.county, uid=second["uid"])
    done = filled.send(content).done
    visit.refresh_from_db()
    assert (dict(done.arrived), visit.status) == ({"photos": 1}, "open")
    assert [(one.what, one.why) for one in done.left] == [
        ("照片", ["它所属的问题没有登记。"]), ("问题", ["这条问题不在系统的检查记录中。"])
    ]  # fmt: skip
    assert (visit.place_note, visit.answers.get(item=filled.items[0]).value) == ("食堂", "not_applicable")
    assert (visit.findings.count(), FindingPhoto.objects.count()) == (1, 1)


def test_a_photo_removed_after_it_arrived_does_not_come_back_with_the_zip(cast, filled, full):
    filled.visit["is_finished"] = False
    filled.send()
    visit, finding = Visit.objects.get(), Finding.objects.get()
    save_finding(visit, by=cast.county, uid=finding.uid, facts={}, found=[])
    assert filled.send().done.is_repeated
    assert FindingPhoto.objects.count() == 0


def test_a_photo_that_waits_for_a_visit_finished_meanwhile_is_told_and_waits_no_longer(cast, filled, full):
    full("busy")
    content = filled.zip()
    filled.send(content)
    full("")
    Finding.objects.update(no_photo_reason="相机故障")
    finishing.finish(Visit.objects.get(), by=cast.county)
    response = filled.send(content)
    assert [one.what for one in response.done.left] == ["照片"]
    assert response.done.waiting_photos == []
    assert "请再上传一次" not in as_client(filled.actor).get("/inspections/packets/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_same_zip_uploaded_twice_at_once_is_there_once(media):
    cast = Cast()
    checklist(2)
    filled = Filled(cast.county, cast.home).answer("yes", "yes").sign()
    filled.find()
    content, barrier, statuses = filled.zip(), threading.Barrier(3), []

    def upload():
        barrier.wait()
        try:
            statuses.append(filled.send(content).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=upload) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 3
    counts = [model.objects.count() for model in (Visit, Finding, FindingPhoto, Hazard, Evidence, StoredFile)]
    assert (counts, VisitEvent.objects.filter(act="import").count()) == ([1] * 6, 1)
    assert filled.send(content).done.is_repeated


# --- the pages --------------------------------------------------------------------------------------------------


@pytest.fixture
def built(monkeypatch, tmp_path):
    """What the build makes, so that these tests need none."""
    for name, text in {
        "app.css": "b{color:red}", "packet.js": "let a='</script><!--'", "icons.svg": "<svg></svg>"
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(
        "inspections.packet_file.finders.find", lambda name: str(tmp_path / name.removeprefix("dist/"))
    )


def test_one_file_holds_everything_and_runs_nothing_else(cast, built):
    checklist(2)
    Institution.objects.filter(pk=cast.home.pk).update(address="</script><b>路 1 号")
    url = f"/inspections/packets/new/{cast.home.pk}/"
    assert "7 天内开始检查" in as_client(cast.county).get(url).content.decode()
    response = as_client(cast.county).post(url)
    page, packet = response.content.decode(), Packet.objects.get()
    assert (packet.form, packet.made_by) == ("file", cast.county.user)
    disposition = response["Content-Disposition"]
    assert ("attachment" in disposition, "utf-8''" in disposition.lower()) == (True, True)
    assert (bytes(packet.key).hex() in page, response["Cache-Control"]) == (True, "private, no-store")
    assert "</script><b>" not in page
    assert len(re.findall(r"</script", page)) == len(re.findall(r"<script", page))
    assert re.findall(r".{80}/static/.{50}", page) == []


def test_the_hashes_are_those_of_what_stands_in_the_file(built, monkeypatch):
    seen = {}

    def caught(template, context):
        seen.update(context)
        return ""

    monkeypatch.setattr("inspections.packet_file.render_to_string", caught)
    one_file({"a": "</script><!-- & "})
    for name in ("css", "js"):
        digest = hashlib.sha256(seen[name].encode()).digest()
        assert seen["hashes"][name] == f"sha256-{base64.b64encode(digest).decode()}"
        assert "</" not in seen[name]
    assert not set("<>&") & set(seen["json"])


def test_my_packets_say_what_never_came_back_and_show_nobody_elses(cast):
    now = timezone.now()
    ages = {"在手": 0, "该上传": 8, "作废": 31}
    for name, days in ages.items():
        home = cast.place.institution(name=name)
        made = now - timedelta(days=days)
        make.PacketFactory(made_by=cast.county.user, institution=home, made_at=made, form="file")
    old = now - timedelta(days=8)
    make.PacketFactory(made_by=cast.county.user, institution=cast.home, made_at=old, form="phone")
    make.PacketFactory(made_by=cast.county2.user, institution=cast.place.institution(name="别人的"))
    page = as_client(cast.county).get("/inspections/packets/").content.decode()
    mine = page.split('id="next"')[0]
    assert [words in mine for words in ("还没有带回", "没有带回，请尽快上传", "没有带回，已作废")] == [
        True
    ] * 3
    assert ("别人的" in mine, as_client(cast.auditor).get("/inspections/packets/").status_code) == (
        False,
        403,
    )


def test_the_list_takes_a_constant_number_of_statements(cast):
    def statements():
        client = as_client(cast.county)
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/inspections/packets/").status_code == 200
        return len(caught)

    make.PacketFactory(made_by=cast.county.user, institution=cast.home)
    one = statements()
    for _ in range(3):
        make.PacketFactory(made_by=cast.county.user, institution=cast.place.institution())
    assert statements() == one


def test_the_section_leads_inspectors_to_their_packets(cast):
    seen = {
        who: "/inspections/packets/" in as_client(actor).get("/inspections/visits/").content.decode()
        for who, actor in {"official": cast.county, "house": cast.manager, "auditor": cast.auditor}.items()
    }
    assert seen == {"official": True, "house": True, "auditor": False}


def test_somebody_of_another_level_may_still_bring_back_as_who_they_were(cast, filled):
    """With two posts the one that acts must be the one that inspects there."""
    make_actor("manager", Cast().home, user=cast.county.user)
    assert filled.send().done.left == []
