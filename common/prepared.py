"""Statements every page or act asks: Django writes their SQL once in a process instead of each time."""

from collections.abc import Callable, Iterable
from copy import copy
from functools import cache, cached_property
from inspect import signature

from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection
from django.db.models import Field, Model, QuerySet

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
        try:
            rows, compiler, sql, parameters = self._written
        except EmptyResultSet:  # Django has seen that it finds nothing, whatever the keys
            return []
        rows, compiler = rows.all(), copy(compiler)  # another thread may be reading with the same
        compiler.connection = connection
        compiler.as_sql = lambda: (sql, filled(parameters, pks))
        rows.query.get_compiler = lambda using: compiler
        return list(rows)


def insert(rows: list[Model]) -> None:
    """Write new rows of one model in their order, in one statement; they know their keys then.

    What save() would write, for models whose key PostgreSQL draws and whose values are no expressions.
    """
    _inserted(rows)


def insert_if_new(row: Model) -> bool:
    """Write a row unless one like it is there (by any unique key), and say so; waits for who is writing that one."""
    return _inserted([row], "ON CONFLICT DO NOTHING") == 1


def _inserted(rows: list[Model], otherwise: str = "") -> int:
    fields, sql = _insert(type(rows[0]), len(rows), otherwise)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in _values(row, fields, is_new=True)])
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=False):
        row.pk, row._state.adding, row._state.db = key, False, connection.alias
    return len(keys)


def update(row: Model, names: Iterable[str]) -> None:
    """Write these fields of a row that is there, in one statement. Raises DatabaseError when it is gone."""
    fields, sql = _update(type(row), tuple(names))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_values(row, fields, is_new=False), row.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"no {row._meta.label} with the key {row.pk}")


@cache
def _insert(model: type[Model], count: int, otherwise: str) -> tuple[list[Field], str]:
    quote, meta = connection.ops.quote_name, model._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    columns, values = (
        ", ".join(part) for part in zip(*((quote(f.column), "%s") for f in fields), strict=True)
    )
    rows = ", ".join([f"({values})"] * count)
    table, key = quote(meta.db_table), quote(meta.pk.column)
    return fields, f"INSERT INTO {table} ({columns}) VALUES {rows} {otherwise} RETURNING {key}"


@cache
def _update(model: type[Model], names: tuple[str, ...]) -> tuple[list[Field], str]:
    quote, meta = connection.ops.quote_name, model._meta
    fields = [meta.get_field(name) for name in names]
    changes = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    return fields, f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {quote(meta.pk.column)} = %s"


def _values(row: Model, fields: list[Field], *, is_new: bool) -> list:
    return [field.get_db_prep_save(field.pre_save(row, is_new), connection) for field in fields]
