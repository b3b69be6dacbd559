"""One SQL for all querysets that differ in values alone: Django writes it for the first of them.

Writing a statement of many conditions and joins takes longer than reading fifty rows.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import Col
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)
from django.db.models.sql.where import WhereNode
from psycopg2.extensions import AsIs

from common.prepared import Written, planned

_LOOKUPS = (Exact, In, IsNull, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual)
_DAY, _MOMENT = date(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC)
_HERE = "\ue000"  # of Unicode's private use: no statement has it


class _NotPlain(Exception):
    """A condition that is more than a column compared with values."""


@dataclass(frozen=True)
class Shape:
    """The conditions of a queryset without their numbers and days, which are `values`, in order.

    Words stay: the few there are come from lists of choices, and a partial index may hang on them. So does today, which
    everybody asks for alike.
    """

    key: tuple
    values: tuple

    @property
    def is_of_keys(self) -> bool:
        """Whether all its values are keys of rows: one plan serves them all. How much a range of days leaves differs."""
        return not any(isinstance(value, date) for value in self.values)


def shape_of(rows: QuerySet, today: date) -> Shape | None:
    """The shape of a queryset that is only filtered; None when a condition is no plain comparison."""
    values: list = []
    try:
        key = _key(rows.query.where, values, today)
    except _NotPlain:
        return None
    return Shape(key, tuple(values))


def _key(node, values: list, today: date) -> tuple:
    if isinstance(node, WhereNode):
        return (node.connector, node.negated, *(_key(child, values, today) for child in node.children))
    if not (isinstance(node, _LOOKUPS) and isinstance(node.lhs, Col)):
        raise _NotPlain
    return (node.lookup_name, node.lhs.alias, node.lhs.target.name, _compared_with(node.rhs, values, today))


def _compared_with(value, values: list, today: date):
    if _is_value(value, today):
        values.append(value)
        return type(value)
    if isinstance(value, bool | str | date):
        return value
    if (
        value
        and isinstance(value, list | tuple | set | frozenset)
        and all(isinstance(one, str) for one in value)
    ):
        return frozenset(value)
    raise _NotPlain


def _is_value(value, today: date) -> bool:
    return isinstance(value, int | date) and not isinstance(value, bool) and value != today


def stand_in(number: int, value: int | date | datetime):
    """Something of the same type for the value at `number`, as no row and no person has it."""
    if isinstance(value, datetime):
        return _MOMENT + timedelta(seconds=number)
    if isinstance(value, date):
        return _DAY + timedelta(days=number)
    return -(10**15) - number


def with_stand_ins(rows: QuerySet, numbers: Iterator[int], today: date) -> QuerySet:
    """`rows` with each of its values replaced, in the order of shape_of(rows, today).values."""
    made = rows.all()
    made.query.where = _replaced(rows.query.where, numbers, today)
    return made


def _replaced(node, numbers: Iterator[int], today: date):
    made = copy(node)
    if isinstance(node, WhereNode):
        made.children = [_replaced(child, numbers, today) for child in node.children]
    elif _is_value(node.rhs, today):
        made.rhs = stand_in(next(numbers), node.rhs)
    return made


class Statement:
    """A statement written for stand-ins, to be read with real values at the same numbers."""

    def __init__(self, rows: QuerySet, values: tuple):
        """`values`: some real ones; their types count."""
        self._written = Written(rows)
        numbers = {(type(v), stand_in(n, v)): n for n, v in enumerate(values)}
        self._numbers, shown = [], []
        for parameter in self._written.parameters:
            number = numbers.get((type(parameter), parameter))
            shown.append(parameter if number is None else AsIs(_HERE))
            self._numbers += [] if number is None else [number]
        connection.ensure_connection()
        with connection.connection.cursor() as cursor:
            text = cursor.mogrify(self._written.sql, shown).decode()
        self._sql = text.replace("%", "%%").replace(_HERE, "%s")

    def read(self, values: tuple, *, is_planned: bool) -> list:
        """The rows for these values; `is_planned`: see common.prepared.planned."""
        parameters = tuple(values[number] for number in self._numbers)
        asked = planned(self._sql, parameters) if is_planned else (self._sql, parameters)
        return self._written.read(*asked)
