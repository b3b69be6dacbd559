"""完成检查: in one transaction every finding becomes a hazard through the hazards' own action, once."""

import hashlib
import json
from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from hazards.actions.register import register
from hazards.enums import Severity
from hazards.models import Hazard
from inspections import visit_queries, visit_rules
from inspections.actions import plans
from inspections.actions.judging import basis_of
from inspections.actions.visit_door import leave_trace, lock, require_finisher, require_open
from inspections.enums import AnswerValue, FindingHandling, FindingStage, SignerRole, VisitAct, VisitStatus
from inspections.models import Finding, Visit
from institutions.actor import Actor


@dataclass(frozen=True)
class Lack:
    """One thing to do before the visit can be finished, and where."""

    words: str
    url: str


class Incomplete(ValueError):
    """The visit can't be finished yet; `lacks` says what to do."""

    def __init__(self, lacks: list[Lack]):
        super().__init__("；".join(lack.words for lack in lacks))
        self.lacks = lacks


def lacks_of(visit: Visit, walk: visit_queries.Walk, *, by: Actor) -> list[Lack]:
    """What keeps `by` from finishing this visit, in the order of the pages; empty: it can be finished."""
    page = reverse("inspections:visit", args=[visit.uid])
    found = []
    for row in walk.rows:
        if row.answer and row.answer.value == AnswerValue.NO and not row.findings:
            words = f"{row.item.code} 答“否”，还没有记录问题：{row.item.text}"
            found.append(Lack(words, f"{page}#item-{row.item.pk}"))
    findings, today = walk.findings, timezone.localdate()
    handlings = visit_rules.handlings_for(by, visit.institution)
    same = {f.same_as_id for f in findings if f.same_as_id}
    still_open = set(
        visit_queries.hazards_at(by, visit).open().filter(pk__in=same).values_list("pk", flat=True)
    )
    for finding in findings:
        stages = {photo.stage for photo in finding.photos.all()}
        is_same = finding.handling == FindingHandling.SAME
        is_open = finding.same_as_id is None or finding.same_as_id in still_open
        url = reverse("inspections:finding", args=[visit.uid, finding.uid])
        missing = visit_rules.lacks(
            finding, stages=stages, handlings=handlings, today=today, is_same_open=is_open
        )
        if finding.severity == Severity.MAJOR and not is_same and not hasattr(finding, "judgement"):
            missing.append("没有写明判定为重大的依据")
        found += [Lack(f"“{finding.description[:30]}”{words}", url) for words in missing]
    return found + _lacks_of_record(visit)


def _lacks_of_record(visit: Visit) -> list[Lack]:
    found, needed = [], visit_rules.inspectors_needed(visit)
    if visit.inspectors.count() < needed:
        url = reverse("inspections:record", args=[visit.uid])
        found.append(Lack(f"检查人员至少 {needed} 人", url))
    is_signed = visit.refusal_reason or visit.signatures.filter(role=SignerRole.IN_CHARGE).exists()
    if not visit.is_own and not is_signed:
        url = reverse("inspections:sign", args=[visit.uid])
        found.append(Lack("被检查单位负责人还没有签名；拒签或在纸上签名的，请写明", url))
    return found


@transaction.atomic
def finish(visit: Visit, *, by: Actor) -> Visit:
    """Finish the visit; pressed again, or by two inspectors at once, it is finished once.

    Every finding becomes one hazard with the finding's uid: issued, fixed on the spot or registered, except those
    that repeat an open one. No finding at all is a result too (零隐患). Afterwards the database lets nothing change.
    Raises Incomplete with all that is missing, PermissionDenied unless `by` inspects here (of 交叉检查: belongs to the
    authority that sent the team), Conflict when cancelled.
    """
    visit = lock(visit)
    require_finisher(visit, by=by)
    if visit.status == VisitStatus.FINISHED:
        return visit
    require_open(visit)
    walk = visit_queries.walk(visit)
    if lacks := lacks_of(visit, walk, by=by):
        raise Incomplete(lacks)
    findings = walk.findings
    for finding in findings:
        if finding.handling != FindingHandling.SAME:
            finding.hazard = _register(visit, finding, by=by)
            finding.save(update_fields=["hazard", "updated_at"])
    _complete_words(visit, walk)
    visit.status, visit.finished_at, visit.finished_by = VisitStatus.FINISHED, timezone.now(), by.user
    visit.version += 1
    visit.save(
        update_fields=["status", "finished_at", "finished_by", "content", "problems", "handling", "version"]
    )
    plans.settle(visit)
    leave_trace(visit, VisitAct.FINISH, by=by, comment=visit.handling, data=_digest(walk))
    return visit


def _register(visit: Visit, finding: Finding, *, by: Actor) -> Hazard:
    files = {stage: [p.file for p in finding.photos.all() if p.stage == stage] for stage in FindingStage}
    facts = {}
    if finding.handling == FindingHandling.ISSUE:
        facts["issue_with"] = {
            "due_on": finding.due_on,
            "responsible_person": finding.responsible_person,
            "interim_measures": finding.interim_measures,
        }
    if finding.handling == FindingHandling.FIXED:
        facts["fixed_with"] = {
            "measures": finding.measures,
            "evidence": files[FindingStage.RECTIFIED],
            "responsible_person": finding.responsible_person,
        }
    return register(
        by=by,
        institution=visit.institution,
        description=finding.description,
        location=finding.location,
        domain=finding.domain,
        severity=finding.severity,
        source=visit_rules.source_of(visit),
        found_on=timezone.localdate(finding.found_at),
        uid=finding.uid,
        basis=basis_of(finding),
        evidence=files[FindingStage.FOUND],
        no_photo_reason=finding.no_photo_reason,
        recurrence_of=finding.recurrence_of,
        **facts,
    )


def _complete_words(visit: Visit, walk: visit_queries.Walk) -> None:
    """What the inspectors left empty is said from what was recorded, so that the printed record stays as it is."""
    checklists = [visit.checklist, *visit.added_checklists.all()] if visit.checklist else []
    domains = [section.domain.label for section in walk.sections if section.answered]
    values = [row.answer.value for row in walk.rows if row.answer]
    content = visit_rules.content_words(visit, checklists, domains) + visit_rules.answers_words(values)
    visit.content = visit.content or content[:1000]
    visit.problems = visit.problems or visit_rules.problems_words(walk.findings)[:2000]
    visit.handling = visit.handling or visit_rules.handling_words(walk.findings)


def _digest(walk: visit_queries.Walk) -> dict:
    """What the trace says of the answers and photos, so that a later change in the tables would show."""
    answers = [[row.item.pk, row.answer.value, row.answer.note] for row in walk.rows if row.answer]
    photos = sorted(photo.file.sha256 for finding in walk.findings for photo in finding.photos.all())
    text = json.dumps([answers, photos], ensure_ascii=False, separators=(",", ":"))
    return {
        "answers": len(answers),
        "findings": [str(finding.uid) for finding in walk.findings],
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
