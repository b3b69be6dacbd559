"""Whatever is sent to the hazards' forms and addresses: an answer in words, never a 500, and no half an act."""

import uuid
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hazards.actions import lifecycle, voiding
from hazards.enums import HazardAction, HazardStatus
from hazards.forms import FORMS, RegisterForm
from hazards.models import (
    Evidence,
    ExtensionRequest,
    Hazard,
    HazardEvent,
    ProgressReport,
    RectificationPlan,
    SupervisionOrder,
    Transfer,
    TransferEvidence,
)
from notifications.models import Notice
from tests.factories import (
    CONFIRMED,
    Cast,
    as_client,
    extension_asked,
    hazard_in,
    long_hazard,
    photos_of,
    register_hazard,
    supervised,
    transferred,
)

pytestmark = pytest.mark.django_db
A, S = HazardAction, HazardStatus


def few(count: int):
    # No shrinking against the clock of the suite: the body that failed is printed as it is.
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
junk = st.one_of(
    texts,
    texts.map(lambda text: (text or "长") * 200),
    st.integers(min_value=-(2**70), max_value=2**70).map(str),
    st.sampled_from(
        [
            "", " ", "\x00", "a\x00b", "\u202e倒写的字\u202c", "👨‍👩‍👧‍👦" * 90, "长" * 500, "长" * 501, "字" * 10_000,
            "0001-01-01", "9999-12-31", "2026-02-30", "0000-00-00", "+10000-01-01", "１２３", "1e400", "-1e400", "NaN",
            "Infinity", "-0", "0.001", "9999999.99", "99999999.99", "9" * 400, "2147483648", "9223372036854775808",
            "not-a-uuid", "00000000-0000-0000-0000-000000000000", "{" + "0" * 32 + "}", "urn:uuid:" + "1" * 32,
            "on", "true", "YH-2026-000001", "yh-2026-999999999999", "<script>alert(1)</script>", "=cmd|' /C calc'!A0",
        ]
    ),
)  # fmt: skip
MISSING = st.just(None)
changes = st.one_of(MISSING, junk, st.lists(junk, min_size=2, max_size=3))


def bodies(names: list[str]):
    """What replaces some of the fields of a form that would be accepted: left out, nonsense, or sent twice."""
    return st.dictionaries(st.sampled_from(names), changes, max_size=4)


def merged(valid: dict, changed: dict) -> dict:
    return {name: value for name, value in (valid | changed).items() if value is not None}


def trace() -> list:
    """Everything an act would leave behind."""
    tables = (
        Hazard, HazardEvent, Evidence, RectificationPlan, Notice, ExtensionRequest, SupervisionOrder, ProgressReport,
        Transfer, TransferEvidence,
    )  # fmt: skip
    return [list(model.objects.order_by("pk").values()) for model in tables]


def post(client, url: str, body: dict) -> None:
    """Post and undo. Accepted: exactly one more event or one more hazard. Refused: nothing at all."""
    with transaction.atomic():
        before, events = trace(), HazardEvent.objects.count()
        response = client.post(url, body)
        said = (response.status_code, url)
        assert response.status_code in (302, 409, 422), said
        if response.status_code == 302:
            assert HazardEvent.objects.count() > events, said
        else:
            assert trace() == before, said
            assert response.text.lstrip().startswith("<!doctype html>"), said
        transaction.set_rollback(True)


@pytest.fixture
def cast():
    return Cast()


@few(70)
@given(
    changed=bodies([*RegisterForm.base_fields, "uid", "status"]),
    step=st.sampled_from(["issue", "fixed", "register"]),
)
def test_registering_with_anything_is_a_hazard_or_words(cast, changed, step):
    today = timezone.localdate()
    valid = {
        "key": str(uuid.uuid4()), "location": "二楼东侧", "description": "疏散通道堆放杂物",
        "evidence": [str(pk) for pk in photos_of(cast.county)], "domain": "fire", "severity": "general",
        "source": "screening", "found_on": today.isoformat(), "next_step": step,
        "due_on": (today + timedelta(days=7)).isoformat(), "responsible_person": "张三",
        "measures": "当场清理", "fixed_evidence": [str(pk) for pk in photos_of(cast.county)],
    }  # fmt: skip
    post(as_client(cast.county), f"/hazards/new/{cast.home.pk}/", merged(valid, changed))


def stage(cast, action: HazardAction) -> tuple[Hazard, object, dict]:
    """A hazard at which `action` is due, who may do it, and fields that would be accepted."""
    week = (timezone.localdate() + timedelta(days=7)).isoformat()
    again = {"reason": "东端仍停放轮椅", "due_on": week}
    confirmed = {"opinion": "属实", "is_cause_found": "on", "is_rectified": "on", "is_satisfactory": "on"}
    asked = register_hazard(cast, severity="major")
    if action in (A.REFUSE_VOID, A.VOID):
        asked = voiding.request_void(asked, by=cast.county, reason="现场核实属于误报")
    reason = {"reason": "现场核实属于误报"}
    plan = {
        "measures": "清理",
        "responsible_person": "张三",
        "funds": "1.5",
        "finish_on": week,
        "contingency": "值守",
    }
    done = {
        "measures": "已清理",
        "evidence": [str(pk) for pk in photos_of(cast.manager)],
        "funds_spent": "0.5",
    }
    return {
        A.ISSUE: lambda: (
            hazard_in(cast, S.REGISTERED),
            cast.county,
            {"due_on": week, "responsible_person": "张三"},
        ),
        A.PLAN: lambda: (hazard_in(cast, S.RECTIFYING), cast.manager, plan),
        A.SUBMIT: lambda: (hazard_in(cast, S.RECTIFYING), cast.manager, done),
        A.REJECT: lambda: (hazard_in(cast, S.AWAITING_VERIFICATION), cast.county, again),
        A.ACCEPT: lambda: (hazard_in(cast, S.AWAITING_VERIFICATION), cast.county, confirmed),
        A.CLOSE: lambda: (hazard_in(cast, S.VERIFIED), cast.city, {"opinion": "同意"}),
        A.RETURN: lambda: (hazard_in(cast, S.VERIFIED), cast.city, again),
        A.REQUEST_VOID: lambda: (asked, cast.county, reason),
        A.REFUSE_VOID: lambda: (asked, cast.county2, reason),
        A.VOID: lambda: (asked, cast.county2, reason),
        A.REQUEST_EXTENSION: lambda: (
            long_hazard(cast),
            cast.manager,
            {"reason": "设备到货推迟", "interim_measures": "停用该楼层", "proposed_due_on": later(80)},
        ),
        A.APPROVE_EXTENSION: lambda: (
            extension_asked(cast, long_hazard(cast)),
            cast.county,
            {"due_on": later(70), "opinion": "同意"},
        ),
        A.REFUSE_EXTENSION: lambda: (extension_asked(cast, long_hazard(cast)), cast.county, reason),
        A.WITHDRAW_EXTENSION: lambda: (extension_asked(cast, long_hazard(cast)), cast.manager, reason),
        A.PLACE_UNDER_SUPERVISION: lambda: (
            hazard_in(cast, S.RECTIFYING),
            cast.city,
            {
                "supervising_unit": "市安委会", "document_number": "市督〔2026〕1号", "requirements": "限期治理完毕",
                "due_on": later(60), "plan_due_on": later(15), "report_every_days": "30",
            },
        ),
        A.REPORT_PROGRESS: lambda: (
            supervised(hazard_in(cast, S.RECTIFYING), cast.county).hazard,
            cast.manager,
            {"progress": "已完成设计", "next_steps": "月底前完成施工"},
        ),
        A.LIFT_SUPERVISION: lambda: (verified_under_supervision(cast), cast.county, {"opinion": "同意摘牌"}),
        A.REVOKE_SUPERVISION: lambda: (
            supervised(hazard_in(cast, S.RECTIFYING), cast.county).hazard, cast.county, reason,
        ),
        A.TRANSFER: lambda: (
            hazard_in(cast, S.RECTIFYING),
            cast.county,
            {
                "department": "housing", "recipient": "县住建局", "document_number": "移〔2026〕1号",
                "letter": "该楼外墙开裂，现移送贵单位依法处理。", "due_on": later(15),
            },
        ),
        A.NUDGE: lambda: (hazard_in(cast, S.RECTIFYING), cast.city, {"words": "请本周内完成"}),
        A.REASSIGN: lambda: (
            hazard_in(cast, S.RECTIFYING),
            cast.county,
            {"officer": str(cast.county2.user.pk), "reason": "分工调整"},
        ),
        A.WITHDRAW_TRANSFER: lambda: with_transfer(cast, reason),
        A.RECORD_ANSWER: lambda: with_transfer(
            cast, {"outcome": "handled", "receipt_number": "消函〔2026〕9号", "answer": "已责令改正"}
        ),
    }[action]()  # fmt: skip


def later(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def verified_under_supervision(cast) -> Hazard:
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    supervised(hazard, cast.county)
    return lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)


def with_transfer(cast, fields: dict) -> tuple[Hazard, object, dict]:
    sent = transferred(hazard_in(cast, S.RECTIFYING), cast.county)
    return sent.hazard, cast.county, fields | {"transfer": str(sent.pk)}


@pytest.mark.parametrize("action", FORMS)
def test_an_act_with_anything_is_done_or_refused_in_words(cast, action):
    hazard, actor, valid = stage(cast, action)
    url, client = f"/hazards/{hazard.pk}/{action.value}/", as_client(actor)

    @few(25)
    @given(changed=bodies([*FORMS[action].base_fields, "status", "by"]))
    def send(changed):
        form = {"version": hazard.version, "key": str(uuid.uuid4())} | valid
        post(client, url, merged(form, changed))

    send()


@pytest.mark.parametrize("action", FORMS)
def test_every_act_takes_texts_as_long_as_its_form_allows(cast, action):
    hazard, actor, valid = stage(cast, action)
    lengths = {name: getattr(field, "max_length", None) for name, field in FORMS[action].base_fields.items()}
    form = {"version": hazard.version, "key": str(uuid.uuid4())} | valid
    form |= {name: "长" * length for name, length in lengths.items() if length and name != "duplicate_of"}
    assert as_client(actor).post(f"/hazards/{hazard.pk}/{action.value}/", form).status_code == 302


def test_somebody_elses_form_key_is_a_conflict_in_words(cast):
    key, bodies_of = str(uuid.uuid4()), {}
    for actor in (cast.county, cast.county2):
        bodies_of[actor] = {
            "key": key, "location": "二楼", "description": "通道堆放杂物", "no_photo_reason": "夜间", "domain": "fire",
            "severity": "general", "source": "screening", "found_on": timezone.localdate().isoformat(),
            "next_step": "register",
        }  # fmt: skip
    answers = [as_client(who).post(f"/hazards/new/{cast.home.pk}/", body) for who, body in bodies_of.items()]
    assert [answer.status_code for answer in answers] == [302, 409]
    assert Hazard.objects.count() == 1


ids = st.one_of(st.integers(0, 2**70), st.sampled_from([0, 2**31, 2**63 - 1, 2**63, 10**300]))


@few(40)
@given(
    pk=ids,
    kind=st.sampled_from(["detail", "act", "register", "of", "photo", "notice", "institution"]),
    word=texts,
)
def test_an_address_of_nothing_is_404(cast, pk, kind, word):
    client, variant = as_client(cast.county), quote(word or "x", safe="")
    url = {
        "detail": f"/hazards/{pk + 10**6}/",
        "act": f"/hazards/{pk + 10**6}/{variant}/",
        "register": f"/hazards/new/{pk + 10**6}/",
        "of": f"/hazards/of-institution/{pk + 10**6}/",
        "photo": f"/hazards/photo/{pk + 10**6}/{variant}/",
        "notice": f"/notices/{pk + 10**6}/",
        "institution": f"/institutions/{pk + 10**6}/",
    }[kind]
    with transaction.atomic():
        assert client.get(url).status_code == 404, url
        transaction.set_rollback(True)


@few(40)
@given(word=junk, other=junk)
def test_searching_and_paging_with_anything_is_a_page(cast, word, other):
    client = as_client(cast.county)
    with transaction.atomic():
        for url, query in (
            ("/hazards/new/", {"q": [word, other]}),
            ("/notices/", {"show": word, "after": other}),
            ("/notices/bell/", {"x": word}),
            ("/institutions/", {"q": word, "county": other, "city": word, "kind": other, "page": word}),
        ):
            answer = client.get(url, query)
            assert answer.status_code in (200, 422), url  # 422: the page, with words beside the field
            assert "<" in answer.text, url
        transaction.set_rollback(True)


@few(25)
@given(variant=texts)
def test_a_photo_has_two_variants_and_no_third(cast, media, variant):
    hazard = register_hazard(cast)
    if variant not in ("full", "thumb"):
        pk = hazard.evidence.get().pk
        answer = as_client(cast.county).get(f"/hazards/photo/{pk}/{quote(variant or 'x', safe='')}/")
        assert answer.status_code == 404
