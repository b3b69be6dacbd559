"""How often an institution should be visited, by its risk grade, and when a closed hazard is looked at again.

Data, not law: the yearly visit of a county is known from secondary sources only, so pages say 建议. Touches no
database.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from inspections.enums import InspectionKind, PlanKind
from institutions.enums import RiskGrade

AHEAD_DAYS = 30  # plans are made this many days before they are due

# 回头看: so many days after close-out, for every major hazard and about this share of the others.
LOOK_BACK_DAYS = 30
LOOK_BACK_SHARE = 0.1


@dataclass(frozen=True)
class PlanRule:
    """One visit in every calendar period of `months`, which divide a year."""

    kind: PlanKind
    months: int
    words: str

    def period(self, day: date) -> tuple[date, date]:
        """First and last day of the period `day` lies in."""
        first = date(day.year, (day.month - 1) // self.months * self.months + 1, 1)
        after = first.month + self.months
        following = date(day.year + 1, 1, 1) if after > 12 else date(day.year, after, 1)
        return first, following - timedelta(days=1)


PLAN_RULES = {
    RiskGrade.RED: PlanRule(PlanKind.MONTHLY, 1, "每月一次"),
    RiskGrade.ORANGE: PlanRule(PlanKind.QUARTERLY, 3, "每季度一次"),
    RiskGrade.YELLOW: PlanRule(PlanKind.HALF_YEARLY, 6, "每半年一次"),
    RiskGrade.BLUE: PlanRule(PlanKind.YEARLY, 12, "每年一次"),
}

# A plan keeps the period it was made for, whatever the grade becomes meanwhile.
RULE_OF_KIND = {rule.kind: rule for rule in PLAN_RULES.values()}
PERIODIC = frozenset(RULE_OF_KIND)

# Which visits settle which plans. A township's 巡检 does not stand in for the visit its county owes.
SETTLED_BY = {
    **dict.fromkeys(
        PERIODIC, frozenset({InspectionKind.OVERSIGHT, InspectionKind.SCREENING, InspectionKind.JOINT})
    ),
    PlanKind.LOOK_BACK: frozenset({InspectionKind.LOOK_BACK}),
}


def reason(kind: str) -> str:
    """Why a plan is there, in words: the rule it was made by, or 回头看."""
    if kind == PlanKind.LOOK_BACK:
        return f"销号满 {LOOK_BACK_DAYS} 天回头看"
    return f"建议{RULE_OF_KIND[PlanKind(kind)].words}"


def visit_kind(kind: str) -> InspectionKind:
    """The kind of visit a plan asks for first."""
    return InspectionKind.LOOK_BACK if kind == PlanKind.LOOK_BACK else InspectionKind.SCREENING


def countdown(starts_on: date, ends_on: date, today: date) -> str:
    """距开始 N 天 before, 还剩 N 天 during (the last day is 今天是最后一天), 已结束 after."""
    if today < starts_on:
        return f"距开始 {(starts_on - today).days} 天"
    if today > ends_on:
        return "已结束"
    left = (ends_on - today).days
    return f"还剩 {left} 天" if left else "今天是最后一天"
