"""Any past day's figures, rebuilt from the events; and which hazards moved between two days, by whom and why.

What was open on a day was registered by its end and not closed or voided by then; its status and deadline are those of
its last events until then. Places are today's: a hazard that moved with its institution counts where it is now.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from hazards.enums import HazardAction, HazardStatus
from hazards.models.hazard import OPEN
from hazards.numbers import number_of
from institutions.actor import Actor
from institutions.territories import Territory

S, A = HazardStatus, HazardAction
PAGE = 50

# What can be followed through time: its word, and SQL over `past` (status, due_on, severity on a day).
MEASURES = {
    "open": ("在办", "true"),
    "major": ("在办重大", "severity = 'major'"),
    "overdue": ("已逾期", "status = 'rectifying' AND due_on < {day}"),
    "registered": ("待下发", "status = 'registered'"),
    "rectifying": ("整改中", "status = 'rectifying'"),
    "awaiting_verification": ("待验收", "status = 'awaiting_verification'"),
    "verified": ("待销号", "status = 'verified'"),
}
# Which hazards were open at the end of a day. In a province or city: what hazard_open_span finds at that moment, as many
# as were open then and not as many as closed since. The day of finding only confirms it; written so that no index is
# tempted to answer for it. A county has few: three sets without a hazard in common, each by an index of its own.
_THEN = """
SELECT id, severity FROM hazards_hazard
WHERE {column} = %(place)s AND found_on + 0 <= {day}
  AND tstzrange(LEAST(registered_at, closed_at, voided_at), COALESCE(closed_at, voided_at)) @> {end} - interval '1 microsecond'
"""
_FEW = "SELECT id, severity FROM hazards_hazard WHERE {column} = %(place)s AND found_on <= {day} AND registered_at < {end} AND"
_THEN_IN_A_COUNTY = f"""
{_FEW} status IN ('awaiting_verification', 'rectifying', 'registered', 'verified')
UNION ALL {_FEW} closed_at >= {{end}} UNION ALL {_FEW} voided_at >= {{end}}
"""
_PAST = """
SELECT h.id, h.severity, e.to_status AS status, d.due_on
FROM ({then}) AS h
CROSS JOIN LATERAL (
    SELECT to_status FROM hazards_hazardevent
    WHERE hazard_id = h.id AND at < {end} ORDER BY seq DESC LIMIT 1
) AS e
LEFT JOIN LATERAL (
    SELECT (data ->> 'due_on')::date AS due_on FROM hazards_hazardevent
    WHERE hazard_id = h.id AND at < {end} AND to_status = 'rectifying' AND data ? 'due_on' ORDER BY seq DESC LIMIT 1
) AS d ON true
"""
_COUNT = "SELECT {counts} FROM ({past}) AS past"

# A hazard in one of the two days' sets and not the other. Its reason: that it was registered since; else its last act
# between the two days that changed its status or deadline; else nobody's: the deadline passed.
_MOVED = """
WITH one AS (SELECT id FROM ({one}) AS past WHERE {one_is}),
two AS (SELECT id FROM ({two}) AS past WHERE {two_is}),
moved AS (
    SELECT COALESCE(one.id, two.id) AS id, two.id IS NOT NULL AS came
    FROM one FULL JOIN two ON one.id = two.id WHERE one.id IS NULL OR two.id IS NULL
),
reasons AS MATERIALIZED (
    SELECT m.id, m.came, e.action, e.at, e.by_name, e.by_place, e.comment
    FROM moved m LEFT JOIN LATERAL (
        SELECT * FROM hazards_hazardevent WHERE hazard_id = m.id AND at >= %(end_one)s AND at < %(end_two)s
          AND (from_status <> to_status OR data ? 'due_on')
        ORDER BY (m.came AND {newly} AND seq = 1) DESC, seq DESC LIMIT 1
    ) AS e ON true
)
"""
_SUMMED = "SELECT came, COALESCE(action, ''), count(*) FROM reasons GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC, 2"
_LISTED = """
SELECT h.id, h.found_on, h.description, i.name, r.came, COALESCE(r.action, ''), r.at, r.by_name, r.by_place, r.comment
FROM reasons r JOIN hazards_hazard h ON h.id = r.id JOIN institutions_institution i ON i.id = h.institution_id
WHERE (%(came)s::boolean IS NULL OR r.came = %(came)s) AND (%(action)s::text IS NULL OR COALESCE(r.action, '') = %(action)s)
ORDER BY r.came DESC, r.at DESC NULLS LAST, h.id DESC LIMIT %(limit)s OFFSET %(offset)s
"""


def start_of_day(day: date) -> datetime:
    """The moment the day begins in Beijing."""
    return timezone.make_aware(datetime.combine(day, time()))


def end_of_day(day: date) -> datetime:
    """The moment the day ends in Beijing."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def open_on(day: date) -> Q:
    """Hazards that were open at the end of `day`."""
    end = end_of_day(day)
    return Q(found_on__lte=day, registered_at__lt=end) & (
        OPEN | Q(closed_at__gte=end) | Q(voided_at__gte=end)
    )


def _past(column: str, which: str) -> str:
    day, end = f"%(day_{which})s::date", f"%(end_{which})s"
    is_wide = column in ("province_id", "city_id")
    then = (_THEN if is_wide else _THEN_IN_A_COUNTY).format(column=column, day=day, end=end)
    return _PAST.format(then=then, end=end)


def _is(measure: str, which: str) -> str:
    return MEASURES[measure][1].format(day=f"%(day_{which})s::date")


def figures_on(actor: Actor, territory: Territory, day: date) -> dict[str, int]:
    """Each of MEASURES at the end of `day`. One statement."""
    if actor.scope.column is None:
        return dict.fromkeys(MEASURES, 0)
    column, place = next(iter(territory.here.items()))
    counts = ", ".join(f"count(*) FILTER (WHERE {_is(measure, 'one')})" for measure in MEASURES)
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT.format(counts=counts, past=_past(column, "one")),
            {"place": place, "day_one": day, "end_one": end_of_day(day)},
        )
        return dict(zip(MEASURES, cursor.fetchone(), strict=True))


@dataclass(frozen=True)
class Reason:
    """Why some came or went: an act, or the passing of the deadline (no action)."""

    came: bool
    action: str
    count: int

    @property
    def label(self) -> str:
        if not self.action:
            return "期限已过" if self.came else "期限变化"
        return A(self.action).label


@dataclass(frozen=True)
class Move:
    """One hazard that came or went, and the act that moved it."""

    pk: int
    number: str
    description: str
    institution: str
    reason: Reason
    at: datetime | None
    who: str
    comment: str


@dataclass(frozen=True)
class Moves:
    """What came and went: the reasons with their numbers, and one page of the hazards."""

    reasons: list[Reason]
    page: list[Move]
    has_more: bool

    @property
    def came(self) -> int:
        return sum(reason.count for reason in self.reasons if reason.came)

    @property
    def went(self) -> int:
        return sum(reason.count for reason in self.reasons if not reason.came)


def moves_between(
    actor: Actor,
    territory: Territory,
    measure: str,
    first: date,
    second: date,
    *,
    came: bool | None = None,
    action: str | None = None,
    page: int = 0,
) -> Moves:
    """What became of `measure` between the ends of two days; `came` and `action` choose rows. Two statements."""
    if actor.scope.column is None:
        return Moves([], [], False)
    column, place = next(iter(territory.here.items()))
    parameters = {
        "place": place, "day_one": first, "day_two": second, "end_one": end_of_day(first),
        "end_two": end_of_day(second), "came": came, "action": action, "limit": PAGE + 1, "offset": PAGE * page,
    }  # fmt: skip
    moved = _MOVED.format(
        one=_past(column, "one"), two=_past(column, "two"), one_is=_is(measure, "one"), two_is=_is(measure, "two"),
        newly="true" if measure in ("open", "major") else "false",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(moved + _SUMMED, parameters)
        reasons = [Reason(*row) for row in cursor.fetchall()]
        cursor.execute(moved + _LISTED, parameters)
        rows = [_move(*row) for row in cursor.fetchall()]
    return Moves(reasons, rows[:PAGE], len(rows) > PAGE)


def _move(pk, found_on, description, institution, came, action, at, name, place, comment) -> Move:
    who = f"{name}（{place}）" if name else ""
    return Move(
        pk, number_of(found_on, pk), description, institution, Reason(came, action, 1), at, who, comment or ""
    )
