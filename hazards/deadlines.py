"""Deadlines (整改期限): calendar days, as printed on the notice. Periods of authorities: working days.

Nothing here reads the clock. This is the only module that asks the working-day calendar.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from hazards.enums import DraftingCause, ExtensionCase, ExtensionDecider, HazardStatus, Severity
from workdays.calendar import MissingYear, add_workdays

# Default days to rectify, from the domain's section 2.6: our own defaults, not statute; the notice governs.
DEFAULT_DAYS = {Severity.GENERAL: 7, Severity.MAJOR: 30}
# No rectification may be given longer than this (治理期限 cap of one year).
LONGEST_DAYS = 366
DUE_SOON_DAYS = 3
# What is found within this many days after a close-out may be the same hazard again (反弹); our own choice, not statute.
RECURS_WITHIN_DAYS = 730

# What governs an extension where no ExtensionPolicy says otherwise (domain 2.6: 15 working days from Ningbo's form, 10
# from Qingdao's rule, the rest our own). Working days to ask before and to decide within; how often; calendar days in all.
_ABOVE = {
    "ask_before": 15,
    "decide_within": 10,
    "most": 2,
    "cap_days": LONGEST_DAYS,
    "decider": ExtensionDecider.ABOVE,
}
EXTENSION_LIMITS = {
    ExtensionCase.GENERAL: _ABOVE
    | {"ask_before": 3, "decide_within": 5, "decider": ExtensionDecider.SUPERVISOR},
    ExtensionCase.MAJOR: _ABOVE,
    ExtensionCase.SUPERVISED: _ABOVE,
}

# 挂牌督办: the plan within 15 days, progress monthly and at least once a quarter (自收到通知书起每季度至少一次).
PLAN_DAYS = 15
REPORT_EVERY_DAYS = 30
LONGEST_REPORT_DAYS = 92
ANSWER_DAYS = 15  # 移送回执
FEEDBACK_WORKDAYS = 5  # 书面反馈 after 约谈 or 通报
# When a record is drafted, where no DraftingRule says otherwise (domain 6).
DRAFTING_THRESHOLDS = {
    DraftingCause.COUNTY_OVERDUE: 3,
    DraftingCause.LONG_OVERDUE: 15,
    DraftingCause.MAJOR_LONG_OVERDUE: 15,
    DraftingCause.SUPERVISION_LATE: 2,
}


def default_due_on(severity: str, today: date) -> date:
    """The deadline proposed for a hazard issued `today`."""
    return today + timedelta(days=DEFAULT_DAYS[Severity(severity)])


def refuse_due_on(due_on: date, today: date) -> str:
    """Why `due_on` can't be a new deadline, in Chinese; empty when it can."""
    if due_on < today:
        return "整改期限不能早于今天。"
    if due_on > today + timedelta(days=LONGEST_DAYS):
        return "整改期限最长不超过一年，请核对年份。"
    return ""


def days_left(due_on: date | None, status: str, today: date) -> int | None:
    """Calendar days until the deadline; negative when past; None when the institution owes nothing.

    整改期限 binds the institution: its clock stops when it submits, and a rejection sets a new deadline.
    """
    if due_on is None or status != HazardStatus.RECTIFYING:
        return None
    return (due_on - today).days


@dataclass(frozen=True)
class Counted:
    """A day found by counting working days; `is_certain` is false where a year's holidays are not maintained."""

    on: date
    is_certain: bool = True


def workdays_from(day: date, n: int) -> Counted:
    """The n-th working day after `day`, or before it when `n` is negative.

    Where the calendar lacks a year, Monday to Friday count, and the answer says so: a missing list must neither stop
    an institution from asking nor pass for an official count.
    """
    try:
        return Counted(add_workdays(day, n))
    except MissingYear:
        step, left = timedelta(days=1 if n > 0 else -1), abs(n)
        while left:
            day += step
            left -= day.weekday() < 5
        return Counted(day, is_certain=False)


def feedback_due_on(day: date) -> date:
    """Until when written feedback is owed on what was said on `day`."""
    return workdays_from(day, FEEDBACK_WORKDAYS).on
