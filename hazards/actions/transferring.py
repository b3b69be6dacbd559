"""移送 to another department: the letter, the chosen evidence, the answer. The hazard's own clock never stops.

All raise PermissionDenied when `by` may not and common.http.Conflict when somebody else acted first.
"""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.http import Conflict
from hazards import notices
from hazards.actions import dues
from hazards.actions._transition import lock, require_post, transition
from hazards.actions.supervising import NUMBER_TAKEN
from hazards.actions.unfit import Unfit
from hazards.enums import HazardAction, TransferOutcome, TransferState
from hazards.models import Evidence, Hazard, Transfer, TransferEvidence
from institutions.actor import Actor
from institutions.enums import Department
from institutions.models import Authority


def authority_for(hazard: Hazard, department: str) -> Authority | None:
    """The department's authority nearest to the hazard's county that exists here; None: the letter goes on paper."""
    places = [hazard.county_id, hazard.city_id, hazard.province_id]
    found = {a.region_id: a for a in Authority.objects.filter(department=department, region_id__in=places)}
    return next((found[place] for place in places if place in found), None)


@transaction.atomic
def transfer(
    hazard: Hazard,
    *,
    by: Actor,
    department: str,
    document_number: str,
    letter: str,
    due_on: date,
    evidence: list[Evidence] = (),
    recipient: str = "",
    version: int | None = None,
) -> Hazard:
    """移送部门 with the photos chosen for it; those of a protected house stay in the house.

    Without an authority of that department here, `recipient` names who gets the letter on paper. Raises Unfit when
    that is missing, when the number was used before, and while the same department has not answered yet.
    """
    department, authority = Department(department), authority_for(hazard, department)
    recipient = authority.name if authority else recipient
    if not recipient:
        raise Unfit("本系统里还没有这个部门的单位，请填写接收单位名称，移送函打印后送达。")
    if any(item.hazard_id != hazard.pk for item in evidence) or (evidence and hazard.is_protected):
        raise PermissionDenied("受保护机构的照片不能移送，其他隐患的照片也不能。")

    def prepare(row: Hazard) -> dict:
        if row.transfers.unanswered().filter(department=department).exists():
            raise Unfit(f"已经移送{department.label}部门，正在等待回执。")
        return {"awaits_department": True}

    hazard = transition(
        hazard,
        HazardAction.TRANSFER,
        by=by,
        version=version,
        comment=f"移送{recipient}",
        data={
            "department": department.value,
            "document_number": document_number,
            "letter": letter,
            "answer_due_on": due_on.isoformat(),
            "evidence": [item.file.sha256 for item in evidence],
        },
        prepare=prepare,
    )
    sent = Transfer(
        hazard=hazard, department=department, authority=authority, recipient=recipient,
        from_authority=by.authority, document_number=document_number, letter=letter, due_on=due_on,
        sent_at=timezone.now(), sent_by=by.user,
    )  # fmt: skip
    try:
        with transaction.atomic():
            sent.save(force_insert=True)
    except IntegrityError as error:
        if "transfer_number_once" not in str(error):
            raise
        raise Unfit(NUMBER_TAKEN) from error
    TransferEvidence.objects.bulk_create(TransferEvidence(transfer=sent, evidence=item) for item in evidence)
    dues.transfer_answer(sent)
    notices.tell_liaisons(sent, "收到移送事项，请于{due}前回执：{place}", url=dues.transfer_url(sent))
    return hazard


def _locked(transfer: Transfer, hazard: Hazard) -> Transfer:
    """The transfer as it is, its hazard's row already locked. Raises Conflict when it is not waiting any more."""
    row = Transfer.objects.select_related("from_authority").get(pk=transfer.pk)
    row.hazard = hazard
    if not row.is_unanswered:
        # Words of its own: a liaison is told nothing of what happened to the hazard.
        raise Conflict(
            f"这件移送现在是“{row.get_state_display()}”，不需要再办理。", back_url=dues.transfer_url(row)
        )
    return row


# What the department reads when nothing is asked of it any more.
_TOLD = {
    TransferState.WITHDRAWN: "移送事项已撤回：{place}",
    TransferState.ENDED: "移送事项已办结，不需要再回执：{place}",
}


def _end(row: Transfer, state: TransferState, *, by: Actor, **facts) -> None:
    row.state, row.ended_at, row.ended_by = state, timezone.now(), by.user
    for name, value in facts.items():
        setattr(row, name, value)
    row.save(update_fields=["state", "ended_at", "ended_by", *facts])
    dues.transfer_answer(row)
    if state in _TOLD:
        notices.tell_liaisons(row, _TOLD[state], url=dues.transfer_url(row))


def _finish(
    sent: Transfer,
    action: HazardAction,
    state: TransferState,
    *,
    by: Actor,
    comment: str,
    version=None,
    **facts,
) -> Hazard:
    """End one transfer through the hazard's door; the fact on the hazard stays while another is unanswered."""
    with transaction.atomic():
        require_post(by)
        row = _locked(sent, lock(sent.hazard))

        def prepare(hazard: Hazard) -> dict:
            row.hazard = hazard
            _end(row, state, by=by, **facts)
            return {"awaits_department": hazard.transfers.unanswered().exists()}

        # The trace keeps all of it; the comment is what the institution reads too, so it says no more than the outcome.
        data = {"document_number": row.document_number, "department": row.department} | facts
        return transition(
            row.hazard, action, by=by, version=version, comment=comment, data=data, prepare=prepare
        )


def answer_transfer(sent: Transfer, *, by: Actor, outcome: str, receipt_number: str, answer: str) -> Hazard:
    """部门回执 by a liaison of the authority it was sent to."""
    if by.authority is None or sent.authority_id != by.authority.pk:
        raise PermissionDenied("由接收单位的联络员回执。")
    return _finish(
        sent, HazardAction.ANSWER_TRANSFER, TransferState.ANSWERED, by=by,
        comment=TransferOutcome(outcome).label,
        outcome=outcome, receipt_number=receipt_number, answer=answer,
    )  # fmt: skip


def record_answer(
    hazard: Hazard,
    *,
    by: Actor,
    transfer: Transfer,
    outcome: str,
    receipt_number: str,
    answer: str,
    version: int | None = None,
) -> Hazard:
    """代录回执: an answer that came on paper, written down by the authority that sent the letter."""
    return _finish(
        transfer, HazardAction.RECORD_ANSWER, TransferState.ANSWERED, by=by, version=version,
        comment=f"{transfer.recipient}：{TransferOutcome(outcome).label}",
        outcome=outcome, receipt_number=receipt_number, answer=answer,
    )  # fmt: skip


def withdraw_transfer(
    hazard: Hazard, *, by: Actor, transfer: Transfer, reason: str, version: int | None = None
) -> Hazard:
    """撤回移送, with a reason that the other department reads too."""
    return _finish(
        transfer, HazardAction.WITHDRAW_TRANSFER, TransferState.WITHDRAWN, by=by, version=version,
        comment=reason, end_reason=reason,
    )  # fmt: skip


def end_all(row: Hazard, *, by: Actor, reason: str) -> dict:
    """The hazard ends: nobody has to answer any more. For `prepare`, under the row's lock."""
    if not row.awaits_department:
        return {}  # nothing is unanswered: the two agree at every commit (migration 0007)
    for sent in row.transfers.unanswered().select_related("from_authority"):
        sent.hazard = row
        _end(sent, TransferState.ENDED, by=by, end_reason=reason)
    return {"awaits_department": False}
