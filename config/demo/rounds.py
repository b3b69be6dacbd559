"""Which of the stories begin in a visit: the round somebody made that day, and what they found on it."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from config.demo.calendar import Calendar
from config.demo.cast import Cast
from config.demo.stories import Act, Story
from hazards.enums import HazardAction as A
from hazards.enums import Source
from inspections.enums import InspectionKind as K
from inspections.enums import VisitStatus
from institutions.actor import Actor
from institutions.enums import RegionLevel
from institutions.models import Institution

WITHIN_DAYS = 45  # what was found before was registered without a visit
_TOGETHER_DAYS = 10  # what was found in a house within these days was found on one round
_MOST_FINDINGS = 3
_FOUND_BY = {
    Source.SCREENING: K.SCREENING, Source.OVERSIGHT: K.OVERSIGHT, Source.PATROL: K.PATROL,
    Source.SELF_CHECK: K.SELF_CHECK, Source.LOOK_BACK: K.LOOK_BACK,
}  # fmt: skip


@dataclass
class Round:
    """One visit: by whom and, when it is finished, until when; `acts` are what each story did that day."""

    house: Institution
    kind: K
    people: list[Actor]
    at: datetime
    stories: list[tuple[Story, list[Act]]] = field(default_factory=list)
    status: VisitStatus = VisitStatus.FINISHED
    planned_on: date | None = None
    is_unannounced: bool = False
    sees_again: bool = False  # what is open already is there still
    also_there: str = ""


class Rounds:
    """Makes rounds that fit the stories and today's date. Draws from a chance of its own: the stories stay as told."""

    def __init__(self, cast: Cast, calendar: Calendar, rng: random.Random):
        self._cast, self._calendar, self._rng = cast, calendar, rng

    def of(self, stories: list[Story], houses: list[Institution]) -> list[Round]:
        """The finished rounds on which these stories began, those in `houses` alone; the stories then know it."""
        known, rounds, latest = {house.pk for house in houses}, [], {}
        began = sorted((s for s in stories if s.house.pk in known), key=lambda s: s.acts[0].at)
        for story in began:
            if not self._is_of_a_round(story):
                continue
            kind, people = self._who(story.house, story.wish.source)
            if not people:
                continue
            key, day = (story.house.pk, kind), story.acts[0].at.date()
            last = latest.get(key)
            is_new = last is None or len(last.stories) == _MOST_FINDINGS
            if is_new or (day - last.at.date()).days > _TOGETHER_DAYS:
                last = latest[key] = Round(story.house, kind, people, story.acts[0].at)
                rounds.append(last)
            acts = self._acts_there(story, people[0])
            for act in acts:
                act.at = last.at
            last.stories.append((story, acts))
            story.begun = len(acts)
        return rounds

    def without_hazards(self, houses: list[Institution], days_ago: range) -> list[Round]:
        """A round through each of these houses on which nothing was wrong."""
        rounds = []
        for house in houses:
            kind, people = self._who(house, Source.SCREENING)
            if people:
                rounds.append(Round(house, kind, people, self.moment(self._rng.choice(days_ago))))
        return rounds

    def moment(self, days_ago: int) -> datetime:
        """A moment in office hours about that long ago, not in the future."""
        day = self._calendar.last_day - timedelta(days=days_ago)
        return self._calendar.moments(self._calendar.days_back_from(day, []))[0]

    def _is_of_a_round(self, story: Story) -> bool:
        """Recent, of a kind of source that is a visit, and not one of the stories that show something else."""
        first = story.acts[0]
        is_recent = first.at.date() >= self._calendar.today - timedelta(days=WITHIN_DAYS)
        is_found = first.action in (A.REGISTER, A.FIX_ON_THE_SPOT) and story.wish.source in _FOUND_BY
        return is_recent and is_found and not story.wish.trick and story.same_as is None

    def _who(self, house: Institution, source: Source) -> tuple[K, list[Actor]]:
        """What kind of visit, and who goes: the one who writes first. Nobody where too few are there."""
        officials, kind = self._cast.officials, _FOUND_BY[source]
        if kind == K.SELF_CHECK:
            return kind, self._cast.staff[house.pk][-1:]
        if kind == K.PATROL and house.township_id != house.county_id:
            return kind, officials[house.township_id][:1]
        of_city = house.authority.region.level == RegionLevel.CITY
        if kind == K.OVERSIGHT or of_city:
            kind, people = K.OVERSIGHT, officials[house.city_id]
        else:
            kind = K.SCREENING if kind == K.PATROL else kind
            people = officials[house.authority.region_id]
        return kind, self._rng.sample(people, 2) if len(people) > 1 else []

    def _acts_there(self, story: Story, by: Actor) -> list[Act]:
        """The acts of the story that were done on the spot: found, and by its authority issued the same day."""
        first, *then = story.acts
        supervises = by.authority is not None and by.authority.pk == story.house.authority_id
        is_issued = (
            bool(then) and then[0].action == A.ISSUE and then[0].at.date() == first.at.date() and supervises
        )
        return story.acts[: 2 if is_issued else 1]
