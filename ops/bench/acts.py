"""Acts: registering a hazard against its bare writes, and what the upkeep of the summary costs eight writers."""

import re
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import SimpleNamespace

from django.conf import settings
from django.db import connection
from django.utils import timezone

from hazards.actions.register import register
from hazards.enums import Domain, Severity, Source
from hazards.models import Hazard
from institutions.enums import Role
from institutions.models import Institution
from ops.bench.cast import actor_of, busiest_county
from ops.bench.effort import Effort
from ops.bench.owner import forget_hazards_after, last_hazard, linked, owner
from ops.bench.rows import Row, compared
from ops.bench.timing import medians, watch
from reports import summary

_TO_RAW, _SHARE, _WRITERS = 2.5, 0.75, 8
_WRITES = re.compile(r"^\s*(INSERT|UPDATE)\b|\bINSERT INTO\b")


def registering() -> Callable[[], Hazard]:
    """Registers a hazard and issues it in the same step, as a county official: a new one at each call."""
    actor = actor_of(Role.COUNTY_OFFICIAL)
    house = Institution.objects.visible_to(actor).order_by("pk").first()
    today = timezone.localdate()

    def act() -> Hazard:
        return register(
            by=actor, institution=house, description="疏散通道堆放杂物，影响逃生", location="二层东侧走廊",
            domain=Domain.FIRE, severity=Severity.GENERAL, source=Source.SCREENING, found_on=today, uid=uuid.uuid4(),
            no_photo_reason="测速",
            issue_with={"due_on": today + timedelta(days=7), "responsible_person": "张三"},
        )  # fmt: skip

    return act


class RawWrites:
    """The statements of one registration that write, played again on a bare connection in one transaction.

    Without its reads and locks. The hazard's own keys are replaced by new ones wherever they stand, so that the same
    rows are written. `has_notices`: with the rows that tell people, too.
    """

    def __init__(self, act: Callable[[], Hazard], *, has_notices: bool = True):
        self._writes: list[tuple[str, Sequence | dict]] = []
        with connection.execute_wrapper(self._note):
            hazard = act()
        self._writes = [
            (sql, p) for sql, p in self._writes if has_notices or "INTO notifications_" not in sql
        ]
        self._pk, self._uid = hazard.pk, str(hazard.uid)
        self._link = linked("DATABASE_URL")
        watch(self._link.info.backend_pid)

    def _note(self, execute, sql, params, many, context):
        if _WRITES.search(sql):
            self._writes.append((sql, params or ()))
        return execute(sql, params, many, context)

    @property
    def count(self) -> int:
        return len(self._writes)

    def play(self) -> None:
        """One transaction."""
        uid, pk = str(uuid.uuid4()), None
        with self._link, self._link.cursor() as cursor:
            for sql, params in self._writes:
                cursor.execute(sql, self._new(params, uid, pk))
                if pk is None and sql.startswith('INSERT INTO "hazards_hazard"'):
                    pk = cursor.fetchone()[0]

    def _new(self, value, uid: str, pk: int | None):
        if isinstance(value, uuid.UUID) or value == self._uid:
            return uid
        if isinstance(value, dict):
            return {name: self._new(part, uid, pk) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self._new(part, uid, pk) for part in value]
        if pk is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return value.replace(str(self._pk), str(pk))
        return pk if value == self._pk else value

    def close(self) -> None:
        self._link.close()


def acts(effort: Effort) -> list[Row]:
    """Registering with event, clock, notices and deltas, against the bare transaction of the same writes.

    And against one that tells nobody, which is what earlier figures were measured against.
    """
    last, act = last_hazard(), registering()
    raw, silent = RawWrites(act), RawWrites(act, has_notices=False)
    found = medians({"act": act, "raw": raw.play, "silent": silent.play}, effort.times * 3)
    for link in (raw, silent):
        link.close()
    forget_hazards_after(last)
    return [
        compared(
            "登记", f"登记并下发（{link.count} 条写入语句）", found["act"], found[name], against, _TO_RAW
        )
        for name, link, against in (("raw", raw, "裸事务"), ("silent", silent, "不写通知的裸事务"))
    ]


def upkeep(effort: Effort) -> list[Row]:
    """Acts a second by eight writers in one county, each an update and an event, with the summary's trigger and without."""
    county = busiest_county()
    rows = Hazard.objects.filter(county=county).order_by("pk")[:800]
    facts = SimpleNamespace(
        ids=[row.pk for row in rows], event=rows[0].events.order_by("seq").first().pk,
        flags=[row.is_self_reported for row in rows],
    )  # fmt: skip
    speeds: dict[str, list[float]] = {"with": [], "without": []}
    with owner() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_event")
        cursor.execute("CREATE TABLE bench_event (LIKE hazards_hazardevent INCLUDING ALL)")
        cursor.execute(f"GRANT SELECT, INSERT ON bench_event TO {settings.RUNTIME_DATABASE_USER}")
        try:
            for n in range(effort.rounds * 2):
                kind = "without" if n % 2 else "with"
                cursor.execute(_TRIGGER.format("DISABLE" if n % 2 else "ENABLE"))
                speeds[kind].append(_acts_a_second(facts, effort.seconds))
                cursor.execute(
                    _AS_BEFORE, [facts.ids, facts.flags]
                )  # seen by the trigger as the change was, or not
                summary.fold_all()
        finally:
            cursor.execute(_TRIGGER.format("ENABLE"))
            cursor.execute("DROP TABLE bench_event")
    having, lacking = (statistics.median(values) for values in speeds.values())
    return [
        Row("登记", "8 人同县同时办理，有汇总触发器", having, "per_s"),
        Row("登记", "8 人同县同时办理，无汇总触发器", lacking, "per_s"),
        Row(
            "登记", "有触发器时的吞吐占比（%）", having / lacking * 100, "", limit=_SHARE * 100, is_least=True
        ),
    ]


_TRIGGER = "ALTER TABLE hazards_hazard {} TRIGGER summary_update"
_AS_BEFORE = """
UPDATE hazards_hazard h SET is_self_reported = b.flag FROM unnest(%s::bigint[], %s::boolean[]) AS b (id, flag)
WHERE h.id = b.id AND h.is_self_reported <> b.flag
"""
_LOCK = "SELECT 1 FROM hazards_hazard WHERE id = %s FOR NO KEY UPDATE"
_CHANGE = "UPDATE hazards_hazard SET is_self_reported = NOT is_self_reported WHERE id = %s"
_EVENT = """
INSERT INTO bench_event (hazard_id, seq, action, from_status, to_status, at, by_id, by_name, by_role, by_place, comment,
    data, algorithm, previous_hash, hash)
SELECT hazard_id, nextval(pg_get_serial_sequence('hazards_hazardevent', 'id')), action, from_status, to_status, now(),
    by_id, by_name, by_role, by_place, comment, data, algorithm, previous_hash, hash
FROM hazards_hazardevent WHERE id = %s
"""


def _acts_a_second(facts: SimpleNamespace, seconds: float) -> float:
    counts, until = [0] * _WRITERS, time.monotonic() + seconds

    def write(number: int) -> None:
        link = linked("DATABASE_URL")
        cursor, mine = link.cursor(), facts.ids[number::_WRITERS]
        while mine and time.monotonic() < until:
            pk = mine[counts[number] % len(mine)]
            cursor.execute(_LOCK, [pk])
            cursor.execute(_CHANGE, [pk])
            cursor.execute(_EVENT, [facts.event])
            link.commit()
            counts[number] += 1
        link.close()

    threads = [threading.Thread(target=write, args=[n]) for n in range(_WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds
