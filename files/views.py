"""Upload, remove, and the small picture of what one has just uploaded. Answers JSON, also when it refuses."""

import re
import uuid
from datetime import datetime
from functools import wraps

from django.http import JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from common.http import readonly, writes
from files.claims import discard
from files.enums import Variant
from files.intake import Refused, take_in
from files.models import StoredFile
from files.serve import serve
from institutions.enums import Capability

MAY_UPLOAD = (Capability.REGISTER, Capability.RECTIFY, Capability.VERIFY)


GONE = "这个文件不存在、已经使用或不是您上传的。"


def _error(message: str, status: int) -> JsonResponse:
    return JsonResponse({"error": message}, status=status)


def for_uploaders(view):
    """Only actors who may give evidence; a script asks, so it is told in JSON and never sent to a login page."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return _error("登录已过期，请重新登录。", 401)
        if request.actor is None or not any(request.actor.can(c) for c in MAY_UPLOAD):
            return _error("您的岗位不能上传文件。", 403)
        return view(request, *args, **kwargs)

    return wrapped


@for_uploaders
@writes
def upload(request):
    """POST `file`, `client_id` (UUID; the same again for a retry), optional `sha256` (hex) and `taken_at` (ISO 8601).

    201 for a new file, 200 for a retry of one that had arrived, 4xx or 5xx with `error` in words.
    """
    try:
        intake = take_in(
            request.FILES.get("file"),
            by=request.actor.user,
            client_id=_client_id(request.POST.get("client_id", "")),
            taken_at=_moment(request.POST.get("taken_at", "")),
            expected_sha256=_sha256(request.POST.get("sha256", "")),
        )
    except Refused as refused:
        return _error(refused.message, refused.status)
    return JsonResponse(_described(intake.file), status=201 if intake.is_new else 200)


@for_uploaders
@writes
def remove(request, file_id):
    """POST: remove one's own file that no evidence uses yet; 404 for any other."""
    if not discard(file_id, by=request.actor.user):
        return _error(GONE, 404)
    return JsonResponse({"removed": str(file_id)})


@for_uploaders
@readonly
def thumb(request, file_id):
    """The thumbnail of one's own file that no evidence uses yet; used ones are served with their hazard."""
    file = StoredFile.objects.unattached_of(request.actor.user).filter(pk=file_id).first()
    if file is None or not file.thumb_name:
        return _error(GONE, 404)
    return serve(file, Variant.THUMB)


def _described(file: StoredFile) -> dict:
    shown = reverse("files:thumb", args=[file.pk]) if file.thumb_name else None
    return {"id": str(file.pk), "thumb": shown, "name": file.display_name, "kind": file.kind}


def _client_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise Refused("bad_client_id") from None


def _sha256(text: str) -> str:
    if text and not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise Refused("bad_sha256")
    return text.lower()


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = parse_datetime(text)
        if moment is None:
            raise Refused("bad_taken_at")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    except (ValueError, OverflowError):
        raise Refused("bad_taken_at") from None
