"""Visits as stories: opened, walked, signed, finished, each once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.http import Conflict
from files.models import StoredFile
from hazards.models import Evidence, Hazard
from inspections import png, visit_rules
from inspections.actions import answering, finishing, signing
from inspections.actions import visits as actions
from inspections.actions.answering import Given
from inspections.actions.findings import remove_finding
from inspections.actions.judging import judge
from inspections.enums import AnswerValue
from inspections.models import Answer, Finding, Visit, VisitEvent, VisitPlan
from notifications.models import Notice
from tests.factories import Cast, as_client, make_place, photos_of
from tests.inspections import factories as make
from tests.inspections.walking import answer, checklist, drawing, find, open_visit, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


def acts(visit):
    return list(VisitEvent.objects.filter(visit=visit).order_by("id").values_list("act", flat=True))


# --- opening --------------------------------------------------------------------------------------------------


def test_each_level_opens_its_own_kinds_and_administrators_none(cast):
    kinds = {
        name: [kind.value for kind in visit_rules.kinds_for(getattr(cast, name))]
        for name in ("province", "city", "county", "township", "manager", "safety", "auditor", "system_admin")
    }
    official = ["oversight", "look_back", "joint"]
    assert kinds == {
        "province": official,
        "city": official,
        "county": ["screening", "look_back", "joint"],
        "township": ["patrol"],
        "manager": ["patrol", "self_check"],
        "safety": ["patrol", "self_check"],
        "auditor": [],
        "system_admin": [],
    }


def test_the_same_uid_opens_one_visit(cast):
    uid = uuid.uuid4()
    first, second = (open_visit(cast, uid=uid) for _ in range(2))
    assert (first, Visit.objects.count(), acts(first)) == (second, 1, ["check_in"])
    with pytest.raises(Conflict):
        open_visit(cast, by=cast.county2, uid=uid)


@pytest.mark.django_db(transaction=True)
def test_two_sends_at_once_open_one_visit():
    cast, uid = Cast(), uuid.uuid4()
    opened, barrier = [], threading.Barrier(6)

    def work():
        barrier.wait()
        try:
            opened.append(open_visit(cast, uid=uid).pk)
        finally:
            connections.close_all()

    run([work] * 6)
    assert (len(opened), len(set(opened)), VisitEvent.objects.count()) == (6, 1, 1)


def run(works):
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_nobody_opens_a_visit_outside_their_scope_or_kind(cast):
    elsewhere = make_place().institution()
    for by, fields in [
        (cast.county, {"institution": elsewhere}),
        (cast.county, {"kind": "oversight"}),
        (cast.township, {"kind": "patrol"}),  # the home lies in the county seat
        (cast.manager, {"kind": "screening"}),
        (cast.manager, {"is_unannounced": True}),
        (cast.auditor, {}),
    ]:
        with pytest.raises(PermissionDenied):
            open_visit(cast, by=by, **fields)
    assert Visit.objects.count() == 0


def test_a_planned_visit_begins_with_the_check_in_and_colleagues_join(cast):
    visit = open_visit(cast, planned_on=timezone.localdate(), inspectors=[])
    assert (visit.status, visit.checked_in_at) == ("planned", None)
    with pytest.raises(Conflict, match="请先到场签到"):
        answer(visit, cast.county, {1: "yes"})
    actions.check_in(visit, by=cast.county2)
    visit = actions.check_in(visit, by=cast.county)
    actions.check_in(visit, by=cast.county)
    assert (visit.status, visit.checked_in_by) == ("open", cast.county2.user)
    assert set(visit.inspectors.all()) == {cast.county.user, cast.county2.user}
    assert acts(visit) == ["plan", "check_in"]
    with pytest.raises(PermissionDenied):
        actions.check_in(visit, by=cast.manager)


def test_an_unannounced_visit_shows_itself_to_the_institution_at_check_in(cast):
    visit = open_visit(cast, planned_on=timezone.localdate(), is_unannounced=True)
    client, url = as_client(cast.manager), f"/inspections/visits/{visit.uid}/"
    assert client.get(url).status_code == 404
    assert str(visit.uid) not in client.get("/inspections/visits/?tab=planned").text
    assert str(visit.uid) not in client.get(f"/inspections/visits/of-institution/{cast.home.pk}/").text
    assert Notice.objects.count() == 0
    actions.check_in(visit, by=cast.county)
    assert client.get(url).status_code == 200


def test_while_officials_walk_the_institution_reads_nothing_of_what_they_find(cast):
    item = checklist(1).items.get()
    visit = open_visit(cast, checklist=item.checklist)
    finding = find(visit, cast.county, item, description="配电间门锁损坏待换")
    client, url = as_client(cast.manager), f"/inspections/visits/{visit.uid}/"
    assert "配电间门锁损坏待换" not in client.get(url).text
    assert client.get(f"{url}print/").status_code == 403
    assert client.get(f"/inspections/photos/{finding.photos.get().pk}/full/").status_code == 403
    signed(visit, cast.county)
    finishing.finish(visit, by=cast.county)
    assert "配电间门锁损坏待换" in client.get(url).text
    assert "配电间门锁损坏待换" in client.get(f"{url}print/").text


def test_a_cancelled_visit_leaves_no_hazard_and_makes_its_plan_due_again(cast):
    plan = make.VisitPlanFactory(institution=cast.home)
    visit = open_visit(cast, plan=plan)
    find(visit, cast.county)
    assert VisitPlan.objects.get().visit == visit
    visit = actions.cancel(visit, by=cast.county2, reason="机构停电")
    assert (visit.status, Hazard.objects.count(), VisitPlan.objects.get().visit) == ("cancelled", 0, None)
    for act in (actions.check_in, finishing.finish):
        with pytest.raises(Conflict):
            act(visit, by=cast.county)


# --- answers --------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_once_and_never_overwritten_unseen(cast):
    item = checklist(1).items.get()
    visit = open_visit(cast, checklist=item.checklist)
    mine = answering.answer(visit, by=cast.county, given=[Given(item.pk, "yes", "", 0)])
    assert [(a.value, a.revision) for a in mine.saved] == [("yes", 1)]
    theirs = answering.answer(visit, by=cast.county2, given=[Given(item.pk, "no", "三楼", 0)])
    assert [r.reason for r in theirs.refused] == [f"{cast.county.user.name}已答“是”，您的答案没有保存。"]
    again = answering.answer(
        visit, by=cast.county, given=[Given(item.pk, "yes", "", 0)]
    )  # the reply was lost
    assert ([a.revision for a in again.saved], again.refused) == ([1], [])
    knowingly = answering.answer(visit, by=cast.county2, given=[Given(item.pk, "no", "三楼", 1)])
    assert [(a.value, a.note, a.revision) for a in knowingly.saved] == [("no", "三楼", 2)]


def test_answers_to_items_of_another_checklist_are_refused(cast):
    visit = open_visit(cast, checklist=checklist(1))
    other = checklist(1).items.get()
    outcome = answer(visit, cast.county, {other.pk: "yes", 10**17: "yes"})
    assert (len(outcome.refused), Answer.objects.count()) == (2, 0)


def test_only_the_inspectors_write(cast):
    item = checklist(1).items.get()
    visit = open_visit(cast, checklist=item.checklist, inspectors=[])
    for stranger in (cast.county2, cast.city, cast.manager, cast.auditor):
        with pytest.raises(PermissionDenied):
            answer(visit, stranger, {item.pk: "yes"})
        with pytest.raises(PermissionDenied):
            find(visit, stranger, item)
        with pytest.raises(PermissionDenied):
            finishing.finish(visit, by=stranger)
    assert (Answer.objects.count(), Finding.objects.count()) == (0, 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(AnswerValue.values), st.integers(0, 3)), max_size=12
    )
)
def test_the_answer_that_stands_is_always_the_last_one_given_upon_what_stood(cast, steps):
    items = list(checklist(3).items.all())
    visit = open_visit(cast, checklist=items[0].checklist)
    expected = {}
    for index, value, revision in steps:
        pk = items[index].pk
        outcome = answering.answer(visit, by=cast.county, given=[Given(pk, value, "", revision)])
        stood_value, stood = expected.get(pk, (None, 0))
        if value != stood_value and revision == stood:
            expected[pk] = (value, stood + 1)
        assert bool(outcome.refused) == (value != stood_value and revision != stood)
    kept = {a.item_id: (a.value, a.revision) for a in Answer.objects.filter(visit=visit)}
    assert kept == expected


# --- signing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_drawing_is_kept_as_a_clean_png(cast, mode):
    visit = open_visit(cast)
    secret = drawing(mode=mode)[:-12] + png._chunk(b"tEXt", b"secret\0words") + drawing()[-12:]
    signature = signing.sign(
        visit, by=cast.county, uid=uuid.uuid4(), role="in_charge", image=secret, name="刘芳"
    )
    assert bytes(signature.image).startswith(png.SIGNATURE)
    assert b"secret" not in bytes(signature.image)
    assert png.clean(bytes(signature.image)) == bytes(signature.image)


def blank() -> bytes:
    return make.signature_png()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (lambda: b"", "请先签名。"),
        (blank, "请先签名。"),
        (lambda: b"<svg>" * 100, "签名图片的格式不对，请重新签。"),
        (lambda: drawing() + b"tail", "签名图片已损坏，请重新签。"),
        (lambda: drawing()[:-20], "签名图片已损坏，请重新签。"),
        (lambda: drawing()[:60] + b"\x00" + drawing()[61:], "签名图片已损坏，请重新签。"),
        (lambda: drawing(size=(2400, 70)), "签名图片的格式不对，请重新签。"),
        (lambda: drawing(mode="1"), "签名图片的格式不对，请重新签。"),
        (lambda: drawing() + b"0" * png.MAX_BYTES, "签名图片过大，请清除后重新签。"),
        (lambda: bomb(), "签名图片已损坏，请重新签。"),
    ],
)
def test_what_is_no_drawing_is_refused_with_words(image, words):
    with pytest.raises(png.BadDrawing) as caught:
        png.clean(image())
    assert str(caught.value) == words


def bomb() -> bytes:
    """A few kilobytes that unpack to fifty megabytes."""
    header = png.struct.pack(">IIBBBBB", 100, 100, 8, 2, 0, 0, 0)
    pixels = png.zlib.compress(b"\0" * 50_000_000, 9)
    return (
        png.SIGNATURE + png._chunk(b"IHDR", header) + png._chunk(b"IDAT", pixels) + png._chunk(b"IEND", b"")
    )


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_drawing_never_gets_through_changed_nor_crashes(data):
    image = bytearray(drawing())
    at = data.draw(st.integers(0, len(image) - 1))
    image[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(png.BadDrawing):
        png.clean(bytes(image))


def test_signing_again_replaces_and_a_refusal_takes_the_place_of_a_signature(cast):
    visit = open_visit(cast)
    signed(visit, cast.county, "刘芳")
    visit = signed(visit, cast.county, "刘芳芳")
    assert list(visit.signatures.values_list("name", flat=True)) == ["刘芳芳"]
    visit = signing.refuse(visit, by=cast.county, reason="对第三项有异议")
    assert (visit.signatures.count(), visit.refusal_reason, visit.person_in_charge) == (
        0,
        "对第三项有异议",
        "刘芳芳",
    )
    visit = signed(visit, cast.county, "刘芳芳")
    assert (visit.signatures.count(), visit.refusal_reason) == (1, "")
    with pytest.raises(PermissionDenied):
        signing.sign(
            visit, by=cast.county, uid=uuid.uuid4(), role="inspector", image=drawing(), user=cast.city.user
        )
    assert acts(visit) == ["check_in", "sign", "sign", "refuse", "sign"]


# --- finishing --------------------------------------------------------------------------------------------------


def lacks(visit, by):
    with pytest.raises(finishing.Incomplete) as caught:
        finishing.finish(visit, by=by)
    return [lack.words for lack in caught.value.lacks]


def test_a_visit_of_93_items_makes_exactly_the_failed_ones_into_hazards(cast):
    items = list(checklist(93).items.all())
    visit = open_visit(cast, checklist=items[0].checklist)
    failed, absent = items[5:12], items[20:30]
    values = {item.pk: "yes" for item in items} | {item.pk: "not_applicable" for item in absent}
    answer(visit, cast.county, values | {item.pk: "no" for item in failed})
    for item in failed:
        find(visit, cast.county2, item, description=f"问题 {item.code}")
    signed(visit, cast.county)
    visit = finishing.finish(visit, by=cast.county)
    made = Hazard.objects.order_by("id")
    assert [h.description for h in made] == [f"问题 {item.code}" for item in failed]
    assert {h.status for h in made} == {"rectifying"}
    assert {h.source for h in made} == {"screening"}
    assert {h.basis for h in made} == {"《消防法》(2021修正)第二十八条"}
    assert dict(Finding.objects.values_list("uid", "hazard__uid")) == {h.uid: h.uid for h in made}
    assert (
        Evidence.objects.filter(added_by=cast.county.user, file__uploaded_by=cast.county2.user).count() == 7
    )
    assert "共检查 93 项：符合 76 项，不符合 7 项，不涉及 10 项。" in visit.content
    assert (visit.status, visit.handling) == ("finished", "下发限期整改 7 条。")
    # As usual the institution is told of each that was issued.
    assert Notice.objects.filter(recipient=cast.manager.user).count() == 7


def test_no_problem_at_all_is_a_result(cast):
    visit = open_visit(cast, checklist=checklist(2))
    answer(visit, cast.county, {item.pk: "yes" for item in visit.items})
    visit = finishing.finish(signed(visit, cast.county), by=cast.county)
    assert (visit.status, visit.problems, Hazard.objects.count()) == ("finished", "未发现隐患（零隐患）。", 0)


def test_what_is_missing_is_said_before_anything_is_made(cast):
    item, other = checklist(2).items.all()
    visit = open_visit(cast, checklist=item.checklist, inspectors=[])
    answer(visit, cast.county, {other.pk: "no"})
    find(visit, cast.county, item, found=[], location="", responsible_person="", due_on=None)
    assert lacks(visit, cast.county) == [
        f"{other.code} 答“否”，还没有记录问题：{other.text}",
        "“疏散通道堆放杂物”没有写明具体部位",
        "“疏散通道堆放杂物”没有现场照片，也没有写明原因",
        "“疏散通道堆放杂物”没有整改责任人",
        "“疏散通道堆放杂物”没有整改期限",
        "检查人员至少 2 人",
        "被检查单位负责人还没有签名；拒签或在纸上签名的，请写明",
    ]
    assert (Hazard.objects.count(), Visit.objects.get().status) == (0, "open")


def test_major_needs_its_ground_and_its_interim_measures(cast):
    item = checklist(1).items.get()
    visit = open_visit(cast, checklist=item.checklist)
    finding = find(visit, cast.county, item, severity="major")
    signed(visit, cast.county)
    assert lacks(visit, cast.county) == [
        "“疏散通道堆放杂物”重大隐患没有写明临时管控措施",
        "“疏散通道堆放杂物”没有写明判定为重大的依据",
    ]
    find(visit, cast.county, item, uid=finding.uid, found=list(finding.photos.values_list("file", flat=True)),
         severity="major", interim_measures="停用该楼层")  # fmt: skip
    judge(finding, by=cast.county, situation=make.MajorSituationFactory())
    finishing.finish(visit, by=cast.county)
    hazard = Hazard.objects.get()
    assert (hazard.severity, hazard.interim_measures) == ("major", "停用该楼层")
    assert "《养老机构重大事故隐患判定标准》" in hazard.basis


def test_what_a_city_finds_is_registered_and_the_county_issues_it(cast):
    visit = open_visit(cast, by=cast.city, kind="oversight", inspectors=[cast.city2.user])
    finding = find(visit, cast.city)
    signed(visit, cast.city)
    assert lacks(visit, cast.city) == [
        "“疏散通道堆放杂物”“下发限期整改”须由主管民政部门的人员完成检查，请另选处理方式"
    ]
    kept = list(finding.photos.values_list("file", flat=True))
    find(visit, cast.city, uid=finding.uid, found=kept, handling="register")
    finishing.finish(visit, by=cast.city)
    hazard = Hazard.objects.get()
    assert (hazard.status, hazard.source, hazard.registered_by) == ("registered", "oversight", cast.city.user)
    assert Notice.objects.filter(recipient=cast.manager.user).count() == 0


def test_fixed_on_the_spot_has_two_photos_and_goes_to_verification(cast):
    visit = open_visit(cast)
    find(visit, cast.county2, handling="fixed", measures="当场清理", rectified=photos_of(cast.county2))
    finishing.finish(signed(visit, cast.county), by=cast.county)
    hazard = Hazard.objects.get()
    assert (hazard.status, hazard.is_fixed_on_the_spot) == ("awaiting_verification", True)
    assert sorted(hazard.evidence.values_list("stage", flat=True)) == ["found", "rectified"]


def test_a_self_check_by_one_person_reports_to_the_county(cast):
    visit = open_visit(cast, by=cast.safety)
    find(visit, cast.safety, handling="register")
    assert Visit.objects.visible_to(cast.county).count() == 0
    finishing.finish(visit, by=cast.safety)
    hazard = Hazard.objects.get()
    assert (hazard.status, hazard.source, hazard.is_self_reported) == ("registered", "self_check", True)
    assert Visit.objects.visible_to(cast.county).count() == 1


def test_finishing_again_changes_nothing_and_the_record_is_frozen(cast):
    item = checklist(1).items.get()
    visit = open_visit(cast, checklist=item.checklist)
    finding = find(visit, cast.county, item)
    signed(visit, cast.county)
    first = finishing.finish(visit, by=cast.county)
    second = finishing.finish(visit, by=cast.county2)
    assert (first.finished_by, second.finished_by, second.finished_at) == (
        cast.county.user, cast.county.user, first.finished_at
    )  # fmt: skip
    assert (Hazard.objects.count(), acts(visit)) == (1, ["check_in", "finding", "sign", "finish"])
    for act in (
        lambda: answer(visit, cast.county, {item.pk: "yes"}),
        lambda: find(visit, cast.county),
        lambda: remove_finding(visit, by=cast.county, uid=finding.uid),
        lambda: signed(visit, cast.county),
        lambda: actions.edit_record(visit, by=cast.county, problems="无"),
        lambda: actions.cancel(visit, by=cast.county, reason="不要了"),
    ):
        with pytest.raises(Conflict):
            act()
    # The same again, after a lost reply, is no change.
    assert [a.value for a in answer(visit, cast.county, {item.pk: "no"}).saved] == ["no"]


@pytest.mark.django_db(transaction=True)
def test_finish_pressed_by_two_inspectors_at_once_makes_one_set_of_hazards():
    cast = Cast()
    items = list(checklist(6).items.all())
    visit = open_visit(cast, checklist=items[0].checklist)
    for item in items:
        find(visit, cast.county, item)
    signed(visit, cast.county)
    done, barrier = [], threading.Barrier(6)

    def press(by):
        def work():
            barrier.wait()
            try:
                done.append(finishing.finish(visit, by=by).status)
            finally:
                connections.close_all()

        return work

    run([press(cast.county), press(cast.county2)] * 3)
    assert done == ["finished"] * 6
    assert (Hazard.objects.count(), acts(visit).count("finish")) == (6, 1)
    assert Evidence.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_a_finding_saved_while_the_visit_is_finished_is_either_a_hazard_or_refused():
    for _ in range(4):
        cast = Cast()
        visit = signed(open_visit(cast), cast.county)
        photo, refused, barrier = photos_of(cast.county2), [], threading.Barrier(2)

        def write(visit=visit, cast=cast, photo=photo, refused=refused, barrier=barrier):
            barrier.wait()
            try:
                find(visit, cast.county2, found=photo)
            except Conflict:
                refused.append(True)
            finally:
                connections.close_all()

        def finish(visit=visit, cast=cast, barrier=barrier):
            barrier.wait()
            try:
                finishing.finish(visit, by=cast.county)
            finally:
                connections.close_all()

        run([write, finish])
        found = Finding.objects.filter(visit=visit)
        assert [f.hazard_id is not None for f in found] == ([] if refused else [True])
        # A refused finding leaves its photo free.
        assert StoredFile.objects.get(pk=photo[0]).is_attached is (not refused)


def test_a_record_edited_by_two_inspectors_is_a_conflict(cast):
    visit = open_visit(cast)
    actions.edit_record(visit, by=cast.county, version=0, place_note="一至三楼")
    with pytest.raises(Conflict):
        actions.edit_record(visit, by=cast.county2, version=0, place_note="食堂")
    assert Visit.objects.get().place_note == "一至三楼"
    actions.edit_record(visit, by=cast.county2, version=0 + 1, place_note="一至三楼、食堂", inspectors=[])
    # Who checked in stays an inspector.
    assert set(visit.inspectors.all()) == {cast.county.user, cast.county2.user}
    assert timezone.now() - Visit.objects.get().created_at < timedelta(minutes=1)
