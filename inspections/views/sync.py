"""What a phone sends when the signal is back. JSON in and out, never a redirect; every call may be repeated.

`revision` of an answer or finding, and `If-Match` of the record, say which state of the server a change was made
upon (0: none). When something else stands by now the answer is 409 with both, and neither is overwritten: what
stands stays on the server, what was sent stays on the phone.
"""

from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.utils import timezone

from common.http import readonly, writes
from files import limits
from files.claims import Unclaimable
from files.intake import take_in
from files.models import StoredFile
from files.refusals import Refused
from inspections import kits, packet_rules, png, sync_words, visit_queries
from inspections.actions import answering, finishing, signing
from inspections.actions import visits as actions
from inspections.actions.findings import FindingChanged, add_photo, remove_finding, save_finding
from inspections.actions.visit_door import require_inspector, require_writer
from inspections.enums import FindingStage, PacketForm, SignerRole
from inspections.forms.findings import FindingForm
from inspections.forms.records import RecordForm, SignForm
from inspections.forms.visits import OpenForm, given_answers
from inspections.models import Finding, FindingPhoto, Visit
from inspections.views._sync_door import (
    Bad,
    error_json,
    for_phones,
    invalid,
    moment_of,
    sent_json,
    text_of,
    texts,
)
from institutions.models import Institution

CHUNK = 64 * 1024


def _inspected(request, uid) -> Visit:
    """The visit in scope that this person inspects: 404 and 403 for others."""
    visit = get_object_or_404(visit_queries.page(request.actor), uid=uid)
    require_inspector(visit, by=request.actor)
    return visit


@for_phones
@readonly
def session(request):
    """GET: who is logged in, for which place, and the token that calls carry as X-CSRFToken."""
    user = {"id": request.actor.user.pk, "name": request.actor.user.name}
    return JsonResponse({"user": user, "place": request.actor.place_name, "csrf": get_token(request)})


@for_phones
@writes
def prepare(request):
    """POST {institution: pk}, or {visit: uid} of one planned or begun: 201 with the kit (inspections.kits)."""
    body, visit = sent_json(request), None
    if "visit" in body:
        visit = get_object_or_404(visit_queries.page(request.actor), uid=_uuid(body["visit"]))
        if reason := packet_rules.taker(request.actor, visit, visit_queries.inspector_ids(visit)):
            raise PermissionDenied(reason)
        institution = visit.institution
    else:
        institution = _institution(request, body)
    kit = kits.take(request.actor, institution, form=PacketForm.PHONE, visit=visit)
    return JsonResponse(kit, status=HTTPStatus.CREATED)


def _institution(request, body: dict) -> Institution:
    pk = body.get("institution")
    found = Institution.objects.visible_to(request.actor).in_use().select_related("county")
    return get_object_or_404(found, pk=pk if isinstance(pk, int) and pk < 2**63 else 0)


@for_phones
@writes(methods=("GET", "HEAD", "PUT"))
def visit(request, uid):
    """GET: the visit as it stands. PUT: make it (201) or bring its record and answers up to date (200, 409 with both).

    Body: `institution`, `kind`, `is_unannounced`, `checklist`, `campaigns`, `inspectors`, `checked_in_at` when it is
    made; then any of the record's texts, `inspectors`, and `answers` [{item, value, note, revision}]. Texts need
    `If-Match: "<version>"`; each answer its own revision.
    """
    if request.method != "PUT":
        return JsonResponse(sync_words.state(_inspected(request, uid)))
    is_new = not Visit.objects.visible_to(request.actor).filter(uid=uid).exists()
    if not is_new:
        _inspected(request, uid)  # who may not write it is told so whatever was sent
    # Nothing sent to what is not there, or not in scope, is 404 like any other call.
    body, status = sent_json(request) if request.body else {}, HTTPStatus.OK
    if is_new:
        _made(request, uid, body)
        status = HTTPStatus.CREATED
    found = _inspected(request, uid)
    conflicts = {"facts": {}, "answers": []}
    conflicts["facts"] = _record(request, found, body, is_new)
    conflicts["answers"], wrong = _answers(request, found, body)
    found = _inspected(request, uid)
    answer = sync_words.state(found)
    if wrong:
        return JsonResponse(
            answer | {"error": wrong[0], "errors": wrong}, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
    if conflicts["facts"] or conflicts["answers"]:
        words = "另一位检查人员改过同样的内容，两边都保留着，请选择以哪一份为准。"
        return JsonResponse(answer | {"error": words, "conflicts": conflicts}, status=HTTPStatus.CONFLICT)
    response = JsonResponse(answer, status=status)
    response["ETag"] = f'"{found.version}"'
    return response


def _made(request, uid, body: dict) -> Visit:
    institution = _institution(request, body)
    names = ("kind", "is_unannounced", "checklist", "campaigns", "inspectors", "other_participants")
    data = texts(body, names) | {"key": str(uid), "when": "now"}
    if not body.get("is_unannounced"):
        data.pop("is_unannounced", None)
    form = OpenForm(data, actor=request.actor, institution=institution, today=timezone.localdate())
    if not form.is_valid():
        raise invalid(form)
    facts = form.facts() | {"checked_in_at": moment_of(body.get("checked_in_at"))}
    return actions.open_visit(by=request.actor, **facts)


def _record(request, visit: Visit, body: dict, is_new: bool) -> dict:
    """Bring the record up to date; what stands against what was sent, by field, when it was changed meanwhile."""
    names = [n for n in (*actions.FACTS, "inspectors") if n in body and not (is_new and n == "inspectors")]
    if not names:
        return {}
    form = RecordForm(texts(body, names), actor=request.actor, visit=visit, is_partial=True)
    if not form.is_valid():
        raise invalid(form)
    facts = form.facts()
    differing = {n: v for n, v in facts.items() if n != "inspectors" and getattr(visit, n) != v}
    if "inspectors" in facts and {
        request.actor.user.pk,
        *(u.pk for u in facts["inspectors"]),
    } != visit_queries.inspector_ids(visit):
        differing["inspectors"] = facts["inspectors"]
    if not differing:
        return {}
    seen = request.headers.get("if-match", "").strip('"')
    if is_new or seen == str(visit.version):
        actions.edit_record(visit, by=request.actor, version=None if is_new else visit.version, **differing)
        return {}
    return {name: sync_words.both(visit, name, value) for name, value in differing.items()}


def _answers(request, visit: Visit, body: dict) -> tuple[list[dict], list[str]]:
    rows = body.get("answers") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Bad("answers 应为数组。")
    data = {}
    for row in rows:
        key = text_of(row.get("item"))
        data |= {
            f"answer-{key}": text_of(row.get("value")),
            f"note-{key}": text_of(row.get("note")),
            f"revision-{key}": text_of(row.get("revision", 0)),
        }
    given, errors = given_answers(data)
    if len(given) + len(errors) < len(rows):
        errors.append("有答案不在“是、否、不涉及”之中。")
    if not given:
        return [], errors
    outcome = answering.answer(visit, by=request.actor, given=given)
    conflicts = [sync_words.answers_both(refusal) for refusal in outcome.refused]
    return conflicts, errors


@for_phones
@writes(methods=("PUT", "DELETE"))
def finding(request, uid, finding_uid):
    """PUT: record a problem or change it upon its `revision` (201, 200, 409 with both). DELETE: forget it (200)."""
    visit = _inspected(request, uid)
    if request.method == "DELETE":
        remove_finding(visit, by=request.actor, uid=finding_uid)
        return JsonResponse({"removed": str(finding_uid)})
    body = sent_json(request)
    there = Finding.objects.filter(uid=finding_uid, visit=visit).select_related("item").first()
    item = there.item if there else None
    if there is None and body.get("item") is not None:
        pk = body["item"]
        item = get_object_or_404(visit.items, pk=pk if isinstance(pk, int) else 0)
    judgement = body.get("judgement") if isinstance(body.get("judgement"), dict) else {}
    form = FindingForm(
        {f"judge-{name}": text_of(value) for name, value in judgement.items()}
        | {"key": str(finding_uid), "revision": "0"} | texts(body, [*FindingForm.base_fields, "revision"]),
        actor=request.actor, visit=visit, item=item, finding=there, is_partial=True,
    )  # fmt: skip
    if not form.is_valid():
        raise invalid(form)
    facts = form.facts() | {"uid": finding_uid, "found": None, "rectified": None}
    try:
        saved = save_finding(visit, by=request.actor, found_at=moment_of(body.get("found_at")), **facts)
    except FindingChanged as changed:
        both = {"theirs": sync_words.finding(changed.theirs), "mine": body}
        return error_json(changed.message, HTTPStatus.CONFLICT, conflict=both)
    return JsonResponse(sync_words.finding(saved), status=HTTPStatus.OK if there else HTTPStatus.CREATED)


@for_phones
@writes(methods=("PUT",))
def photo(request, uid, photo_uid):
    """PUT ?finding=<uid>&stage=found|rectified&taken_at=&name=, body: the picture, header X-Content-SHA256 (hex).

    201 when it is stored with its finding, 200 when it was already, 409 for other content under the same id.
    """
    visit = _inspected(request, uid)
    stage = request.GET.get("stage", FindingStage.FOUND)
    if stage not in FindingStage.values:
        raise Bad("stage 应为 found 或 rectified。")
    finding = get_object_or_404(visit.findings, uid=_uuid(request.GET.get("finding", "")))
    user = request.actor.user
    earlier = StoredFile.objects.filter(uploaded_by=user, client_id=photo_uid).first()
    is_attached = earlier and FindingPhoto.objects.filter(file=earlier, finding=finding).exists()
    if not is_attached:
        require_writer(visit, by=request.actor)
    try:
        with _received(request) as upload:
            intake = take_in(
                upload,
                by=user,
                client_id=photo_uid,
                taken_at=moment_of(request.GET.get("taken_at", "")),
                expected_sha256=_sha256(request),
            )
        is_new = add_photo(visit, by=request.actor, finding_uid=finding.uid, file=intake.file, stage=stage)
    except Refused as refused:
        return error_json(refused.message, refused.status)
    except Unclaimable as error:
        return error_json(error.message, HTTPStatus.CONFLICT)
    body = {"id": str(photo_uid), "sha256": intake.file.original_sha256, "stage": stage}
    return JsonResponse(body, status=HTTPStatus.CREATED if is_new else HTTPStatus.OK)


def _uuid(text: str):
    found = sync_words.read_uuid(text)
    if found is None:
        raise Bad("编号的格式不对。")
    return found


def _sha256(request) -> str:
    given = request.headers.get("x-content-sha256", "").lower()
    if given and not (len(given) == 64 and all(c in "0123456789abcdef" for c in given)):
        raise Refused("bad_sha256")
    return given


@contextmanager
def _received(request):
    """The body of a PUT as an upload, streamed to a temporary file and cut off when it is too large."""
    with NamedTemporaryFile(suffix=".upload") as file:
        size = 0
        while chunk := request.read(CHUNK):
            size += len(chunk)
            if size > limits.MAX_UPLOAD_BYTES:
                raise Refused("too_large")
            file.write(chunk)
        file.seek(0)
        name = Path(request.GET.get("name", "")).name or "照片.jpg"
        yield UploadedFile(file, name, request.content_type, size)


@for_phones
@writes(methods=("PUT",))
def signature(request, uid, signature_uid):
    """PUT {who: <user id> or "in_charge", name, image: data URL, signed_at} or {who, name, refusal_reason}."""
    visit, body = _inspected(request, uid), sent_json(request)
    data = texts(body, ("who", "name", "image", "refusal_reason")) | {"key": str(signature_uid)}
    form = SignForm(data, visit=visit)
    if not form.is_valid():
        raise invalid(form)
    try:
        if form.is_refusal:
            signing.refuse(visit, by=request.actor, **form.facts())
        else:
            signing.sign(visit, by=request.actor, signed_at=moment_of(body.get("signed_at")), **form.facts())
    except png.BadDrawing as error:
        raise Bad(str(error), HTTPStatus.UNPROCESSABLE_ENTITY) from None
    role = data["who"] if data["who"] == SignerRole.IN_CHARGE else SignerRole.INSPECTOR
    return JsonResponse({"id": str(signature_uid), "role": str(role)})


@for_phones
@writes
def finish(request, uid):
    """POST {findings: [uid], photos: [uid]}: finish when all that the phone names has arrived; again: the same answer.

    422 with `missing` (send these first) or `lacks` (words for the person).
    """
    visit = _inspected(request, uid)
    body = sent_json(request) if request.body else {}
    if missing := sync_words.not_arrived(visit, body):
        return error_json("还有内容没有传上来。", HTTPStatus.UNPROCESSABLE_ENTITY, missing=missing)
    try:
        finishing.finish(visit, by=request.actor)
    except finishing.Incomplete as incomplete:
        lacks = [{"words": lack.words, "url": lack.url} for lack in incomplete.lacks]
        return error_json("还不能完成检查。", HTTPStatus.UNPROCESSABLE_ENTITY, lacks=lacks)
    return JsonResponse(sync_words.state(_inspected(request, uid)))
