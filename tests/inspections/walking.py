"""A cast on site: open visits, answers, findings and finishes by the real actions."""

import base64
import io
import uuid
from datetime import timedelta

from django.utils import timezone
from PIL import Image, ImageDraw

from inspections.actions import answering, signing
from inspections.actions import visits as actions
from inspections.actions.answering import Given
from inspections.actions.findings import save_finding
from tests.factories import Cast, photos_of
from tests.inspections import factories as make


def drawing(size=(200, 70), mode="RGB") -> bytes:
    """A drawn line, as the signing pad sends it."""
    picture = Image.new(mode, size, "white")
    ImageDraw.Draw(picture).line([(10, 60), (80, 10), (190, 50)], fill="black", width=3)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def data_url(image: bytes | None = None) -> str:
    return "data:image/png;base64," + base64.b64encode(image or drawing()).decode()


def checklist(count=3, **fields):
    """A published national checklist of so many items."""
    return make.ChecklistFactory(items=count, published=True, **fields)


def open_visit(cast: Cast, by=None, **fields):
    """An open visit of the cast's home by two officials of the county; `planned_on` for one to come."""
    by = by or cast.county
    facts = {
        "uid": uuid.uuid4(),
        "institution": cast.home,
        "kind": "screening",
        "inspectors": [cast.county2.user],
    }
    if by.institution:
        facts |= {"kind": "self_check", "inspectors": []}
    return actions.open_visit(by=by, **facts | fields)


def facts_of(item=None, **fields) -> dict:
    """What an official of the county writes of one problem, to be issued."""
    return {
        "item": item,
        "description": "疏散通道堆放杂物",
        "location": "二楼东侧",
        "domain": item.domain if item else "fire",
        "severity": "general",
        "handling": "issue",
        "due_on": timezone.localdate() + timedelta(days=7),
        "responsible_person": "张三",
    } | fields


def find(visit, by, item=None, *, uid=None, found=None, rectified=None, **fields):
    """Record one problem with a photo."""
    found = photos_of(by) if found is None else found
    return save_finding(
        visit, by=by, uid=uid or uuid.uuid4(), facts=facts_of(item, **fields), found=found, rectified=rectified
    )  # fmt: skip


def answer(visit, by, values: dict):
    """Answer items by their keys."""
    return answering.answer(visit, by=by, given=[Given(pk, value) for pk, value in values.items()])


def signed(visit, by, name="刘芳"):
    """The person in charge signs."""
    signing.sign(visit, by=by, uid=uuid.uuid4(), role="in_charge", image=drawing(), name=name)
    visit.refresh_from_db()
    return visit
