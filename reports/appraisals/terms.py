"""The period of an appraisal: a month, a quarter or a year, by its code (2026-10, 2026Q3, 2026)."""

import re
from datetime import date

from reports.periods import Period, end_of, month_of, months_later

_CODE = re.compile(r"(20\d\d)(?:Q([1-4])|-(0[1-9]|1[0-2]))?", re.ASCII)
OFFERED = 6  # of months and quarters


def term(code: str) -> Period | None:
    """The months of a period by its code, with its words as label; None for what is no code."""
    found = _CODE.fullmatch(code)
    if found is None:
        return None
    year, quarter, month = int(found[1]), found[2], found[3]
    if quarter:
        first = date(year, int(quarter) * 3 - 2, 1)
        return Period(code, f"{year}年第{'一二三四'[int(quarter) - 1]}季度", first, months_later(first, 2))
    if month:
        first = date(year, int(month), 1)
        return Period(code, f"{year}年{int(month)}月", first, first)
    return Period(code, f"{year}年度", date(year, 1, 1), date(year, 12, 1))


def is_over(period: Period, today: date) -> bool:
    """Whether its last day has passed."""
    return end_of(period.last) < today


def offered(today: date) -> list[tuple[str, str]]:
    """What may be appraised now, latest first: quarters, months, this year and last."""
    months = [months_later(month_of(today), -back) for back in range(3 * OFFERED)]
    quarters = dict.fromkeys(f"{m.year}Q{(m.month + 2) // 3}" for m in months)
    codes = [*quarters, *(f"{m:%Y-%m}" for m in months[:OFFERED]), str(today.year), str(today.year - 1)]
    return [(code, term(code).label) for code in codes if term(code).first <= today]
