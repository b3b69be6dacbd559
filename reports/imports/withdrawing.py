"""撤回导入, what people do: one asks, a superior consents or not; and which rows would go, which stay and why.

What nobody has touched since the import goes. What somebody acted on is work done here and stays, whoever acted.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from common.http import Conflict
from hazards.actions.taking_back import UNTOUCHED
from hazards.models import Circular, Hazard, HazardEvent, Summons
from inspections.models import Finding
from institutions.actor import Actor
from institutions.enums import Department, RegionLevel
from institutions.models import Authority
from notifications import outbox
from reports.imports import telling
from reports.imports.asking import record, require, wake_workers
from reports.imports.rules import KEPT, Refused, refusal
from reports.models import (
    ImportAct,
    ImportStage,
    ImportWithdrawal,
    LedgerImport,
    PastHazard,
    WithdrawalStage,
)

WITHIN = KEPT  # as long as the file is there to be compared with
_GONE = "这份申请刚刚已经处理过，请看现在的进度。"


def came_with(request: LedgerImport) -> QuerySet[Hazard]:
    """The hazards of an import that were not taken back."""
    return Hazard.objects.filter(imported_row__of=request, withdrawn_row=None)


def history_of(request: LedgerImport) -> QuerySet[PastHazard]:
    """Its rows of 历史台账 that were not taken back."""
    return PastHazard.objects.filter(of=request, withdrawn_row=None)


def _leaned_on(request: LedgerImport) -> Q:
    """Something else rests on the hazard, though no act was done to it.

    Found from the import's rows, each once: asked for row by row, 20,000 of them take seconds.
    """
    of = "imported_row__of"
    resting = [Hazard.objects.filter(**{f"duplicate_of__{of}": request}).order_by().values("duplicate_of")]
    resting.append(Finding.objects.filter(**{f"same_as__{of}": request}).order_by().values("same_as"))
    for record_kind in (Summons, Circular):
        links = record_kind.hazards.through.objects.filter(**{f"hazard__{of}": request})
        resting.append(links.values("hazard"))
    return reduce(or_, (Q(pk__in=rows) for rows in resting))


def free_to_go(request: LedgerImport) -> QuerySet[Hazard]:
    """The hazards of an import that are as they came, and nothing else rests on them."""
    return came_with(request).filter(UNTOUCHED).exclude(_leaned_on(request))


@dataclass(frozen=True)
class Stay:
    """A hazard that stays, and why in words."""

    hazard: Hazard
    why: str


def staying(request: LedgerImport, shown: int) -> tuple[int, list[Stay]]:
    """How many stay, and the first of them with the act that keeps each. Three statements."""
    rows = (
        came_with(request)
        .filter(~Q(UNTOUCHED) | _leaned_on(request))
        .select_related("institution")
        .order_by("pk")
    )
    first = list(rows[:shown])
    last = (
        HazardEvent.objects.filter(hazard__in=[h.pk for h in first])
        .order_by("hazard_id", "-seq")
        .distinct("hazard_id")
    )
    acts = {event.hazard_id: event for event in last}
    return rows.count(), [Stay(hazard, _why(hazard, acts[hazard.pk])) for hazard in first]


def _why(hazard: Hazard, last: HazardEvent) -> str:
    is_as_it_came = hazard.event_count == 1 or (
        hazard.event_count == 2 and hazard.issued_at == hazard.registered_at
    )
    if is_as_it_came:
        return "检查记录、通报约谈或另一条重复的隐患引用了这一条"
    at = timezone.localtime(last.at)
    return f"{at.month}月{at.day}日 {last.by_name}（{last.by_place}）{last.get_action_display()}"


def why_not(request: LedgerImport, by: Actor) -> str:
    """Why `by` may not ask for this import back now, in Chinese; '' when they may."""
    if reason := refusal(by):
        return reason
    if request.stage != ImportStage.DONE:
        return "这份台账没有导入，不用撤回。"
    if request.asked_by_id != by.user.pk or request.asked_as.authority_id != by.authority.pk:
        return "由导入这份台账的人、在原来的岗位上申请撤回。"
    if request.changed_at < timezone.now() - WITHIN:
        return f"导入已超过 {WITHIN.days} 天，不能整份撤回；有误的请逐条作废。"
    return ""


def decider_for(by: Actor) -> Authority:
    """The civil-affairs authority right above; a province's own, where another official decides."""
    region = by.authority.region
    above = Authority.objects.filter(region=region.parent_id, department=Department.CIVIL_AFFAIRS).first()
    return above if above and region.level != RegionLevel.PROVINCE else by.authority


def may_decide(withdrawal: ImportWithdrawal, by: Actor) -> bool:
    """An official of the authority that decides, never who asked."""
    is_asked = by.authority is not None and by.authority.pk == withdrawal.decider_id
    return is_asked and not refusal(by) and by.user.pk != withdrawal.asked_by_id


@transaction.atomic
def ask(request: LedgerImport, *, by: Actor, reason: str) -> ImportWithdrawal:
    """申请撤回: nothing goes yet, and everybody works on. Raises PermissionDenied, Refused, or Conflict when asked already."""
    require(by)
    request = (
        LedgerImport.objects.select_for_update(no_key=True).select_related("asked_as").get(pk=request.pk)
    )
    if reason_not := why_not(request, by):
        raise Refused(reason_not)
    if not free_to_go(request).exists() and not history_of(request).exists():
        raise Refused("每一条都已有人办理，没有可以撤回的。")
    try:
        with transaction.atomic():
            asked = ImportWithdrawal.objects.create(
                of=request, reason=reason, asked_by=by.user, asked_as=by.membership, decider=decider_for(by)
            )
    except IntegrityError as error:
        raise Conflict("这份导入已经申请过撤回。") from error
    record(request, ImportAct.ASKED_BACK, by=by.user, reason=reason)
    telling.tell_deciders(asked)
    return asked


@transaction.atomic
def drop(withdrawal: ImportWithdrawal, *, by: Actor) -> None:
    """The one who asked takes the request back. Raises PermissionDenied, or Conflict when it was decided."""
    row = _waiting(withdrawal)
    if row.asked_by_id != by.user.pk:
        raise PermissionDenied("由申请人取消。")
    _end(row, WithdrawalStage.DROPPED)
    record(row.of, ImportAct.DROPPED, by=by.user)


@transaction.atomic
def refuse(withdrawal: ImportWithdrawal, *, by: Actor, opinion: str) -> None:
    """不同意撤回: everything stays. Raises PermissionDenied, or Conflict when it was decided."""
    row = _decided(withdrawal, by, opinion)
    _end(row, WithdrawalStage.REFUSED)
    record(row.of, ImportAct.REFUSED, by=by.user, opinion=opinion)
    telling.tell_asker(row, "不同意撤回导入", opinion)


@transaction.atomic
def agree(withdrawal: ImportWithdrawal, *, by: Actor, opinion: str = "") -> None:
    """同意撤回: a worker takes back what is untouched then. Raises PermissionDenied, or Conflict when it was decided."""
    row = _decided(withdrawal, by, opinion)
    row.rows_total = free_to_go(row.of).count() + history_of(row.of).count()
    _end(row, WithdrawalStage.AT_WORK)
    record(row.of, ImportAct.AGREED, by=by.user, opinion=opinion)
    transaction.on_commit(wake_workers, robust=True)


def _waiting(withdrawal: ImportWithdrawal) -> ImportWithdrawal:
    rows = ImportWithdrawal.objects.select_for_update(no_key=True, of=("self",)).select_related("of")
    row = rows.get(pk=withdrawal.pk)
    if row.stage != WithdrawalStage.ASKED:
        raise Conflict(_GONE, back_url=telling.url_of(row))
    return row


def _decided(withdrawal: ImportWithdrawal, by: Actor, opinion: str) -> ImportWithdrawal:
    row = _waiting(withdrawal)
    if not may_decide(row, by):
        raise PermissionDenied(f"由{row.decider.name}的另一位监管人员确认。")
    row.decided_by, row.decided_as, row.decided_at = by.user, by.membership, timezone.now()
    row.opinion = opinion
    return row


def _end(row: ImportWithdrawal, stage: WithdrawalStage) -> None:
    """To another stage; nobody is asked any more."""
    row.stage, row.changed_at = stage, Now()
    row.save(
        update_fields=[
            "stage", "changed_at", "decided_by", "decided_as", "decided_at", "opinion", "rows_total",
        ]
    )  # fmt: skip
    outbox.settle(telling.topic_of(row))
