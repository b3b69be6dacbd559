"""Statements every page or act asks: Django writes their SQL once in a process, PostgreSQL plans them once on a connection."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from copy import copy
from functools import cache, cached_property, lru_cache
from inspect import signature
from itertools import count
from weakref import WeakKeyDictionary

from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection
from django.db.models import Field, Model, QuerySet

_SLOTS = range(-1, -20, -1)  # no row has them, and no other parameter of such a statement equals one
_MOST = 64  # statements of one connection, half a megabyte each at most; then the longest unused is given up
_numbers = count(1)
# Of each connection to PostgreSQL: names by SQL, oldest use first. A name ends in the first table: for whoever reads a log.
_names: WeakKeyDictionary = WeakKeyDictionary()
_TABLE = re.compile(r'(?:FROM|INTO|UPDATE) "?(\w{1,40})')


def filled(parameters: tuple, pks: tuple[int | None, ...]) -> tuple:
    """The parameters of a statement that was written for no one, with `pks` in their places."""
    given = dict(zip(_SLOTS, pks, strict=False))
    return tuple(given.get(value, value) if type(value) is int else value for value in parameters)


def prepared_sql(made: Callable[..., QuerySet]) -> Callable[..., tuple[str, tuple]]:
    """SQL and parameters of the queryset `made` for primary keys, written at the first call."""
    written = cache(lambda number: made(*_SLOTS[:number]).query.sql_with_params())

    def of(*pks: int) -> tuple[str, tuple]:
        sql, parameters = written(len(pks))
        return sql, filled(parameters, pks)

    return of


def planned(sql: str, parameters: tuple) -> tuple[str, tuple]:
    """The same statement as one that PostgreSQL planned when this connection asked it first.

    Only for statements whose best plan is the same for all parameters: that of the first few may be kept. Several
    statements of a page take longer to plan than to run.
    """
    connection.close_if_health_check_failed()  # as before any statement of a request: a new one has no plans
    connection.ensure_connection()
    link = connection.connection
    names: OrderedDict[str, str] = _names.setdefault(link, OrderedDict())
    if sql not in names:
        table = _TABLE.search(sql)
        name = f"planned_{next(_numbers)}_{table[1] if table else 'without_table'}"
        with connection.wrap_database_errors, link.cursor() as cursor:
            if len(names) >= _MOST:
                cursor.execute(f"DEALLOCATE {names.popitem(last=False)[1]}")
            cursor.execute(f"PREPARE {name} AS {_numbered(sql)}")
        names[sql] = name
    names.move_to_end(sql)
    slots = f" ({', '.join(['%s'] * len(parameters))})" if parameters else ""
    return f"EXECUTE {names[sql]}{slots}", parameters


@lru_cache(maxsize=256)
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
    """The rows of the queryset `made` for primary keys, as Django makes them, its SQL written at the first call."""

    def __init__(self, made: Callable[..., QuerySet]):
        self._made = made

    @cached_property
    def _written(self) -> Written:
        return Written(self._made(*_SLOTS[: len(signature(self._made).parameters)]))

    def rows(self, *pks: int | None) -> list:
        """Read now, one statement. A key that is None finds nothing."""
        try:
            written = self._written
        except EmptyResultSet:  # Django has seen that it finds nothing, whatever the keys
            return []
        return written.read(*planned(written.sql, filled(written.parameters, pks)))


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
def _insert(model: type[Model], number: int, otherwise: str) -> tuple[list[Field], str]:
    quote, meta = connection.ops.quote_name, model._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    columns, values = (
        ", ".join(part) for part in zip(*((quote(f.column), "%s") for f in fields), strict=True)
    )
    rows = ", ".join([f"({values})"] * number)
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
