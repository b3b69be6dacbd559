"""The dashboards: against the bare page of the same statements, and against plain GROUP BY with the same numbers."""

from dataclasses import astuple

from django.db.models import Q
from django.utils import timezone

from hazards.enums import OPEN_STATUSES
from hazards.models import Hazard
from institutions.actor import Actor
from institutions.enums import RegionLevel, Role
from institutions.territories import Territory
from ops.bench.cast import SCOPES, Browser, actor_of, answer, territory_of
from ops.bench.effort import Effort
from ops.bench.pages import DASHBOARD
from ops.bench.rows import Row, compared, equal
from ops.bench.timing import medians, milliseconds
from ops.bench.urls import bare_for
from reports import past, summary
from reports.periods import ALL_TIME, end_of, month_of, months_later
from reports.statistics import Statistics, figures_of, statistics_of

_TO_BARE, _FASTER = 1.5, 15
# What a line of the dashboard's tables says (reports.statistics.Figures), by conditions on the rows.
_FIGURES = """
count(*) FILTER (WHERE status IN %(open)s), count(*) FILTER (WHERE status IN %(open)s AND severity = 'major'),
count(*) FILTER (WHERE status = 'rectifying' AND due_on < %(today)s),
count(*) FILTER (WHERE status = 'awaiting_verification'), count(*) FILTER (WHERE status = 'verified'),
count(*) FILTER (WHERE status = 'closed'), count(*) FILTER (WHERE status <> 'voided')"""
_GROUPED = {
    "status": "SELECT status || ' ' || severity, count(*) FROM hazards_hazard h WHERE {here} GROUP BY 1",
    "part": "SELECT {part}, {figures} FROM hazards_hazard h WHERE {here} GROUP BY 1",
    "domain": "SELECT domain, {figures} FROM hazards_hazard h WHERE {here} GROUP BY 1",
    "source": "SELECT source, {figures} FROM hazards_hazard h WHERE {here} GROUP BY 1",
    "kind": "SELECT i.kind, {figures} FROM hazards_hazard h JOIN institutions_institution i ON i.id = h.institution_id "
    "WHERE {here} GROUP BY 1",
    "month": "SELECT date_trunc('month', found_on)::date, {figures} FROM hazards_hazard h WHERE {here} GROUP BY 1",
}
_PARTS = {
    RegionLevel.PROVINCE: "CASE WHEN h.city_id = h.province_id THEN h.county_id ELSE h.city_id END",
    RegionLevel.CITY: "h.county_id",
    RegionLevel.COUNTY: "h.institution_id",
}
_SELF_FOUND = "SELECT count(*) FROM hazards_hazard WHERE {here} AND is_self_reported"


def grouped(actor: Actor, territory: Territory) -> dict[str, dict]:
    """What the dashboard's tables say, by plain GROUP BY over all rows: value → its figures."""
    words = {
        "here": f"h.{actor.scope.column} = %(place)s",
        "part": _PARTS[territory.level],
        "figures": _FIGURES,
    }
    parameters = {
        "place": actor.scope.value,
        "today": timezone.localdate(),
        "open": tuple(status.value for status in OPEN_STATUSES),
    }
    return {
        name: {key: tuple(figures) for key, *figures in answer(sql.format(**words), parameters)}
        for name, sql in _GROUPED.items()
    }


def counted(statistics: Statistics) -> dict[str, dict]:
    """The same from what the dashboard is made of."""
    found, late = statistics.summary, statistics.work.late_by
    lines = {
        "part": {pk: (tally, late.get(("part", pk), 0)) for pk, tally in found.parts.items()},
        "month": {
            month: (t, statistics.work.late_by_month.get(month, 0)) for month, t in found.found.items()
        },
    }
    for facet in ("domain", "source", "kind"):
        of_facet = {v: tally for (which, v), tally in found.facets.items() if which == facet}
        lines[facet] = {v: (tally, late.get((facet, v), 0)) for v, tally in of_facet.items()}
    own = found.within(ALL_TIME).items()
    by_status = {f"{status} {severity}": (sums.n,) for (status, severity), sums in own if sums.n}
    return {"status": by_status} | {
        name: {k: astuple(figures_of(tally, n)) for k, (tally, n) in group.items() if _all(tally)}
        for name, group in lines.items()
    }


def _all(tally) -> int:
    return sum(sums.n for sums in tally.values())


def dashboards(effort: Effort) -> list[Row]:
    """For province, city and county; then what pending deltas cost."""
    rows = []
    for words, role in SCOPES.items():
        rows += _dashboard(words, actor_of(role), effort)
    return rows + _pending(effort)


def _dashboard(words: str, actor: Actor, effort: Effort) -> list[Row]:
    today, territory = timezone.localdate(), territory_of(actor)
    browser, stranger = Browser(actor), Browser()
    bare_for(actor)
    last_month = end_of(months_later(month_of(today), -1))
    is_equal = counted(statistics_of(actor, territory, today)) == grouped(actor, territory)
    found = medians(
        {
            "page": lambda: browser.get(DASHBOARD),
            "bare": lambda: stranger.get("/bare/dashboard/"),
            "statements": lambda: statistics_of(actor, territory, today),
        },
        effort.times,
    )
    slow = medians(
        {
            "grouped": lambda: grouped(actor, territory),
            "past": lambda: past.figures_on(actor, territory, last_month),
        },
        effort.rounds,
    )
    page, plain = found["page"], slow["grouped"]
    to_bare, faster = (_TO_BARE, _FASTER) if words == "全省" else (None, None)
    return [
        compared("统计", f"{words} 整页", page, found["bare"], "裸页", to_bare),
        compared("统计", f"{words} 整页", page, plain, "GROUP BY", faster, is_least=True),
        compared("统计", f"{words} 只算语句", found["statements"], plain, "GROUP BY", is_least=True),
        equal("统计", f"{words} 与 GROUP BY 不等的", is_equal),
        equal("统计", f"{words} 最后一次办理之后不等的", _is_exact(actor, territory)),
        Row("统计", f"{words} 上月底（由记录重建）", slow["past"].wall),
    ]


def _is_exact(actor: Actor, territory: Territory) -> bool:
    """Whether an act that has just been committed, and is folded by nobody, is in the next reading."""
    here = f"{actor.scope.column} = %s"
    one = Hazard.objects.filter(pk=Hazard.objects.visible_to(actor).order_by("-pk").values("pk")[:1])
    seen = []
    for _ in range(2):  # there and back
        one.update(is_self_reported=~Q(is_self_reported=True))
        own = summary.read(actor, territory, ALL_TIME).within(ALL_TIME)
        plain = answer(_SELF_FOUND.format(here=here), [actor.scope.value])[0][0]
        seen.append((sum(sums.self_found for sums in own.values()), plain))
    return all(read == plain for read, plain in seen) and seen[0] != seen[1]


def _pending(effort: Effort) -> list[Row]:
    """Reading while the folder is 5,000 deltas behind, and folding them."""
    actor = actor_of(Role.PROVINCE_OFFICIAL)
    territory = territory_of(actor)
    summary.fold_all()
    read = {"read": lambda: summary.read(actor, territory, ALL_TIME)}
    folded = medians(read, effort.times)["read"]
    ids = list(Hazard.objects.order_by("pk").values_list("pk", flat=True)[:2500])
    rows = Hazard.objects.filter(pk__in=ids)
    rows.update(is_self_reported=~Q(is_self_reported=True))
    behind = medians(read, effort.times)["read"]
    fold = milliseconds(summary.fold_all)
    rows.update(is_self_reported=~Q(is_self_reported=True))
    summary.fold_all()
    return [
        compared("统计", "汇总，5,000 条未并入时读", behind, folded, "全部并入后读"),
        Row("统计", "汇总，并入 5,000 条", fold),
    ]
