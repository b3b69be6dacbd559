"""What arrives of a visit, from a phone's calls or out of a packet: body → form → action, the same way for both.

Each function may be called again with the same body and changes nothing then. Raises Bad for what makes no sense,
Http404 for what isn't there for `actor`, and what the actions raise.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.core.files.uploadedfile import UploadedFile
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from files.intake import Intake, take_in
from files.models import StoredFile
from inspections import png, sync_words, visit_queries, visit_rules
from inspections.actions import answering, signing
from inspections.actions import visits as actions
from inspections.actions.findings import add_photo, save_finding
from inspections.actions.visit_door import require_inspector, require_writer
from inspections.enums import FindingStage, SignerRole, VisitStatus
from inspections.forms.findings import FindingForm
from inspections.forms.records import RecordForm, SignForm
from inspections.forms.visits import OpenForm, given_answers
from inspections.models import Finding, FindingPhoto, Packet, Visit
from institutions.actor import Actor
from institutions.models import Institution

OPENING = ("kind", "is_unannounced", "checklist", "campaigns", "inspectors", "other_participants")


class Bad(ValueError):
    """What this server can't make sense of: 400 with words, or 422 with the errors of its fields."""

    def __init__(self, words: str, status=HTTPStatus.BAD_REQUEST, **more):
        super().__init__(words)
        self.status, self.body = status, {"error": words} | more

    @property
    def sentences(self) -> list[str]:
        """Everything that is wrong, each once."""
        fields = self.body.get("fields") or {}
        return list(dict.fromkeys(words for found in fields.values() for words in found)) or [str(self)]


def invalid(form) -> Bad:
    errors = {name: list(found) for name, found in form.errors.items()}
    return Bad("有内容没有填对。", HTTPStatus.UNPROCESSABLE_ENTITY, fields=errors)


# --- reading --------------------------------------------------------------------------------------------------


def texts(body: dict, names) -> dict:
    """The named values as a form reads them: a list stays one, everything else is text; what is absent stays so."""
    found = {}
    for name in names:
        if name in body:
            value = body[name]
            found[name] = [text_of(v) for v in value] if isinstance(value, list) else text_of(value)
    return found


def text_of(value) -> str:
    """As text; half a character, which JSON can hold and no database, is left out."""
    return "" if value is None else str(value).encode(errors="ignore").decode()


def key_of(value) -> int:
    """A primary key, or one that nothing has."""
    return value if isinstance(value, int) and 0 < value < 2**63 else 0


def uuid_of(text) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        raise Bad("编号的格式不对。") from None


def moment_of(value) -> datetime | None:
    try:
        moment = parse_datetime(text_of(value))
        return timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment
    except (ValueError, OverflowError):
        raise Bad("时间的格式不对，应为 ISO 8601。") from None


# --- the visit and its record -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arrival:
    """A visit to write to; `version` is the one its sender can have seen (None: it was made just now)."""

    visit: Visit
    version: int | None

    @property
    def is_new(self) -> bool:
        return self.version is None


def inspected(actor: Actor, uid: uuid.UUID) -> Visit:
    """The visit in scope that `actor` inspects: Http404 and PermissionDenied for others."""
    visit = get_object_or_404(visit_queries.page(actor), uid=uid)
    require_inspector(visit, by=actor)
    return visit


def arrive(actor: Actor, uid: uuid.UUID, body: dict) -> Arrival:
    """The visit `actor` inspects: there already, made now, or with `checked_in_at` checked in to (at that moment)."""
    there = visit_queries.page(actor).filter(uid=uid).first()
    if there is None:
        _open(actor, uid, body)
        return Arrival(inspected(actor, uid), None)
    is_stranger = visit_rules.inspector(actor, there, visit_queries.inspector_ids(there))
    if body.get("checked_in_at") and (there.status == VisitStatus.PLANNED or (is_stranger and there.is_open)):
        actions.check_in(there, by=actor, at=moment_of(body["checked_in_at"]))
    return Arrival(inspected(actor, uid), there.version)


def _open(actor: Actor, uid: uuid.UUID, body: dict) -> None:
    """Open the visit that was made offline: judged by the day it began, with the checklists that were taken along."""
    packet = Packet.objects.visible_to(actor).filter(visit_uid=uid).order_by("id").last()
    institutions = Institution.objects.visible_to(actor)
    if packet is None:
        institutions = institutions.in_use()
    institution = get_object_or_404(institutions, pk=key_of(body.get("institution")))
    if packet and packet.institution_id != institution.pk:
        raise Bad("这个检查编号属于另一家机构。")
    began = moment_of(body.get("checked_in_at"))
    data = texts(body, OPENING) | {"key": str(uid), "when": "now"}
    if not body.get("is_unannounced"):
        data.pop("is_unannounced", None)
    form = OpenForm(
        data, actor=actor, institution=institution,
        today=timezone.localdate(actions.credible(began, timezone.now())),
        taken=packet.checklists.all() if packet else None,
    )  # fmt: skip
    if not form.is_valid():
        raise invalid(form)
    actions.open_visit(by=actor, **form.facts() | {"checked_in_at": began})


def record(actor: Actor, arrival: Arrival, body: dict, *, seen: str) -> dict:
    """Bring the record up to date upon the version `seen`; else, by field, what stands against what was sent."""
    visit, is_new = arrival.visit, arrival.is_new
    names = [n for n in (*actions.FACTS, "inspectors") if n in body and not (is_new and n == "inspectors")]
    if not names:
        return {}
    form = RecordForm(texts(body, names), actor=actor, visit=visit, is_partial=True)
    if not form.is_valid():
        raise invalid(form)
    facts = form.facts()
    differing = {n: v for n, v in facts.items() if n != "inspectors" and getattr(visit, n) != v}
    if "inspectors" in facts and {
        actor.user.pk,
        *(u.pk for u in facts["inspectors"]),
    } != visit_queries.inspector_ids(visit):
        differing["inspectors"] = facts["inspectors"]
    if not differing:
        return {}
    if is_new or seen == str(arrival.version):
        actions.edit_record(visit, by=actor, version=None if is_new else visit.version, **differing)
        return {}
    return {name: sync_words.both(visit, name, value) for name, value in differing.items()}


# --- what hangs on it -------------------------------------------------------------------------------------------


def answers(actor: Actor, visit: Visit, rows) -> tuple[answering.Outcome, list[str]]:
    """Save [{item, value, note, revision}]; what was refused stands in the outcome, what is unreadable in words."""
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
        return answering.Outcome(), errors
    return answering.answer(visit, by=actor, given=given), errors


def finding(actor: Actor, visit: Visit, uid: uuid.UUID, body: dict) -> tuple[Finding, bool]:
    """Record a problem (True: it is new) or change it upon its `revision`; raises FindingChanged."""
    there = Finding.objects.filter(uid=uid, visit=visit).select_related("item").first()
    item = there.item if there else None
    if there is None and body.get("item") is not None:
        item = get_object_or_404(visit.items, pk=key_of(body["item"]))
    judgement = body.get("judgement") if isinstance(body.get("judgement"), dict) else {}
    form = FindingForm(
        {f"judge-{name}": text_of(value) for name, value in judgement.items()}
        | {"key": str(uid), "revision": "0"} | texts(body, [*FindingForm.base_fields, "revision"]),
        actor=actor, visit=visit, item=item, finding=there, is_partial=True,
    )  # fmt: skip
    if not form.is_valid():
        raise invalid(form)
    facts = form.facts() | {"uid": uid, "found": None, "rectified": None}
    saved = save_finding(visit, by=actor, found_at=moment_of(body.get("found_at")), **facts)
    return saved, there is None


def photo(
    actor: Actor,
    visit: Visit,
    uid: uuid.UUID,
    upload: UploadedFile,
    *,
    finding,
    stage,
    taken_at=None,
    sha256="",
) -> tuple[Intake, bool]:
    """Store a photo with its finding (True: it is new there); also raises files.refusals.Refused and Unclaimable."""
    if stage not in FindingStage.values:
        raise Bad("stage 应为 found 或 rectified。")
    its_finding = get_object_or_404(visit.findings, uid=uuid_of(finding))
    earlier = StoredFile.objects.filter(uploaded_by=actor.user, client_id=uid).first()
    if not (earlier and FindingPhoto.objects.filter(file=earlier, finding=its_finding).exists()):
        require_writer(visit, by=actor)
    intake = take_in(
        upload, by=actor.user, client_id=uid, taken_at=moment_of(taken_at), expected_sha256=sha256
    )
    is_new = add_photo(visit, by=actor, finding_uid=its_finding.uid, file=intake.file, stage=stage)
    return intake, is_new


def signature(actor: Actor, visit: Visit, uid: uuid.UUID, body: dict) -> SignerRole:
    """{who: <user id> or "in_charge", name, image: data URL, signed_at} or {who, name, refusal_reason}."""
    data = texts(body, ("who", "name", "image", "refusal_reason")) | {"key": str(uid)}
    form = SignForm(data, visit=visit)
    if not form.is_valid():
        raise invalid(form)
    try:
        if form.is_refusal:
            signing.refuse(visit, by=actor, **form.facts())
        else:
            signing.sign(visit, by=actor, signed_at=moment_of(body.get("signed_at")), **form.facts())
    except png.BadDrawing as error:
        raise Bad(str(error), HTTPStatus.UNPROCESSABLE_ENTITY) from None
    return SignerRole.IN_CHARGE if data["who"] == SignerRole.IN_CHARGE else SignerRole.INSPECTOR
