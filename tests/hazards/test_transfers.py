"""移送: the letter and the photos chosen for it go out, an answer comes back, and the hazard's clock never stops."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from common.http import Conflict
from files.intake import receive
from hazards.actions import dues, lifecycle, transferring, voiding
from hazards.actions.unfit import Unfit
from hazards.enums import HazardStatus
from hazards.models import Hazard, Transfer
from institutions.actions.members import check_post
from institutions.enums import Role
from institutions.models import Institution
from notifications.models import Notice
from tests.factories import (
    Cast,
    as_client,
    hazard_in,
    make_liaison,
    make_place,
    register_hazard,
    transferred,
)
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db
S = HazardStatus
ANSWER = {"outcome": "handled", "receipt_number": "消函〔2026〕9号", "answer": "已责令限期改正"}


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def sent(cast):
    """A transfer to the county's fire rescue, whose liaison is there."""
    assert cast.liaison
    return transferred(hazard_in(cast, S.RECTIFYING), cast.county)


def letter_data(hazard, **changes):
    return {
        "version": hazard.version, "key": str(uuid.uuid4()), "department": "fire_rescue", "recipient": "",
        "document_number": "移〔2026〕1号", "letter": "自动喷水灭火系统停用，请依法处理。",
        "due_on": (timezone.localdate() + timedelta(days=15)).isoformat(),
    } | changes  # fmt: skip


def answer_data(**changes):
    return {"key": str(uuid.uuid4())} | ANSWER | changes


def test_a_county_transfers_with_a_chosen_photo_and_the_liaison_answers(cast):
    liaison, hazard = cast.liaison, hazard_in(cast, S.RECTIFYING)
    photo = hazard.evidence.get()
    data = letter_data(hazard, evidence=[str(photo.pk)])
    assert as_client(cast.county).post(f"/hazards/{hazard.pk}/transfer/", data).status_code == 302
    sent = Transfer.objects.get()
    assert (sent.authority, sent.recipient) == (liaison.authority, liaison.authority.name)
    assert [a.evidence for a in sent.attachments.all()] == [photo]
    hazard.refresh_from_db()
    assert (hazard.awaits_department, hazard.status) == (True, S.RECTIFYING)
    page = as_client(cast.manager).get(f"/hazards/{hazard.pk}/")
    assert "待部门" in page.text
    response = as_client(liaison).post(f"/hazards/transfers/{sent.pk}/answer/", answer_data())
    assert (response.status_code, response["Location"]) == (302, f"/hazards/transfers/{sent.pk}/")
    sent.refresh_from_db()
    hazard.refresh_from_db()
    assert (sent.state, sent.outcome, sent.ended_by) == ("answered", "handled", liaison.user)
    assert hazard.awaits_department is False
    last = hazard.events.order_by("seq").last()
    assert (last.action, last.by_place, last.comment) == ("answer_transfer", liaison.place_name, "已依法处理")
    assert last.data["answer"] == ANSWER["answer"]
    assert ANSWER["answer"] not in as_client(cast.manager).get(f"/hazards/{hazard.pk}/").text
    told = Notice.objects.filter(subject__startswith="移送部门已回执").values_list("recipient", flat=True)
    assert set(told) == {cast.county.user.pk, cast.county2.user.pk}


def test_the_hazards_own_clock_runs_while_a_department_is_waited_for(cast, sent):
    day_after = sent.hazard.due_on + timedelta(days=1)
    assert list(Hazard.objects.overdue(day_after)) == [sent.hazard]
    assert dues.transfer_answer(sent).due_on == sent.due_on


def test_two_departments_are_waited_for_until_the_second_has_answered(cast, sent):
    housing = make_liaison(cast.place.county, "housing")
    second = transferred(sent.hazard, cast.county, department="housing")
    hazard = transferring.answer_transfer(sent, by=cast.liaison, **ANSWER)
    assert hazard.awaits_department is True
    assert transferring.answer_transfer(second, by=housing, **ANSWER).awaits_department is False


def test_the_same_department_is_asked_once_at_a_time(cast, sent):
    response = as_client(cast.county).post(
        f"/hazards/{sent.hazard.pk}/transfer/", letter_data(sent.hazard, document_number="移2号")
    )
    assert (response.status_code, response.context["form"].non_field_errors()) == (
        422, ["已经移送消防救援部门，正在等待回执。"],
    )  # fmt: skip


# --- what a liaison sees -------------------------------------------------------------------------------------


def test_a_liaison_sees_what_was_sent_to_them_and_nothing_else(cast, sent):
    client, other = as_client(cast.liaison), register_hazard(cast, description="另一条没有移送的隐患")
    assert [t.pk for t in client.get("/hazards/transfers/").context["page"]] == [sent.pk]
    assert (Hazard.objects.visible_to(cast.liaison).count(), Institution.objects.visible_to(cast.liaison).count()) == (
        0, 0,
    )  # fmt: skip
    for hazard in (sent.hazard, other):
        assert client.get(f"/hazards/{hazard.pk}/").status_code == 404
    assert client.get(f"/institutions/{cast.home.pk}/").status_code == 404
    text = client.get(f"/hazards/transfers/{sent.pk}/").text
    hidden = [
        sent.hazard.description,
        sent.hazard.number,
        cast.county.user.name,
        cast.manager.user.name,
        "整改期限",
    ]
    assert [words for words in hidden if words in text] == []
    assert cast.home.name in text


def test_a_liaison_opens_the_chosen_photo_but_no_other(cast, media):
    def photo(seed):
        return receive(SimpleUploadedFile("一.jpg", jpeg("red", seed=seed)), by=cast.county.user).pk

    assert cast.liaison
    hazard = register_hazard(cast, evidence=[photo(1), photo(2)])
    chosen, other = hazard.evidence.order_by("id")
    sent = transferred(hazard, cast.county, evidence=[chosen])
    client, attachment = as_client(cast.liaison), sent.attachments.get()
    shown = client.get(f"/hazards/transfers/photo/{attachment.pk}/full/")
    assert (shown.status_code, len(b"".join(shown.streaming_content)) > 0) == (200, True)
    for evidence in (chosen, other):
        assert client.get(f"/hazards/photo/{evidence.pk}/full/").status_code == 404
    assert client.get(f"/hazards/transfers/photo/{attachment.pk + 1}/full/").status_code == 404


@pytest.mark.parametrize("where", ["another county", "another department"])
def test_another_liaison_sees_nothing_of_it(cast, sent, where):
    stranger = (
        make_liaison(make_place(city=cast.place.city).county)
        if where == "another county"
        else make_liaison(cast.place.county, "health")
    )
    client = as_client(stranger)
    assert list(client.get("/hazards/transfers/").context["page"]) == []
    for url in ("", "print/", "answer/"):
        assert client.get(f"/hazards/transfers/{sent.pk}/{url}").status_code == 404
    with pytest.raises(PermissionDenied):
        transferring.answer_transfer(sent, by=stranger, **ANSWER)


def test_what_is_told_to_liaisons_says_nothing_of_the_hazard(cast, sent):
    notice = Notice.objects.get(recipient=cast.liaison.user)
    assert notice.url == f"/hazards/transfers/{sent.pk}/"
    assert [
        w for w in (sent.hazard.description, sent.hazard.number) if w in notice.subject + notice.body
    ] == []


def test_a_liaison_who_is_too_late_is_not_told_who_did_what_to_the_hazard(cast, sent):
    transferring.withdraw_transfer(sent.hazard, by=cast.county, transfer=sent, reason="移送错了部门")
    response = as_client(cast.liaison).post(f"/hazards/transfers/{sent.pk}/answer/", answer_data())
    assert response.status_code == 409
    assert [w for w in (sent.hazard.number, cast.county.user.name) if w in response.text] == []
    assert "已责令限期改正" in response.text  # what they wrote is kept


def test_an_institution_learns_that_it_was_transferred_but_not_what_the_letter_says(cast, sent):
    client = as_client(cast.manager)
    page = client.get(f"/hazards/{sent.hazard.pk}/")
    assert (sent.recipient in page.text, sent.letter in page.text) == (True, False)
    assert client.get(f"/hazards/transfers/{sent.pk}/").status_code == 404


def test_photos_of_a_protected_house_are_not_transferred():
    cast = Cast(kind="child_welfare")
    hazard = register_hazard(cast)
    page = as_client(cast.county).get(f"/hazards/{hazard.pk}/transfer/")
    assert "evidence" not in page.context["form"].fields
    with pytest.raises(PermissionDenied, match="受保护机构的照片不能移送"):
        transferred(hazard, cast.county, evidence=list(hazard.evidence.all()))


# --- how it ends ---------------------------------------------------------------------------------------------


def test_a_letter_on_paper_is_answered_on_paper_and_recorded_by_the_sender(cast):
    hazard = hazard_in(cast, S.RECTIFYING)
    data = letter_data(hazard, department="health")
    response = as_client(cast.county).post(f"/hazards/{hazard.pk}/transfer/", data)
    assert response.context["form"].errors["recipient"] == [
        "本系统里还没有这个部门的单位，请填写接收单位名称。"
    ]
    data |= {"key": str(uuid.uuid4()), "recipient": "县卫生健康委"}
    assert as_client(cast.county).post(f"/hazards/{hazard.pk}/transfer/", data).status_code == 302
    sent = Transfer.objects.get()
    assert (sent.authority, sent.recipient) == (None, "县卫生健康委")
    hazard.refresh_from_db()
    data = {"version": hazard.version, "transfer": sent.pk} | answer_data()
    assert as_client(cast.county2).post(f"/hazards/{hazard.pk}/record_answer/", data).status_code == 302
    sent.refresh_from_db()
    assert (sent.state, sent.ended_by) == ("answered", cast.county2.user)
    with pytest.raises(Unfit, match="请填写接收单位名称"):
        transferred(hazard, cast.county, department="housing", recipient="")


def test_the_nearest_authority_of_the_department_receives_it(cast):
    city = make_liaison(cast.place.city, "market_regulation")
    sent = transferred(hazard_in(cast, S.RECTIFYING), cast.county, department="market_regulation")
    assert sent.authority == city.authority


def test_withdrawing_tells_the_department_and_settles_what_it_was_asked(cast, sent):
    hazard = transferring.withdraw_transfer(sent.hazard, by=cast.county, transfer=sent, reason="移送错了部门")
    assert hazard.awaits_department is False
    told = Notice.objects.filter(recipient=cast.liaison.user).order_by("id")
    assert [(n.subject.split("：")[0], n.settled_at is not None) for n in told] == [
        (f"收到移送事项，请于{sent.due_on.year}年{sent.due_on.month}月{sent.due_on.day}日前回执", True),
        ("移送事项已撤回", False),
    ]


@pytest.mark.parametrize("end", ["closed", "voided"])
def test_what_is_unanswered_ends_with_the_hazard(cast, end):
    liaison = cast.liaison
    status = S.VERIFIED if end == "closed" else S.RECTIFYING
    if end == "closed":
        hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
        sent = transferred(hazard, cast.county)
        hazard = lifecycle.accept(
            hazard,
            by=cast.county,
            opinion="属实",
            is_cause_found=True,
            is_rectified=True,
            is_satisfactory=True,
        )
        assert hazard.status == status
        hazard = lifecycle.close(hazard, by=cast.city)
    else:
        sent = transferred(hazard_in(cast, status), cast.county)
        hazard = voiding.void(sent.hazard, by=cast.county, reason="现场核实属于误报")
    sent.refresh_from_db()
    assert (hazard.status, hazard.awaits_department, sent.state) == (end, False, "ended")
    with pytest.raises(Conflict, match="已办结"):
        transferring.answer_transfer(sent, by=liaison, **ANSWER)
    assert (
        as_client(liaison).get(f"/hazards/transfers/{sent.pk}/answer/")["Location"].endswith(f"/{sent.pk}/")
    )


def test_the_same_answer_twice_is_one_answer(cast, sent):
    client, data = as_client(cast.liaison), answer_data()
    first, second = (client.post(f"/hazards/transfers/{sent.pk}/answer/", data) for _ in range(2))
    assert (first["Location"], second["Location"]) == (f"/hazards/transfers/{sent.pk}/",) * 2
    assert sent.hazard.events.filter(action="answer_transfer").count() == 1


def test_a_liaison_is_of_another_department(cast):
    with pytest.raises(ValidationError, match="只能在民政以外的部门任职"):
        check_post(Role.LIAISON, cast.county.authority)
    check_post(Role.LIAISON, cast.liaison.authority)


def test_an_answer_without_words_is_a_422(cast, sent):
    response = as_client(cast.liaison).post(
        f"/hazards/transfers/{sent.pk}/answer/", answer_data(answer="", outcome="")
    )
    assert (response.status_code, sorted(response.context["form"].errors)) == (422, ["answer", "outcome"])


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("department = 'civil_affairs'", "transfer_to_another_department"),
        ("state = 'answered', ended_at = now(), ended_by_id = sent_by_id", "transfer_answered_with_facts"),
        ("state = 'withdrawn'", "transfer_ended_pair"),
        ("letter = ''", "transfer_says_what"),
    ],
)
def test_the_database_refuses_half_a_transfer(sent, change, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE hazards_transfer SET {change} WHERE id = %s", [sent.pk])


def test_the_printed_letter_has_its_receipt(cast, sent):
    text = as_client(cast.liaison).get(f"/hazards/transfers/{sent.pk}/print/").text
    assert [
        w for w in ("安全隐患移送函", sent.letter, "回执文号", sent.document_number) if w not in text
    ] == []
