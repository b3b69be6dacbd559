"""责任书 and drills of the institutions: most have them, some are late, so that each state is seen somewhere."""

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial

from django.utils import timezone

from config.demo import clock
from config.demo.cast import Cast
from institutions.actions.safety import save_drill, save_pledge
from institutions.enums import DrillKind, InstitutionKind
from institutions.models import Institution

_PROBLEMS = (
    "", "", "", "个别护理员不熟悉疏散路线，已当场讲解。", "三楼失能区转移用时较长，需增加一名协助人员。",
    "应急广播音量偏小，已报修。",
)  # fmt: skip
_LAST_DRILL = ((10, 150), (155, 180), (190, 260))  # days ago: in time, due soon, late
_HOW_MANY = (84, 10, 6)
_HAS_NO_PLEDGE, _NEVER_DRILLED = 0.06, 0.02
_A_YEAR = timedelta(days=364)


class Keeper:
    """Records them through the real actions. Draws from a chance of its own: everything else stays as told."""

    def __init__(self, cast: Cast, today: date, seed: int):
        self._cast, self._today, self._rng = cast, today, random.Random(seed)

    def keep(self, houses: list[Institution]) -> None:
        """The first two are the demo accounts' homes: one has what ends soon, the other no pledge of this year."""
        for number, house in enumerate(houses):
            acts = self._drills(house, days_ago=160 if number == 0 else None)
            if number == 0 or (number > 1 and self._rng.random() > _HAS_NO_PLEDGE):
                acts.append(
                    self._pledge(house, days_ago=345 if number == 0 else self._rng.randrange(40, 330))
                )
            for day, act in sorted(acts, key=lambda dated: dated[0]):
                with clock.at(timezone.make_aware(datetime.combine(day, time(16, 30)))):
                    act()

    def _weekday(self, days_ago: int) -> date:
        day = self._today - timedelta(days=days_ago)
        return day - timedelta(days=max(0, day.weekday() - 4))

    def _pledge(self, house: Institution, days_ago: int) -> tuple[date, Callable]:
        day = self._weekday(days_ago)
        official, manager = self._cast.officials[house.authority.region_id][0], self._cast.staff[house.pk][0]
        signed = {"signer": manager.user.name, "counter_signer": official.user.name, "signed_on": day}
        return day, partial(
            save_pledge, house, by=official, year=day.year, today=day, valid_until=day + _A_YEAR, **signed
        )

    def _drills(self, house: Institution, days_ago: int | None) -> list[tuple[date, Callable]]:
        rng = self._rng
        if days_ago is None:
            if rng.random() < _NEVER_DRILLED:
                return []
            days_ago = rng.randrange(*rng.choices(_LAST_DRILL, _HOW_MANY)[0])
        days = [self._weekday(days_ago + 165), self._weekday(days_ago)]
        return [(day, partial(save_drill, house, today=day, **self._drill(house, day))) for day in days]

    def _drill(self, house: Institution, day: date) -> dict:
        rng, kinds = self._rng, [DrillKind.FIRE] * 3
        if house.counts_residents:
            kinds += [DrillKind.FOOD_POISONING, DrillKind.NATURAL_DISASTER]
        if house.kind == InstitutionKind.NURSING_HOME:
            kinds.append(DrillKind.MISSING_PERSON)
        return {
            "by": self._cast.staff[house.pk][0], "held_on": day, "kind": rng.choice(kinds),
            "participants": house.staff + rng.randrange(house.residents // 3 + 1), "problems": rng.choice(_PROBLEMS),
            "is_night": house.counts_residents and rng.random() < 0.2,
        }  # fmt: skip
