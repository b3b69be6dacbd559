"""One measure of each job, taken again at every size: how it grows from one to the next."""

from collections.abc import Callable
from datetime import date

from django.db import connection
from django.utils import timezone

from hazards.models import Hazard
from institutions.actor import Actor
from institutions.enums import Role
from institutions.territories import Territory
from ops.bench.acts import registering
from ops.bench.cast import Browser, actor_of, busiest_county, territory_of
from ops.bench.exporting import Export
from ops.bench.jobs import EXPORTING, PAGE_OF_PROVINCE, SWEEPING
from ops.bench.owner import forget_hazards_after, forget_what_was_told, last_hazard
from ops.bench.pages import DASHBOARD, LEDGER, words_said
from ops.bench.sweeping import Days
from ops.bench.timing import milliseconds
from reports import past
from reports.periods import end_of, month_of, months_later


class Growth:
    """The jobs on this province, each prepared when first asked for; `tidy` takes away what they wrote."""

    def __init__(self):
        self._works: dict[str, Callable[[], object]] = {}
        self._last, self._is_swept = 0, False

    def measure(self, job: str, times: int) -> list[float]:
        """Milliseconds of each run, after one that counts for nothing when the job is new."""
        self._last = self._last or last_hazard()
        if job not in self._works:
            self._works[job] = JOBS[job](self)
            self._works[job]()
        work = self._works[job]
        if job == SWEEPING:
            return [self._swept(work) for _ in range(times)]
        return [milliseconds(work) for _ in range(times)]

    def _swept(self, work: Callable[[], object]) -> float:
        self._days.next()
        return milliseconds(work)

    def tidy(self) -> None:
        if self._works:
            forget_hazards_after(self._last)
        if self._is_swept:
            forget_what_was_told()

    def sweeping(self) -> Callable[[], int]:
        self._is_swept, self._days = True, Days()
        return self._days.sweep


def _page(role: Role, path: str, **query) -> Callable[[], bytes]:
    browser = Browser(actor_of(role))
    return lambda: browser.get(path, **query)


def _institution(_: Growth) -> Callable[[], bytes]:
    """The house of the busiest county with the middle number of hazards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT institution_id FROM hazards_hazard WHERE county_id = %s GROUP BY 1 ORDER BY count(*), 1",
            [busiest_county().pk],
        )
        houses = [pk for (pk,) in cursor.fetchall()]
    return _page(Role.COUNTY_OFFICIAL, f"{DASHBOARD}institutions/{houses[len(houses) // 2]}/")


def _past(_: Growth) -> Callable[[], dict]:
    actor: Actor = actor_of(Role.PROVINCE_OFFICIAL)
    territory: Territory = territory_of(actor)
    day: date = end_of(months_later(month_of(timezone.localdate()), -1))
    return lambda: past.figures_on(actor, territory, day)


def _export(_: Growth) -> Callable[[], None]:
    """All of the busiest county."""
    actor = actor_of(Role.COUNTY_OFFICIAL)
    export = Export(actor, Hazard.objects.visible_to(actor).count())
    return lambda: export.make("xlsx")


JOBS: dict[str, Callable[[Growth], Callable[[], object]]] = {
    PAGE_OF_PROVINCE: lambda _: _page(Role.PROVINCE_OFFICIAL, LEDGER),
    "台账 全县": lambda _: _page(Role.COUNTY_OFFICIAL, LEDGER),
    "统计 全省": lambda _: _page(Role.PROVINCE_OFFICIAL, DASHBOARD),
    "统计 全县": lambda _: _page(Role.COUNTY_OFFICIAL, DASHBOARD),
    "查找 少见的词": lambda _: _page(Role.PROVINCE_OFFICIAL, LEDGER, q=words_said()[0][0]),
    SWEEPING: Growth.sweeping,
    "登记并下发": lambda _: registering(),
    "工作台 县级": lambda _: _page(Role.COUNTY_OFFICIAL, "/"),
    "工作台 省级": lambda _: _page(Role.PROVINCE_OFFICIAL, "/"),
    "机构统计页": _institution,
    "上月底的数": _past,
    EXPORTING: _export,
}
