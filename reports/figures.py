"""The rows behind the figures the ledger has no filter for: each as a condition on hazards in scope."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Q

from hazards.enums import HazardStatus, Severity, SupervisionState
from hazards.models.hazard import CLOCK_RUNS, OPEN
from hazards.models.supervision import LEVELS
from reports.open_work import LATENESS, WAITS, Span

S = HazardStatus
_VALID = ~Q(status=S.VOIDED)
_PASSED = Q(status__in=[S.VERIFIED, S.CLOSED])
_IN_TIME = Q(submitted_at__date__lte=F("due_on"))
_MAJOR = Q(severity=Severity.MAJOR)
_PLANNED = Q(severity=Severity.MAJOR, status__in=[S.RECTIFYING, S.AWAITING_VERIFICATION, S.VERIFIED])
_ORDERED = Q(supervised_region__isnull=False)  # few rows of an index, before any order is looked at
_SETTLED = {
    "measures": ("措施", Q(plan__isnull=False) & ~Q(plan__measures="")),
    "person": ("责任人", Q(plan__isnull=False) & ~Q(plan__responsible_person="")),
    "funds": ("资金", Q(plan__funds__isnull=False)),
    "date": ("时限", Q(plan__finish_on__isnull=False)),
    "contingency": ("预案", Q(plan__isnull=False) & ~Q(plan__contingency="")),
}


@dataclass(frozen=True)
class Figure:
    """A figure's word and its rows on `today`. `by_closing`: a period narrows it by that day, not finding's."""

    label: str
    condition: Callable[[date], Q]
    by_closing: bool = False


def _always(condition: Q) -> Callable[[date], Q]:
    return lambda today: condition


def _late(span: Span) -> Callable[[date], Q]:
    def condition(today):
        first, last = span.between(today)
        return CLOCK_RUNS & Q(due_on__lte=last) & (Q(due_on__gte=first) if first else Q())

    return condition


def _waiting(span: Span) -> Callable[[date], Q]:
    def condition(today):
        first, last = span.between(today)
        since = Q(status_changed_at__date__gte=first) if first else Q()
        return Q(status=S.VERIFIED) & since & (Q(status_changed_at__date__lte=last) if last else Q())

    return condition


def _supervised(**order) -> Q:
    """Hazards under an open order (there is never more than one) that looks so."""
    return _ORDERED & Q(
        supervisions__state=SupervisionState.OPEN, **{f"supervisions__{k}": v for k, v in order.items()}
    )


FIGURES: dict[str, Figure] = {
    "valid": Figure("应销号", _always(_VALID)),
    "closed": Figure("已销号", _always(Q(status=S.CLOSED))),
    "closed_then": Figure("期间销号", _always(Q(status=S.CLOSED)), by_closing=True),
    "on_time": Figure("按期整改", _always(_PASSED & _IN_TIME)),
    "on_time_of": Figure("整改已有结论或已逾期", lambda today: _PASSED | CLOCK_RUNS & Q(due_on__lt=today)),
    "passed": Figure("已通过验收", _always(_PASSED)),
    "major_closed_on_time": Figure("重大隐患按期销号", _always(_MAJOR & Q(status=S.CLOSED) & _IN_TIME)),
    "major_closed_of": Figure(
        "重大隐患已销号或已逾期",
        lambda today: _MAJOR & (Q(status=S.CLOSED) | CLOCK_RUNS & Q(due_on__lt=today)),
    ),
    "late": Figure("逾期", lambda today: CLOCK_RUNS & Q(due_on__lt=today)),
    "first_pass": Figure("一次通过", _always(_PASSED & Q(round=1))),
    "judged": Figure("第一次提交已有结论", _always(_PASSED | _VALID & Q(round__gt=1))),
    "recurring": Figure("反弹", _always(_VALID & Q(recurrence_of__isnull=False))),
    "self_found": Figure("机构自查发现", _always(_VALID & Q(is_self_reported=True))),
    "open": Figure("在办", _always(OPEN)),
    "left_over": Figure("存量未清零", _always(OPEN)),
    "planned": Figure("整改中的重大隐患", _always(_PLANNED)),
    **{
        f"settled_{key}": Figure(f"重大隐患已落实{word}", _always(_PLANNED & settled))
        for key, (word, settled) in _SETTLED.items()
    },
    "supervised": Figure("挂牌督办中", _always(_supervised())),
    **{
        f"supervised_{level.value}": Figure(f"{level.label}挂牌督办中", _always(_supervised(level=level)))
        for level in LEVELS
    },
    "supervised_soon": Figure(
        "挂牌督办 15 天内到期", lambda today: _supervised(due_on__range=(today, today + timedelta(days=15)))
    ),
    "supervised_late": Figure("挂牌督办到期未摘牌", lambda today: _supervised(due_on__lt=today)),
    "supervised_silent": Figure("挂牌督办进展报告逾期", lambda today: _supervised(next_report_on__lt=today)),
    "supervised_to_lift": Figure("挂牌督办验收后待摘牌", _always(_supervised() & Q(status=S.VERIFIED))),
    **{f"late_{span.key}": Figure(f"逾期 {span.label}", _late(span)) for span in LATENESS},
    **{f"waiting_{span.key}": Figure(f"待销号 {span.label}", _waiting(span)) for span in WAITS},
}
SETTLED_KEYS = dict(zip((word for word, _ in _SETTLED.values()), _SETTLED, strict=True))
