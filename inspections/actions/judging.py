"""重大隐患判定 of a finding while its visit is open: by a listed situation, or by consultation (会商判定)."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from common.http import Conflict
from hazards.enums import Severity
from inspections import crossing, rules
from inspections.actions.trace import trace_of
from inspections.enums import VisitAct, VisitStatus
from inspections.models import Finding, Judgement, MajorSituation, Visit, VisitEvent
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.permissions import require

_COPIED = (
    "standard",
    "version",
    "clause",
    "text",
    "issued_on",
    "effective_from",
    "effective_to",
    "needs_finding",
)


def may_record(actor: Actor | None, visit: Visit) -> bool:
    """Whether the actor writes in this visit: its own side's people, while it is open."""
    if actor is None or not actor.can(Capability.INSPECT) or visit.status != VisitStatus.OPEN:
        return False
    return visit.is_own == (actor.institution is not None)


def _locked(finding: Finding, by: Actor) -> Finding:
    """The finding as it is now, its visit locked; PermissionDenied out of scope, Conflict when it is finished."""
    require(by, Capability.INSPECT)
    visit = (
        crossing.reach(by, timezone.localdate())
        .select_for_update(no_key=True, of=("self",))
        .filter(pk=finding.visit_id)
        .first()
    )
    if visit is None:
        raise PermissionDenied("这次检查不在您的辖区内。")
    if visit.status != VisitStatus.OPEN:
        raise Conflict(f"这次检查{visit.get_status_display()}，不能再改判定。")
    if not may_record(by, visit):
        raise PermissionDenied("这次检查由对方记录。")
    return Finding.objects.select_related("visit__institution", "item").get(pk=finding.pk)


@transaction.atomic
def judge(
    finding: Finding,
    *,
    by: Actor,
    situation: MajorSituation | None = None,
    competent_body: str = "",
    document_number: str = "",
    participants: str = "",
    opinion: str = "",
) -> Judgement:
    """The finding is MAJOR, on this ground; a judgement made before is replaced, the trace keeps both.

    Standard, version, clause, text and dates are copied as they are today. Raises ValidationError (by field) where
    the ground is not enough: 判定机关 and 文书号 for a situation that only a competent body can find, participants
    and opinion for a consultation, a situation that is not in force for this institution.
    """
    finding = _locked(finding, by)
    today = timezone.localdate()
    errors = rules.refuse_judgement(
        situation=situation,
        competent_body=competent_body,
        document_number=document_number,
        participants=participants,
        opinion=opinion,
    )
    known = MajorSituation.objects.for_institution(finding.visit.institution, today)
    if situation is not None and not known.filter(pk=situation.pk).exists():
        errors["situation"] = "这一情形不适用于这类机构或已经失效。"
    if errors:
        raise ValidationError(errors)
    copied = {} if situation is None else {name: getattr(situation, name) for name in _COPIED}
    Judgement.objects.filter(finding=finding).delete()
    judgement = Judgement.objects.create(
        finding=finding,
        situation=situation,
        situation_status=situation.status if situation else "",
        competent_body=competent_body,
        document_number=document_number,
        participants=participants if situation is None else "",
        opinion=opinion if situation is None else "",
        decided_at=timezone.now(),
        decided_by=by.user,
        **copied,
    )
    _save_severity(finding, Severity.MAJOR, by, "判定为重大", {
        "standard": judgement.standard,
        "version": judgement.version,
        "situation": judgement.text,
        "competent_body": competent_body,
        "document_number": document_number,
        "participants": judgement.participants,
        "opinion": judgement.opinion,
    })  # fmt: skip
    return judgement


@transaction.atomic
def withdraw_judgement(finding: Finding, *, by: Actor) -> Finding:
    """The finding is GENERAL again; nothing happens where it was not judged."""
    finding = _locked(finding, by)
    deleted, _ = Judgement.objects.filter(finding=finding).delete()
    if deleted or finding.severity != Severity.GENERAL:
        _save_severity(finding, Severity.GENERAL, by, "撤回重大判定", {})
    return finding


def _save_severity(finding: Finding, severity: Severity, by: Actor, comment: str, data: dict) -> None:
    finding.severity = severity
    finding.save(update_fields=["severity", "updated_at"])
    VisitEvent.objects.create(
        visit=finding.visit,
        act=VisitAct.FINDING,
        **trace_of(by, comment=comment, data={"finding": str(finding.uid)} | data),
    )


def basis_of(finding: Finding) -> str:
    """判定依据 for the hazard a finding becomes (at most 200 characters): what may be shown as law, else the titles."""
    parts = []
    judgement = Judgement.objects.filter(finding=finding).first()
    if judgement is not None:
        parts.append("会商判定" if judgement.is_consultation else str(rules.situation_words(judgement)))
        if judgement.document_number:
            parts.append(f"{judgement.competent_body}{judgement.document_number}")
    if finding.item_id and (law := rules.law_of(finding.item)):
        parts.append(law)
    while len("；".join(parts)) > 200:
        parts.pop()
    return "；".join(parts)
