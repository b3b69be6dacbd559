"""Inspects a PDF and writes it anew. See the package for the call.

Written anew, because readers disagree on broken or layered files: what was inspected is then what is served, and
nothing hidden between or behind the objects survives. An electronic signature in the file no longer verifies.
"""

import logging
import os

import pikepdf

from files import limits
from files.decode.cage import Refusal, run

ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/Launch", "/XFA", "/RichMedia", "/RichMediaContent"})
EMBEDDING_KEYS = frozenset({"/EF", "/EmbeddedFile", "/EmbeddedFiles"})
ACTIVE_ACTIONS = frozenset(
    {
        "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/Rendition", "/RichMediaExecute",
        "/Movie", "/Sound",
    }
)  # fmt: skip
EMBEDDING_SUBTYPES = frozenset({"/FileAttachment", "/RichMedia", "/3D", "/Movie", "/Sound", "/Screen"})


def inspect(source: str, full: str) -> dict:
    """Write `full` from `source`; return the page count. Refuses whatever could act, carry or hide something."""
    logging.disable(logging.CRITICAL)
    try:
        pdf = pikepdf.open(source, suppress_warnings=True)
    except pikepdf.PasswordError:
        raise Refusal("pdf_encrypted") from None
    if pdf.is_encrypted:
        raise Refusal("pdf_encrypted")
    pages = len(pdf.pages)
    if pages == 0:
        raise Refusal("damaged_pdf")
    if pages > limits.MAX_PDF_PAGES:
        raise Refusal("pdf_too_long")
    if len(pdf.objects) > limits.MAX_PDF_OBJECTS:
        raise Refusal("too_heavy")
    for thing in pdf.objects:
        _check(thing)
    _check(pdf.trailer)
    pdf.save(
        full,
        deterministic_id=True,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )
    descriptor = os.open(full, os.O_RDONLY)
    os.fsync(descriptor)
    return {"pages": pages}


def _check(thing: pikepdf.Object) -> None:
    """Refuse an object that is or holds something active; objects of their own are visited by the caller."""
    waiting = [thing]
    while waiting:
        value = waiting.pop()
        if isinstance(value, pikepdf.Array):
            waiting += [item for item in value if _is_inline(item)]
        elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            _check_dictionary(value)
            waiting += [item for _, item in value.items() if _is_inline(item)]


def _is_inline(value) -> bool:
    return isinstance(value, pikepdf.Array | pikepdf.Dictionary) and not value.is_indirect


def _check_dictionary(dictionary) -> None:
    keys = set(dictionary.keys())
    if keys & ACTIVE_KEYS or str(dictionary.get("/S", "")) in ACTIVE_ACTIONS:
        raise Refusal("pdf_active")
    if (
        keys & EMBEDDING_KEYS
        or str(dictionary.get("/Type", "")) == "/EmbeddedFile"
        or str(dictionary.get("/Subtype", "")) in EMBEDDING_SUBTYPES
    ):
        raise Refusal("pdf_embeds")


def work(source: str, full: str) -> dict:
    try:
        return inspect(source, full)
    except pikepdf.PdfError:
        raise Refusal("damaged_pdf") from None


if __name__ == "__main__":
    run(work)
