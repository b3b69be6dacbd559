"""A year without its official holidays is loud: a banner for staff, from 1 December a notice to those who can act.

Here and not in workdays, because it takes the calendar, the notices and the roles, and siblings never meet.
"""

from datetime import date

from django.urls import reverse

from institutions.enums import Capability, Role
from institutions.models import Membership
from notifications.outbox import notify, settle
from workdays.calendar import maintained_years, missing_years
from workdays.dependents import Dependent, register
from workdays.rules import TASK_MONTH


def banner(missing: list[int]) -> str:
    """What the pages of staff say on top when work reaches into years that nobody entered; empty when all is well."""
    if not missing:
        return ""
    years = "、".join(map(str, missing))
    return f"节假日未维护：{years} 年的放假安排还没有录入工作日历，涉及的提醒暂按周一至周五推算。"


def tell_of_missing_year(today: date) -> int:
    """From 1 December of the year before, tell system administrators and those who keep the calendar, once a year
    that is missing; how many were told now. Safe to call at any time from anywhere."""
    due = [today.year, today.year + 1] if today.month == TASK_MONTH else [today.year]
    return sum(_tell(year) for year in missing_years(date(due[0], 1, 1), date(due[-1], 1, 1)))


def _tell(year: int) -> int:
    keepers = [role for role in Role if Capability.EDIT_CALENDAR in role.facts.capabilities]
    posts = Membership.objects.filter(role__in=[Role.SYSTEM_ADMIN, *keepers], is_active=True)
    return notify(
        recipients=sorted(set(posts.values_list("user_id", flat=True))),
        subject=f"待办：{year} 年的放假安排还没有录入工作日历",
        body="请由省级监管人员把国务院办公厅的放假通知录入工作日历；录入之前，涉及这一年的提醒暂按周一至周五推算。",
        url=f"{reverse('workdays:calendar')}?year={year}",
        topic=_topic(year),
        dedupe_key=_topic(year),
    )


def _topic(year: int) -> str:
    return f"workdays:{year}"


def _settle(first: date) -> None:
    """The task of a year is done when it is entered."""
    for year in maintained_years():
        if year >= first.year:
            settle(_topic(year))


def watch() -> None:
    """Hear of every change of the calendar."""
    register("calendar_watch", Dependent(after_change=_settle))
