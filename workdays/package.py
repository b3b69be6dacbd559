"""The official arrangements of past years that come with the program, from the package chinesecalendar."""

from datetime import date
from importlib.metadata import version

from chinese_calendar import constants

from workdays.enums import DayKind
from workdays.rules import Mark

SOURCE = f"chinesecalendar {version('chinesecalendar')}"
_NAMES = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节"}


def _name(english: str) -> str:
    chinese = constants.Holiday(english).chinese
    # A day of remembrance (2015) has a name longer than a small month has room for.
    return "抗战胜利纪念日" if "抗日战争" in chinese else _NAMES.get(chinese, chinese)


def years() -> range:
    """The years the package knows; it has no data for others, and makes none up."""
    return range(min(constants.holidays).year, max(constants.holidays).year + 1)


def marks(year: int) -> dict[date, Mark]:
    """Every holiday and 调休 workday of a year that it knows."""
    found = {DayKind.HOLIDAY: constants.holidays, DayKind.SWAP_WORKDAY: constants.workdays}
    return {
        day: Mark(kind, _name(english))
        for kind, days in found.items()
        for day, english in days.items()
        if day.year == year
    }
