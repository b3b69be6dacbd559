"""挂牌督办: placed by county, city or province, reported on by the institution, lifted after acceptance.

All raise PermissionDenied when `by` may not and common.http.Conflict when somebody else acted first (`version`).
"""

from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from clocks.actions import drafts
from clocks.enums import ClockKind, RungKind
from clocks.models import Draft
from hazards.actions import dues
from hazards.actions._evidence import attach, digests, take
from hazards.actions._transition import transition
from hazards.actions.unfit import Unfit
from hazards.deadlines import REPORT_EVERY_DAYS
from hazards.enums import EvidenceStage, HazardAction, SupervisionState
from hazards.models import Hazard, ProgressReport, SupervisionOrder
from institutions.actor import Actor

NUMBER_TAKEN = "这个文号本单位已经用过，请核对。"


def _open_order(hazard: Hazard) -> SupervisionOrder | None:
    order = hazard.supervisions.open().select_related("authority").first()
    if order:
        order.hazard = hazard
    return order


def _end(order: SupervisionOrder, state: SupervisionState, *, by: Actor, opinion: str = "") -> None:
    order.state, order.ended_at, order.ended_by = state, timezone.now(), by.user
    order.end_opinion = opinion
    order.save(update_fields=["state", "ended_at", "ended_by", "end_opinion"])
    dues.supervision(order)
    dues.progress_report(order)


@transaction.atomic
def place_under_supervision(
    hazard: Hazard,
    *,
    by: Actor,
    supervising_unit: str,
    document_number: str,
    requirements: str,
    due_on: date,
    plan_due_on: date,
    report_every_days: int = REPORT_EVERY_DAYS,
    is_public: bool = False,
    version: int | None = None,
) -> Hazard:
    """挂牌督办. An order of a lower level ends as raised; its reports stay with it. A draft of the ladder is settled.

    The hazard's own deadline stays: an order never makes up for what is late already. Raises Unfit for a document
    number used before.
    """
    raised = {}

    def prepare(row: Hazard) -> dict:
        if order := _open_order(row):
            raised["from"] = order
            _end(order, SupervisionState.RAISED, by=by)
        return {"supervised_region": by.authority.region}

    hazard = transition(
        hazard,
        HazardAction.PLACE_UNDER_SUPERVISION,
        by=by,
        version=version,
        comment=requirements,
        data={
            "document_number": document_number,
            "supervising_unit": supervising_unit,
            "order_due_on": due_on.isoformat(),
        },
        prepare=prepare,
    )
    order = SupervisionOrder(
        hazard=hazard,
        authority=by.authority,
        level=by.level,
        supervising_unit=supervising_unit,
        document_number=document_number,
        requirements=requirements,
        due_on=due_on,
        plan_due_on=plan_due_on,
        report_every_days=report_every_days,
        next_report_on=min(due_on, timezone.localdate() + timedelta(days=report_every_days)),
        is_public=is_public,
        raised_from=raised.get("from"),
        placed_at=timezone.now(),
        placed_by=by.user,
    )
    try:
        with transaction.atomic():
            order.save(force_insert=True)
    except IntegrityError as error:
        if "supervision_number_once" not in str(error):
            raise
        raise Unfit(NUMBER_TAKEN) from error
    dues.supervision(order)
    dues.progress_report(order)
    asked = Draft.objects.filter(
        clock__kind=ClockKind.HAZARD,
        clock__subject_id=hazard.pk,
        kind=RungKind.PLACARD,
        authority=by.authority,
    )
    drafts.issued_elsewhere(asked, by=by, number=document_number, text=requirements)
    return hazard


@transaction.atomic
def report_progress(
    hazard: Hazard,
    *,
    by: Actor,
    progress: str,
    next_steps: str,
    evidence: list = (),
    version: int | None = None,
) -> Hazard:
    """报告进展 under the open order, with photos or without; the next report is due a period later."""
    files = take(evidence, by=by)
    hazard = transition(
        hazard,
        HazardAction.REPORT_PROGRESS,
        by=by,
        version=version,
        comment=progress,
        data={"next_steps": next_steps} | digests(files),
    )
    order = _open_order(hazard)
    report = ProgressReport.objects.create(
        order=order,
        progress=progress,
        next_steps=next_steps,
        was_due_on=order.next_report_on,
        reported_at=timezone.now(),
        reported_by=by.user,
    )
    attach(hazard, files, EvidenceStage.PROGRESS, by=by, round=hazard.round, report=report)
    order.next_report_on = timezone.localdate() + timedelta(days=order.report_every_days)
    order.save(update_fields=["next_report_on"])
    dues.progress_report(order)
    return hazard


def lift_supervision(hazard: Hazard, *, by: Actor, opinion: str, version: int | None = None) -> Hazard:
    """摘牌 after acceptance, by the level that ordered or a higher one."""
    return _finish(
        hazard, HazardAction.LIFT_SUPERVISION, SupervisionState.LIFTED, by=by, words=opinion, version=version
    )


def revoke_supervision(hazard: Hazard, *, by: Actor, reason: str, version: int | None = None) -> Hazard:
    """撤销督办: placed by mistake, or no hazard at all. At least five characters say why."""
    return _finish(
        hazard,
        HazardAction.REVOKE_SUPERVISION,
        SupervisionState.REVOKED,
        by=by,
        words=reason,
        version=version,
    )


@transaction.atomic
def _finish(hazard, action, state, *, by: Actor, words: str, version: int | None) -> Hazard:
    def prepare(row: Hazard) -> dict:
        _end(_open_order(row), state, by=by, opinion=words)
        return {"supervised_region": None}

    return transition(hazard, action, by=by, version=version, comment=words, prepare=prepare)
