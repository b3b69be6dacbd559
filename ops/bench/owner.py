"""What only the owner of the tables may do: take away what the bench wrote, so that a province can be measured again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from reports import summary

_TOLD = (
    "clocks_draft", "clocks_pendingline", "clocks_digest", "clocks_reminder", "notifications_delivery",
    "notifications_notice",
)  # fmt: skip
_LAST = "SELECT coalesce(max(id), 0) FROM hazards_hazard"


def linked(name: str) -> Connection:
    """A plain connection by the URL in this environment variable."""
    return psycopg2.connect(os.environ[name].replace("postgres://", "postgresql://"))


@contextmanager
def owner() -> Iterator[Cursor]:
    """A cursor of the owner, each statement committed."""
    connection = linked("DATABASE_OWNER_URL")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def put_right(key: int) -> None:
    """What a run that was broken off may have left: a trigger off, tables of its own, hazards after the last made one."""
    with owner() as cursor:
        cursor.execute("ALTER TABLE hazards_hazard ENABLE TRIGGER summary_update")
        cursor.execute("DROP TABLE IF EXISTS bench_event, bench_reminder")
    if last_hazard() > key:
        forget_hazards_after(key)


def last_hazard() -> int:
    """The highest key of a hazard there is."""
    with owner() as cursor:
        cursor.execute(_LAST)
        return cursor.fetchone()[0]


def forget_hazards_after(key: int) -> None:
    """Hazards registered by the bench go with all that hangs on them; the summary follows."""
    summary.fold_all()
    with owner() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(_TOLD)} CASCADE")
        cursor.execute("DELETE FROM hazards_hazardevent WHERE hazard_id > %s", [key])
        cursor.execute("DELETE FROM clocks_clock WHERE kind = 'hazard' AND subject_id > %s", [key])
        cursor.execute("DELETE FROM hazards_hazard WHERE id > %s", [key])
    summary.fold_all()


def forget_what_was_told() -> None:
    """Reminders, notices and digests go; every running clock is looked at again from its beginning."""
    with owner() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(_TOLD)} CASCADE")
        cursor.execute("UPDATE clocks_clock SET next_look_on = started_on WHERE ended_at IS NULL")
        cursor.execute("VACUUM (ANALYZE) clocks_clock")
