"""What a record may hold, wherever it comes from: a form or a sheet. No database."""

from calendar import monthrange
from datetime import date

from django.core.validators import RegexValidator

MAX_NUMBER = 1_000_000  # beds, people: more is a slip of the hand
MAX_NUMBER_WORDS = "100 万"

# 国办函〔2026〕14号 asks 养老机构 for a drill each half year; we ask it of every kind of house (our own default).
_MONTHS_BETWEEN_DRILLS = 6
# A pledge or drill of an earlier year, or a pledge valid for longer than this, is a slip of the hand.
FIRST_YEAR = 2000
MAX_PLEDGE_YEARS = 5

validate_phone = RegexValidator(
    r"^[0-9+()（）\- 转]{5,20}$", "电话只能由 5 到 20 位数字、空格、括号、短横线和“转”组成。"
)


def half_year_after(day: date) -> date:
    """The same day six months on, the last of the month where there is none: 8月31日 → 2月28日, as PostgreSQL has it."""
    months = day.month - 1 + _MONTHS_BETWEEN_DRILLS
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
