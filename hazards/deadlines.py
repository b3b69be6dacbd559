"""Deadlines (整改期限). Calendar days as printed on the notice; nothing here reads the clock or the database."""

from datetime import date, timedelta

from hazards.enums import HazardStatus, Severity

# Default days to rectify, from the domain's section 2.6: our own defaults, not statute; the notice governs.
DEFAULT_DAYS = {Severity.GENERAL: 7, Severity.MAJOR: 30}
# No rectification may be given longer than this (治理期限 cap of one year).
LONGEST_DAYS = 366
DUE_SOON_DAYS = 3


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
