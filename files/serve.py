"""Answers with the content of a stored file. Whoever calls this has checked that the person may see it."""

import logging

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.utils.http import content_disposition_header

from files.enums import FileKind, Variant
from files.models import StoredFile

logger = logging.getLogger(__name__)

_TYPES = {FileKind.IMAGE: "image/jpeg", FileKind.PDF: "application/pdf"}


def serve(stored_file: StoredFile, variant: Variant | str, *, download: bool = False) -> HttpResponse:
    """The full copy or the thumbnail, never the original, with headers under which it can do nothing in a browser.

    A PDF is always an attachment, an image when `download`. Raises Http404 for the thumbnail of a PDF, an unknown
    variant, and content that is missing (which is logged as an error).
    """
    try:
        name = stored_file.thumb_name if Variant(variant) == Variant.THUMB else stored_file.name
    except ValueError:
        name = ""
    if not name:
        raise Http404("没有这个文件。")
    as_attachment = download or stored_file.kind == FileKind.PDF
    return serve_content(
        name, _TYPES[FileKind(stored_file.kind)], stored_file.download_name, as_attachment=as_attachment
    )


def serve_content(name: str, content_type: str, download_name: str, *, as_attachment=True) -> HttpResponse:
    """What is stored as `name`, with the same headers. Raises Http404 when it is missing (logged as an error)."""
    response = _hand_over(name) if settings.ACCEL_REDIRECT_PREFIX else _stream(name)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = content_disposition_header(as_attachment, download_name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    # The CSP middleware leaves a response alone that carries a policy of its own.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _hand_over(name: str) -> HttpResponse:
    """Let nginx send the file from its internal location."""
    response = HttpResponse()
    response["X-Accel-Redirect"] = f"{settings.ACCEL_REDIRECT_PREFIX.rstrip('/')}/{name}"
    return response


def _stream(name: str) -> FileResponse:
    try:
        return FileResponse(default_storage.open(name, "rb"))
    except FileNotFoundError:
        logger.error("file missing: %s", name)
        raise Http404("这个文件已丢失，请联系系统管理员。") from None
