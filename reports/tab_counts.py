"""How many hazards stand on each tab of the ledger: counted by status, and no further than is shown."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db.models import IntegerField, Value
from django.db.models.expressions import RawSQL

from hazards.enums import HazardStatus
from hazards.models.hazard import HazardQuerySet
from hazards.search import is_few
from reports.states import OVERDUE

COUNTED_TO = 1000
COUNTED = (*HazardStatus.values, OVERDUE.value)
_ARRAY = ArrayField(IntegerField())


class _EachStatus(str):
    """Stands in compiled SQL where each status goes in turn: the statement is made once, not six times."""


def capped_counts(hazards: HazardQuerySet, today: date) -> RawSQL:
    """Of `hazards` (scoped and filtered) how many are of each of COUNTED, at most one more than COUNTED_TO each.

    An array. Each is a subquery of its own with its status written out, so that the indexes of open work serve it;
    no column is read, so that an index alone answers. Few that were named are looked at once for all statuses.
    """
    late, late_parameters = _capped(hazards.overdue(today))
    by_status, parameters = (_in_one_pass if is_few(hazards) else _one_by_one)(hazards)
    return RawSQL(f"{by_status} || ({late})::integer", [*parameters, *late_parameters], _ARRAY)


def _one_by_one(hazards: HazardQuerySet) -> tuple[str, list]:
    sql, parameters = _capped(hazards.filter(status=_EachStatus()))
    counts = ", ".join([sql] * len(HazardStatus))
    return f"ARRAY[{counts}]::integer[]", [
        status if isinstance(parameter, _EachStatus) else parameter
        for status in HazardStatus.values
        for parameter in parameters
    ]


def _in_one_pass(hazards: HazardQuerySet) -> tuple[str, list]:
    """Without a cap: there are no more than may be named."""
    try:
        sql, parameters = hazards.order_by().values("status").query.sql_with_params()
    except EmptyResultSet:
        return f"ARRAY{[0] * len(HazardStatus)}", []
    each = ", ".join(["count(*) FILTER (WHERE few.status = %s)"] * len(HazardStatus))
    return f"(SELECT ARRAY[{each}]::integer[] FROM ({sql}) AS few)", [*HazardStatus.values, *parameters]


def _capped(hazards: HazardQuerySet) -> tuple[str, tuple]:
    try:
        rows = hazards.order_by().values(one=Value(1))[: COUNTED_TO + 1]
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # conditions that nothing can meet
        return "0", ()
    return f"(SELECT count(*) FROM ({sql}) AS counted)", parameters


def count_words(count: int) -> str:
    """326, or 1000+ when there are more than were counted."""
    return str(count) if count <= COUNTED_TO else f"{COUNTED_TO}+"
