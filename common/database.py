"""The two database roles: the owner migrates, the runtime role works and may not rewrite history."""

from dataclasses import dataclass
from itertools import islice

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.backends.postgresql.psycopg_any import errors

from common.prepared import planned


@dataclass(frozen=True)
class Columns:
    """`count` columns of a SELECT without FROM, with %s for `parameters`: one part of a statement that asks for several."""

    sql: str
    parameters: tuple = ()
    count: int = 1


def ask(*wanted: Columns) -> list[tuple]:
    """What each of `wanted` says now, in one statement, planned once."""
    sql = f"SELECT {', '.join(part.sql for part in wanted)}"
    with connection.cursor() as cursor:
        cursor.execute(*planned(sql, tuple(value for part in wanted for value in part.parameters)))
        row = iter(cursor.fetchone())
    return [tuple(islice(row, part.count)) for part in wanted]


def is_busy(error: Exception) -> bool:
    """Whether `error` says that somebody else held the row for too long: nothing is broken, try again."""
    return isinstance(error, OperationalError) and isinstance(
        error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected
    )


def append_only_tables() -> list[str]:
    """Tables of the models marked `append_only = True`: the runtime role may INSERT and SELECT, nothing else."""
    return [m._meta.db_table for m in apps.get_models() if getattr(m, "append_only", False)]


def read_only_tables() -> list[str]:
    """Tables of the models marked `read_only = True`: written by migrations, only read at run time."""
    return [m._meta.db_table for m in apps.get_models() if getattr(m, "read_only", False)]


def derived_tables() -> list[str]:
    """Tables of the models marked `derived = True`: PostgreSQL's own functions write them from other rows.

    The runtime role only reads them. Unlike read-only ones they hold no reference data.
    """
    return [m._meta.db_table for m in apps.get_models() if getattr(m, "derived", False)]


def grant_runtime(role: str) -> None:
    """Give `role` what it needs on every table and sequence, and no more. Run as the owner; may be repeated."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quote(role)}")
        cursor.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quote(role)}"
        )
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quote(role)}")
        for table in append_only_tables():
            cursor.execute(
                f"REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {quote(table)} FROM {quote(role)}"
            )
        for table in [*read_only_tables(), *derived_tables(), "django_migrations"]:
            cursor.execute(
                f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {quote(table)} FROM {quote(role)}"
            )


_WHO = """
SELECT current_user,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
       EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND pg_has_role(tableowner, 'USAGE')),
       ARRAY(
           SELECT relname FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s)
             AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')
           ORDER BY relname
       )
"""


def ensure_runtime_role() -> None:
    """Refuse to serve as a role that could rewrite history.

    Raises ImproperlyConfigured when the connected role is a superuser, owns the tables (itself or as a member of
    the role that does), or was granted changes to an append-only table.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WHO, [append_only_tables()])
        user, is_superuser, is_owner, changeable = cursor.fetchone()
    if is_superuser or is_owner:
        raise ImproperlyConfigured(
            f"数据库角色 {user} 是{'超级用户' if is_superuser else '表的所有者'}，不能用来运行服务。"
            "请把 DATABASE_URL 改为只有运行权限的角色（见 README“部署”）。"
        )
    if changeable:
        raise ImproperlyConfigured(
            f"数据库角色 {user} 可以改写办理记录（{'、'.join(changeable)}），不能用来运行服务。"
            "请收回多余的授权，再运行 prepare_database。"
        )
