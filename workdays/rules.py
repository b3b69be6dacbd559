"""What decides without the database: plain days, names of the holidays, Monday to Friday."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from workdays.enums import DayKind

# The statutory holidays of all citizens that every official notice arranges (全国年节及纪念日放假办法).
HOLIDAYS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
FIRST_YEAR, LAST_YEAR = 2004, 2100
SATURDAY = 5
ADVISED_DAYS = 60  # so far ahead people already set deadlines: a missing year shows by then
TASK_MONTH = 12  # from 1 December a missing next year is somebody's task
LONGEST_COUNT = 400  # workdays, either way, that a person may ask for

_MONDAY = date(2001, 1, 1)


class Mark(NamedTuple):
    """What a day is: its kind and, for all but plain days, the holiday it belongs to."""

    kind: DayKind
    name: str = ""


PLAIN = Mark(DayKind.PLAIN)


def is_weekend(day: date) -> bool:
    return day.weekday() >= SATURDAY


def is_worked(day: date, kind: str) -> bool:
    """Whether people work on `day` when it is of this kind."""
    if kind == DayKind.PLAIN:
        return not is_weekend(day)
    return kind == DayKind.SWAP_WORKDAY


def refuse_mark(day: date, mark: Mark) -> str:
    """Why `day` can't be that, in Chinese; empty when it can."""
    if mark.kind == DayKind.SWAP_WORKDAY and not is_weekend(day):
        return f"{words(day)}本来就上班，不是调休上班日。"
    if mark.kind != DayKind.PLAIN and not mark.name:
        return "请写明是哪个节日。"
    if mark.kind == DayKind.PLAIN and mark.name:
        return "平日不写节日名称。"
    return ""


def days_of(year: int) -> Iterator[date]:
    """Every date of a year, in order."""
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))


def weekday(day: date) -> str:
    """周一 to 周日."""
    return f"周{'一二三四五六日'[day.weekday()]}"


def words(day: date) -> str:
    """1月4日（周日）, with its year left to the context."""
    return f"{day.month}月{day.day}日（{weekday(day)}）"


def why(day: date, mark: Mark) -> str:
    """Why `day` is worked or free, in a word or two."""
    if mark.kind == DayKind.HOLIDAY:
        return f"{mark.name}放假"
    if mark.kind == DayKind.SWAP_WORKDAY:
        return f"{mark.name}调休上班"
    return "周末" if is_weekend(day) else "工作日"


def add_weekdays(day: date, n: int) -> date:
    """calendar.add_workdays as if there were no holidays: for years without data, and never without saying so.

    The SQL function weekdays_after(date, integer) does the same; a test finds them equal.
    """
    weeks, place = divmod((day - _MONDAY).days, 7)
    number = weeks * 5 + min(place, 4) + n
    if place >= SATURDAY and n <= 0:
        number += 1
    return _MONDAY + timedelta(days=number // 5 * 7 + number % 5)
