"""Statements every page or act asks: Django writes their SQL once in a process instead of each time."""

from collections.abc import Callable
from copy import copy
from functools import cache, cached_property
from inspect import signature

from django.db import connection
from django.db.models import QuerySet

_SLOTS = range(-1, -20, -1)  # no row has them, and no other parameter of such a statement equals one


def filled(parameters: tuple, pks: tuple[int | None, ...]) -> tuple:
    """The parameters of a statement that was written for no one, with `pks` in their places."""
    given = dict(zip(_SLOTS, pks, strict=False))
    return tuple(given.get(value, value) if type(value) is int else value for value in parameters)


def prepared_sql(made: Callable[..., QuerySet]) -> Callable[..., tuple[str, tuple]]:
    """SQL and parameters of the queryset `made` for primary keys, written at the first call."""
    written = cache(lambda count: made(*_SLOTS[:count]).query.sql_with_params())

    def of(*pks: int) -> tuple[str, tuple]:
        sql, parameters = written(len(pks))
        return sql, filled(parameters, pks)

    return of


class Prepared:
    """The rows of the queryset `made` for primary keys, as Django makes them, its SQL written at the first call."""

    def __init__(self, made: Callable[..., QuerySet]):
        self._made = made

    @cached_property
    def _written(self) -> tuple:
        rows = self._made(*_SLOTS[: len(signature(self._made).parameters)])
        compiler = rows.query.get_compiler(rows.db)
        return rows, compiler, *compiler.as_sql()

    def rows(self, *pks: int | None) -> list:
        """Read now, one statement. A key that is None finds nothing."""
        rows, compiler, sql, parameters = self._written
        rows, compiler = rows.all(), copy(compiler)  # another thread may be reading with the same
        compiler.connection = connection
        compiler.as_sql = lambda: (sql, filled(parameters, pks))
        rows.query.get_compiler = lambda using: compiler
        return list(rows)
