"""A calendar for tests. A transactional test empties all tables, so each asks for what it needs."""

from workdays.loading import load_known_years
from workdays.models import CalendarYear


def seed_calendar(first: int = 2025) -> None:
    """The official years from `first` to the last the program knows; nothing if any year is there."""
    if not CalendarYear.objects.exists():
        load_known_years(first)
