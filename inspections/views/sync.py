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

from common.http import readonly, writes
from files import limits
from files.claims import Unclaimable
from files.refusals import Refused
from inspections import kits, packet_rules, receiving, sync_words, visit_queries
from inspections.actions import finishing
from inspections.actions.findings import FindingChanged, remove_finding
from inspections.enums import FindingStage, PacketForm
from inspections.views._sync_door import error_json, for_phones, sent_json
from institutions.models import Institution

CHUNK = 64 * 1024


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
        visit = get_object_or_404(visit_queries.page(request.actor), uid=receiving.uuid_of(body["visit"]))
        if reason := packet_rules.taker(request.actor, visit, visit_queries.inspector_ids(visit)):
            raise PermissionDenied(reason)
        institution = visit.institution
    else:
        institution = _institution(request, body)
    kit = kits.take(request.actor, institution, form=PacketForm.PHONE, visit=visit)
    return JsonResponse(kit, status=HTTPStatus.CREATED)


def _institution(request, body: dict) -> Institution:
    found = Institution.objects.visible_to(request.actor).in_use().select_related("county")
    return get_object_or_404(found, pk=receiving.key_of(body.get("institution")))


@for_phones
@writes(methods=("GET", "HEAD", "PUT"))
def visit(request, uid):
    """GET: the visit as it stands. PUT: make it (201), check in, bring record and answers up to date (200, 409 with both).

    Body: `institution`, `kind`, `is_unannounced`, `checklist`, `campaigns`, `inspectors`, `checked_in_at` when it is
    made, `checked_in_at` when it was planned; then any of the record's texts, `inspectors`, and `answers`
    [{item, value, note, revision}]. Texts need `If-Match: "<version>"`; each answer its own revision.
    """
    actor = request.actor
    if request.method != "PUT":
        return JsonResponse(sync_words.state(receiving.inspected(actor, uid)))
    body = sent_json(request) if request.body else {}
    arrival = receiving.arrive(actor, uid, body)
    seen = request.headers.get("if-match", "").strip('"')
    facts = receiving.record(actor, arrival, body, seen=seen)
    outcome, wrong = receiving.answers(actor, arrival.visit, body.get("answers") or [])
    found = receiving.inspected(actor, uid)
    answer = sync_words.state(found)
    if wrong:
        return JsonResponse(
            answer | {"error": wrong[0], "errors": wrong}, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
    if facts or outcome.refused:
        words = "另一位检查人员改过同样的内容，两边都保留着，请选择以哪一份为准。"
        both = {"facts": facts, "answers": [sync_words.answers_both(refusal) for refusal in outcome.refused]}
        return JsonResponse(answer | {"error": words, "conflicts": both}, status=HTTPStatus.CONFLICT)
    response = JsonResponse(answer, status=HTTPStatus.CREATED if arrival.is_new else HTTPStatus.OK)
    response["ETag"] = f'"{found.version}"'
    return response


@for_phones
@writes(methods=("PUT", "DELETE"))
def finding(request, uid, finding_uid):
    """PUT: record a problem or change it upon its `revision` (201, 200, 409 with both). DELETE: forget it (200)."""
    visit = receiving.inspected(request.actor, uid)
    if request.method == "DELETE":
        remove_finding(visit, by=request.actor, uid=finding_uid)
        return JsonResponse({"removed": str(finding_uid)})
    body = sent_json(request)
    try:
        saved, is_new = receiving.finding(request.actor, visit, finding_uid, body)
    except FindingChanged as changed:
        both = {"theirs": sync_words.finding(changed.theirs), "mine": body}
        return error_json(changed.message, HTTPStatus.CONFLICT, conflict=both)
    return JsonResponse(sync_words.finding(saved), status=HTTPStatus.CREATED if is_new else HTTPStatus.OK)


@for_phones
@writes(methods=("PUT",))
def photo(request, uid, photo_uid):
    """PUT ?finding=<uid>&stage=found|rectified&taken_at=&name=, body: the picture, header X-Content-SHA256 (hex).

    201 when it is stored with its finding, 200 when it was already, 409 for other content under the same id.
    """
    visit, given = receiving.inspected(request.actor, uid), request.GET
    about = {
        "finding": given.get("finding", ""),
        "stage": given.get("stage", FindingStage.FOUND),
        "taken_at": given.get("taken_at", ""),
    }
    try:
        with _received(request) as upload:
            intake, is_new = receiving.photo(
                request.actor, visit, photo_uid, upload, sha256=_sha256(request), **about
            )
    except Refused as refused:
        return error_json(refused.message, refused.status)
    except Unclaimable as error:
        return error_json(error.message, HTTPStatus.CONFLICT)
    body = {"id": str(photo_uid), "sha256": intake.file.original_sha256, "stage": about["stage"]}
    return JsonResponse(body, status=HTTPStatus.CREATED if is_new else HTTPStatus.OK)


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
    visit = receiving.inspected(request.actor, uid)
    role = receiving.signature(request.actor, visit, signature_uid, sent_json(request))
    return JsonResponse({"id": str(signature_uid), "role": str(role)})


@for_phones
@writes
def finish(request, uid):
    """POST {findings: [uid], photos: [uid]}: finish when all that the phone names has arrived; again: the same answer.

    422 with `missing` (send these first) or `lacks` (words for the person).
    """
    visit = receiving.inspected(request.actor, uid)
    body = sent_json(request) if request.body else {}
    if missing := sync_words.not_arrived(visit, body):
        return error_json("还有内容没有传上来。", HTTPStatus.UNPROCESSABLE_ENTITY, missing=missing)
    try:
        finishing.finish(visit, by=request.actor)
    except finishing.Incomplete as incomplete:
        lacks = [{"words": lack.words, "url": lack.url} for lack in incomplete.lacks]
        return error_json("还不能完成检查。", HTTPStatus.UNPROCESSABLE_ENTITY, lacks=lacks)
    return JsonResponse(sync_words.state(receiving.inspected(request.actor, uid)))
