"""Dead-man's switch: what the rows say about whether messages still leave the house."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from common.database import Columns, ask
from notifications.duties import DUTIES
from notifications.heartbeat import SWEEP
from notifications.rules import DEATHS_COUNT_FOR, DELIVERY_LATE_AFTER, SWEEP_SILENT_AFTER

_VITALS = """
       statement_timestamp() - (SELECT beat_at FROM notifications_heartbeat WHERE name = %s),
       statement_timestamp() - (
           SELECT min(due_at) FROM notifications_delivery
           WHERE sent_at IS NULL AND dead_at IS NULL AND dropped_at IS NULL AND channel <> 'webhook'
       ),
       (SELECT count(*) FROM notifications_delivery
        WHERE dead_at > statement_timestamp() - %s::interval AND NOT is_undeliverable),
       ARRAY(SELECT statement_timestamp() - beat_at FROM unnest(%s::text[]) WITH ORDINALITY AS duty (name, position)
             LEFT JOIN notifications_heartbeat USING (name) ORDER BY position)
"""


class Vitals(NamedTuple):
    """Age of the last sweep and of the oldest unsent message (None: there is none), deaths in the last day.

    Another system that is away is its own trouble, and no fault of this one: its messages are not counted.
    What had no reachable address is no death: the system page lists the address instead.
    `duties` has the age of each further duty that is watched (notifications.duties), by its name.
    """

    sweep_age: timedelta | None
    oldest_due_age: timedelta | None
    deaths: int
    duties: Mapping[str, timedelta | None] = MappingProxyType({})


def vitals_columns() -> Columns:
    """The vitals, to be asked together with other things: a few index look-ups."""
    return Columns(_VITALS, (SWEEP, DEATHS_COUNT_FOR, list(DUTIES)), 4)


def vitals_of(answer: tuple) -> Vitals:
    """What was answered to vitals_columns()."""
    sweep_age, oldest_due_age, deaths, ages = answer
    return Vitals(sweep_age, oldest_due_age, deaths, dict(zip(DUTIES, ages, strict=True)))


def vitals() -> Vitals:
    """Read the vitals: one statement."""
    (answer,) = ask(vitals_columns())
    return vitals_of(answer)


def problems(seen: Vitals) -> list[str]:
    """What a person must be told of these vitals, in sentences; empty when all is well."""
    found = []
    if seen.sweep_age is None:
        found.append("后台定时任务还没有运行过，提醒和邮件不会发出。请检查 Celery worker 和 beat。")
    elif seen.sweep_age > SWEEP_SILENT_AFTER:
        found.append(
            f"后台定时任务已停止 {_minutes(seen.sweep_age)} 分钟，提醒和邮件可能没有发出。"
            "请检查 Celery worker 和 beat。"
        )
    # Where nothing runs at all one sentence says so; a duty is named when it alone fell silent.
    for name, age in seen.duties.items() if not found else ():
        duty = DUTIES[name]
        if age is None:
            found.append(f"{duty.label}还没有运行过，{duty.consequence}。请检查 Celery worker 和 beat。")
        elif age > SWEEP_SILENT_AFTER:
            found.append(
                f"{duty.label}已停止 {_minutes(age)} 分钟，{duty.consequence}。请检查 Celery worker 和 beat。"
            )
    if seen.oldest_due_age is not None and seen.oldest_due_age > DELIVERY_LATE_AFTER:
        found.append(
            f"有消息超过应发时间 {_minutes(seen.oldest_due_age)} 分钟仍未发出。"
            "请检查邮件服务器、短信网关和群机器人。"
        )
    if seen.deaths:
        found.append(f"最近一天有 {seen.deaths} 条消息多次发送失败，已放弃发送。请检查发送渠道。")
    return found


def has_unapplied_migrations() -> bool:
    """Whether the database lags behind this code. Raises OperationalError when it can't be reached."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _minutes(age: timedelta) -> int:
    return int(age.total_seconds() // 60)
