"""Statements every page asks: Django writes their SQL once in a process, PostgreSQL plans them once on a connection."""

import re
from collections.abc import Callable
from copy import copy
from functools import cache, cached_property
from itertools import count
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import QuerySet

_SLOT = -1  # no row has it, and no other parameter of such a statement equals it
_MOST = 100  # statements of one connection; what comes after is planned each time
_names: WeakKeyDictionary = WeakKeyDictionary()  # of each connection to PostgreSQL: names by SQL


def filled(parameters: tuple, value: int) -> tuple:
    """The parameters of a statement that was written for no one, with `value` in their place."""
    return tuple(value if parameter == _SLOT else parameter for parameter in parameters)


def prepared_sql(made: Callable[[int], QuerySet]) -> Callable[[int], tuple[str, tuple]]:
    """SQL and parameters of the queryset `made` for a primary key, written at the first call."""
    written = cache(lambda: made(_SLOT).query.sql_with_params())

    def of(pk: int) -> tuple[str, tuple]:
        sql, parameters = written()
        return sql, filled(parameters, pk)

    return of


def planned(sql: str, parameters: tuple) -> tuple[str, tuple]:
    """The same statement as one that PostgreSQL planned when this connection asked it first.

    Only for statements whose best plan is the same for all parameters: that of the first few may be kept. Several
    statements of a page take longer to plan than to run.
    """
    connection.ensure_connection()
    link = connection.connection
    names = _names.setdefault(link, {})
    if sql not in names:
        if len(names) >= _MOST:
            return sql, parameters
        name = f"planned_{len(names)}"
        with connection.wrap_database_errors, link.cursor() as cursor:
            cursor.execute(f"PREPARE {name} AS {_numbered(sql)}")
        names[sql] = name
    slots = f" ({', '.join(['%s'] * len(parameters))})" if parameters else ""
    return f"EXECUTE {names[sql]}{slots}", parameters


@cache
def _numbered(sql: str) -> str:
    """With $1, $2, … for each %s."""
    number = count(1)
    return re.sub(r"%[s%]", lambda found: "%" if found[0] == "%%" else f"${next(number)}", sql)


class Written:
    """A queryset's statement, written once; its rows are read as Django would read them."""

    def __init__(self, rows: QuerySet):
        self._rows, self._compiler = rows, rows.query.get_compiler(rows.db)
        self.sql, self.parameters = self._compiler.as_sql()

    def read(self, sql: str, parameters: tuple) -> list:
        """The rows of this statement with other parameters, or as `planned`; read now."""
        rows, compiler = self._rows.all(), copy(self._compiler)  # another thread may be reading with the same
        compiler.connection = connection
        compiler.as_sql = lambda: (sql, parameters)
        rows.query.get_compiler = lambda using: compiler
        return list(rows)


class Prepared:
    """The rows of the queryset `made` for a primary key, as Django makes them, its SQL written at the first call."""

    def __init__(self, made: Callable[[int], QuerySet]):
        self._made = made

    @cached_property
    def _written(self) -> Written:
        return Written(self._made(_SLOT))

    def rows(self, pk: int) -> list:
        """Read now, one statement."""
        written = self._written
        return written.read(*planned(written.sql, filled(written.parameters, pk)))
