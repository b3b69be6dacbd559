"""Office hours: when the people of the demo did what they did."""

import random
from datetime import date, datetime, time, timedelta

from django.utils import timezone

_MORNING, _AFTERNOON, _HALF_DAY = time(8, 30), time(14, 0), 210  # minutes of each half
_STEP = 4  # minutes at least between two acts of one story
# Days off with a fixed date; those by the moon are left out, nobody misses them here.
_DAYS_OFF = {(1, 1), (5, 1), (5, 2), (5, 3), *((10, day) for day in range(1, 8))}


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and (day.month, day.day) not in _DAYS_OFF


def back(day: date) -> date:
    """The latest working day up to `day`."""
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


class Calendar:
    """Working moments up to `now` (aware), drawn from `rng`."""

    def __init__(self, now: datetime, rng: random.Random):
        self.today = timezone.localdate(now)
        self._rng = rng
        self._minutes_today = sum(
            _moment(self.today, i) < now - timedelta(minutes=5) for i in range(2 * _HALF_DAY)
        )
        is_open = is_working_day(self.today) and self._minutes_today >= 60
        self.last_day = self.today if is_open else back(self.today - timedelta(days=1))

    def days_back_from(self, last: date, gaps: list[int]) -> list[date]:
        """Working days that end with `last` and lie at least `gaps[i]` days apart."""
        days = [back(min(last, self.last_day))]
        for gap in reversed(gaps):
            days.insert(0, back(days[0] - timedelta(days=gap)))
        return days

    def moments(self, days: list[date]) -> list[datetime]:
        """A moment in office hours for each of `days` (ascending), in order, none in the future."""
        moments = []
        for day in dict.fromkeys(days):
            minutes = self._minutes_today if day == self.today else 2 * _HALF_DAY
            chosen = self._rng.sample(range(0, minutes, _STEP), days.count(day))
            moments += [_moment(day, minute) for minute in sorted(chosen)]
        return moments


def _moment(day: date, minute: int) -> datetime:
    start = _MORNING if minute < _HALF_DAY else _AFTERNOON
    return timezone.make_aware(datetime.combine(day, start)) + timedelta(minutes=minute % _HALF_DAY)
