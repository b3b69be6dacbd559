"""隐患编号 as spoken and printed: year of finding and running number, e.g. YH-2026-000123."""

import re
from datetime import date

_NUMBER = re.compile(r"(?:YH-?(?P<year>\d{4})-?)?(?P<pk>\d{1,18})", re.IGNORECASE | re.ASCII)


def number_of(found_on: date, pk: int) -> str:
    """The number of the hazard with this key, found on this day."""
    return f"YH-{found_on.year}-{pk:06d}"


def read_number(text: str) -> tuple[int | None, int] | None:
    """Year (None when left out) and key in what somebody typed; None when it is no number of a hazard."""
    found = _NUMBER.fullmatch(text.strip())
    return found and (int(found["year"]) if found["year"] else None, int(found["pk"]))
