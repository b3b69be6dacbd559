"""Due dates beside the hazard's own: one function a kind, called whenever such a date begins, changes or ends.

Each takes the row as it is now and answers with what is due, or with no date once nothing is owed any more. All go
through `_keep`, which starts, moves and stops their clocks in the act's own transaction.
"""

from dataclasses import dataclass, replace
from datetime import date

from django.urls import reverse
from django.utils import timezone

from clocks import running
from clocks.enums import ClockKind
from hazards.enums import RecordKind
from hazards.models import ExtensionRequest, SupervisionOrder, Transfer
from hazards.models.summons import Record
from institutions.enums import Department
from institutions.models import Authority
from notifications import outbox


@dataclass(frozen=True)
class Due:
    """What is owed by when: `due_on` None means that it has ended. Owed by an institution or by an authority.

    `kind` and `subject_id` name it once and for all, and the kind is also the key of its ladder; `topic` is what its
    notices are told under.
    """

    kind: ClockKind
    subject_id: int
    due_on: date | None
    title: str
    url: str
    topic: str
    institution_id: int | None
    is_major: bool
    authority_id: int | None = None


def _keep(due: Due) -> Due:
    """Begun, changed or ended: its clock follows; once ended, what was told of it is settled. The caller's transaction."""
    if due.due_on is None:
        running.stop(kind=due.kind, subject_id=due.subject_id)
        outbox.settle(due.topic)
    else:
        running.start(
            kind=due.kind, subject_id=due.subject_id, institution_id=due.institution_id, authority_id=due.authority_id,
            ladder_key=due.kind.value, due_on=due.due_on, started_on=timezone.localdate(), title=due.title,
            url=due.url, is_major=due.is_major,
        )  # fmt: skip
    return due


def _of_hazard(kind: ClockKind, subject_id: int, due_on: date | None, title: str, url: str, hazard) -> Due:
    topic, title = f"{kind.value}:{subject_id}", f"{title}：{hazard.description}"
    return Due(kind, subject_id, due_on, title, url, topic, hazard.institution_id, hazard.is_major)


def extension_decision(request: ExtensionRequest) -> Due:
    """The decision on an extension (工作日, 5 or 10): owed by the authority of the level that decides.

    Where that level has no authority here, the institution's own is reminded.
    """
    hazard, due_on = request.hazard, None if request.outcome else request.decide_by
    url = reverse("hazards:detail", args=[hazard.pk])
    due = _of_hazard(ClockKind.EXTENSION, request.pk, due_on, "延期申请待决定", url, hazard)
    decider = due_on and Authority.objects.filter(
        department=Department.CIVIL_AFFAIRS, region=hazard.extension_region_id
    ).values_list("pk", flat=True).first()  # fmt: skip
    if decider:
        title = f"延期申请待决定：{hazard.institution.name}，{hazard.description}"
        due = replace(due, institution_id=None, authority_id=decider, title=title)
    return _keep(due)


def supervision(order: SupervisionOrder) -> Due:
    """The deadline of 挂牌督办; it moves when an extension is approved and ends with the order."""
    due_on = order.due_on if order.is_open else None
    return _keep(
        _of_hazard(
            ClockKind.SUPERVISION, order.pk, due_on, "挂牌督办限期治理", order_url(order), order.hazard
        )
    )


def progress_report(order: SupervisionOrder) -> Due:
    """The institution's next progress report; each report starts the next period."""
    due_on = order.next_report_on if order.is_open else None
    return _keep(
        _of_hazard(ClockKind.PROGRESS, order.pk, due_on, "挂牌督办进展报告", order_url(order), order.hazard)
    )


def transfer_answer(transfer: Transfer) -> Due:
    """The other department's answer. The hazard's own clock runs beside it."""
    due_on, url = transfer.due_on if transfer.is_unanswered else None, transfer_url(transfer)
    return _keep(_of_hazard(ClockKind.TRANSFER, transfer.pk, due_on, "移送事项待回执", url, transfer.hazard))


def feedback(record: Record) -> Due:
    """Written feedback on a 约谈 or 通报 (5 working days); nothing is owed on a summons before it was held."""
    due_on = None if record.feedback_at else record.feedback_due_on
    # One kind for two tables: the lowest bit tells their keys apart.
    subject_id = 2 * record.pk + (record.kind == RecordKind.SUMMONS)
    return _keep(
        Due(
            ClockKind.FEEDBACK, subject_id, due_on, f"{record.kind.label}书面反馈：{record.title}", record_url(record),
            f"{record.kind.value}:{record.pk}", record.institution_id, is_major=False,
            authority_id=record.addressee_id,
        )
    )  # fmt: skip


def order_url(order: SupervisionOrder) -> str:
    return reverse("hazards:order", args=[order.pk])


def transfer_url(transfer: Transfer) -> str:
    return reverse("hazards:transfer", args=[transfer.pk])


def record_url(record: Record) -> str:
    return reverse("hazards:record", args=[record.kind.value, record.pk])
