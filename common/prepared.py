"""Statements every page asks: Django writes their SQL once in a process instead of at each request."""

from collections.abc import Callable
from copy import copy
from functools import cache, cached_property

from django.db import connection
from django.db.models import QuerySet

_SLOT = -1  # no row has it, and no other parameter of such a statement equals it


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


class Prepared:
    """The rows of the queryset `made` for a primary key, as Django makes them, its SQL written at the first call."""

    def __init__(self, made: Callable[[int], QuerySet]):
        self._made = made

    @cached_property
    def _written(self) -> tuple:
        rows = self._made(_SLOT)
        compiler = rows.query.get_compiler(rows.db)
        return rows, compiler, *compiler.as_sql()

    def rows(self, pk: int) -> list:
        """Read now, one statement."""
        rows, compiler, sql, parameters = self._written
        rows, compiler = rows.all(), copy(compiler)  # another thread may be reading with the same
        compiler.connection = connection
        compiler.as_sql = lambda: (sql, filled(parameters, pk))
        rows.query.get_compiler = lambda using: compiler
        return list(rows)
