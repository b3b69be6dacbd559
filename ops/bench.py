"""`python -m ops.bench`: how fast the statistics are, against baselines taken in the same run. Nothing fails by time.

Works on the database of DATABASE_URL, filled by `manage.py generate` and used for nothing else: the measure of the
summary's upkeep writes to its hazards (and puts them back). Prints a table and keeps it as JSON in .data/bench/.
"""

import argparse
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psycopg2  # noqa: E402  (after the settings are read)
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Q  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from hazards.models import Hazard  # noqa: E402
from institutions.actor import Actor  # noqa: E402
from institutions.models import Membership  # noqa: E402
from institutions.territories import territory_below  # noqa: E402
from ops.bench_urls import bare_for  # noqa: E402
from ops.terminal import say  # noqa: E402
from reports import past, summary  # noqa: E402
from reports.periods import ALL_TIME, end_of, month_of, months_later  # noqa: E402
from reports.statistics import statistics_of  # noqa: E402

RESULTS = Path(settings.BASE_DIR) / ".data" / "bench"
WRITERS = 8
_PLAIN = (
    "SELECT status, severity, count(*) FROM hazards_hazard WHERE {here} GROUP BY 1, 2",
    "SELECT city_id, status, count(*), count(*) FILTER (WHERE status = 'rectifying' AND due_on < %(today)s) "
    "FROM hazards_hazard WHERE {here} GROUP BY 1, 2",
    "SELECT domain, source, status, count(*) FROM hazards_hazard WHERE {here} GROUP BY 1, 2, 3",
    "SELECT i.kind, h.status, count(*) FROM hazards_hazard h JOIN institutions_institution i ON i.id = h.institution_id "
    "WHERE h.{here} GROUP BY 1, 2",
    "SELECT date_trunc('month', found_on), date_trunc('month', closed_at AT TIME ZONE 'Asia/Shanghai'), count(*) "
    "FROM hazards_hazard WHERE {here} GROUP BY 1, 2",
)


def median_ms(work: Callable[[], object], times: int) -> float:
    """Median duration in milliseconds, after one run that counts for nothing."""
    work()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def actor_of(role: str) -> Actor:
    """Whoever holds the role in the largest county, its city or its province."""
    county = Hazard.objects.order_by().values_list("county", flat=True).first()
    rows = Membership.objects.active().with_places().filter(role=role)
    here = rows.filter(authority__region=county) if role == "county_official" else rows
    post = here.first()
    return Actor(post.user, post)


def plain(actor: Actor) -> list:
    """What the summary stands for, as five GROUP BYs over the rows; the first answer."""
    column, value = actor.scope.column, actor.scope.value
    today, answers = timezone.localdate(), []
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for sql in _PLAIN:
            cursor.execute(sql.format(here=f"{column} = %(place)s"), {"place": value, "today": today})
            answers.append(cursor.fetchall())
    return answers[0]


def dashboards(times: int) -> list[dict]:
    """For province, city and county."""
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.ROOT_URLCONF = "ops.bench_urls"
    return [
        dashboard_of(actor_of(role), times)
        for role in ("province_official", "city_official", "county_official")
    ]


def dashboard_of(actor: Actor, times: int) -> dict:
    """The whole page with login, the bare page of the same statements, their statements alone, plain GROUP BY."""
    today, client, stranger = timezone.localdate(), Client(), Client()
    client.force_login(actor.user, backend="institutions.backends.PersonBackend")
    territory = territory_below(actor.authority.region, "")
    bare_for(actor, territory)
    last_month = end_of(months_later(month_of(today), -1))
    own = statistics_of(actor, territory, today).summary.within(ALL_TIME)
    is_equal = {(s, g): n for s, g, n in plain(actor)} == {key: sums.n for key, sums in own.items()}
    page = median_ms(lambda: client.get("/dashboard/"), times)
    bare = median_ms(lambda: stranger.get("/bare/dashboard/"), times)
    statements = median_ms(lambda: statistics_of(actor, territory, today), times)
    grouped = median_ms(lambda: plain(actor), max(3, times // 5))
    then = median_ms(lambda: past.figures_on(actor, territory, last_month), 3)
    return {
        "scope": actor.authority.region.name, "page_ms": page, "bare_ms": bare, "statements_ms": statements,
        "group_by_ms": grouped, "last_month_from_events_ms": then, "page_to_bare": page / bare,
        "group_by_to_page": grouped / page, "group_by_to_statements": grouped / statements, "numbers_equal": is_equal,
    }  # fmt: skip


def pending(times: int) -> dict:
    """Reading with deltas not folded: what a dashboard costs while the folder is behind."""
    actor = actor_of("province_official")
    territory = territory_below(actor.authority.region, "")
    summary.fold_all()
    folded = median_ms(lambda: summary.read(actor, territory, ALL_TIME), times)
    ids = list(Hazard.objects.order_by().values_list("pk", flat=True)[:2500])
    rows = Hazard.objects.filter(pk__in=ids)
    rows.update(is_self_reported=~Q(is_self_reported=True))
    behind = median_ms(lambda: summary.read(actor, territory, ALL_TIME), times)
    began = time.perf_counter()
    count = summary.fold_all()
    spent = (time.perf_counter() - began) * 1000
    rows.update(is_self_reported=~Q(is_self_reported=True))
    summary.fold_all()
    return {"folded_ms": folded, "pending": count, "with_pending_ms": behind, "fold_ms": spent}


def upkeep(seconds: float, rounds: int) -> dict:
    """Acts a second by eight writers in one county, each an update and an event, with the summary's trigger and without."""
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"].replace("postgres://", "postgresql://"))
    owner.autocommit = True
    run = owner.cursor().execute
    run("DROP TABLE IF EXISTS bench_event")
    run("CREATE TABLE bench_event (LIKE hazards_hazardevent INCLUDING ALL)")
    run(f"GRANT SELECT, INSERT ON bench_event TO {settings.RUNTIME_DATABASE_USER}")
    county = Hazard.objects.order_by().values_list("county", flat=True).first()
    ids = list(Hazard.objects.filter(county=county).order_by("pk").values_list("pk", flat=True)[:800])
    event = Hazard.objects.get(pk=ids[0]).events.order_by("seq").first()
    speeds = {"with": [], "without": []}
    try:
        for n in range(rounds * 2):
            kind = "with" if n % 2 else "without"
            run(f"ALTER TABLE hazards_hazard {'ENABLE' if n % 2 else 'DISABLE'} TRIGGER summary_update")
            speeds[kind].append(_acts_a_second(ids, event, seconds))
            summary.fold_all()
    finally:
        run("ALTER TABLE hazards_hazard ENABLE TRIGGER summary_update")
        run("DROP TABLE bench_event")
        owner.close()
    summary.rebuild()
    medians = {kind: statistics.median(values) for kind, values in speeds.items()}
    return {"with_per_s": medians["with"], "without_per_s": medians["without"], "share": medians["with"] / medians["without"]}  # fmt: skip


def _acts_a_second(ids: list[int], event, seconds: float) -> float:
    counts, until = [0] * WRITERS, time.monotonic() + seconds
    url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://")

    def write(number: int) -> None:
        link = psycopg2.connect(url)
        cursor, mine = link.cursor(), ids[number::WRITERS]
        while time.monotonic() < until:
            pk = mine[counts[number] % len(mine)]
            cursor.execute("SELECT 1 FROM hazards_hazard WHERE id = %s FOR NO KEY UPDATE", [pk])
            cursor.execute("UPDATE hazards_hazard SET is_self_reported = NOT is_self_reported, status_changed_at = now() WHERE id = %s", [pk])  # fmt: skip
            cursor.execute(
                "INSERT INTO bench_event (hazard_id, seq, action, from_status, to_status, at, by_id, by_name, by_role,"
                " by_place, comment, data, algorithm, previous_hash, hash)"
                " SELECT hazard_id, nextval(pg_get_serial_sequence('hazards_hazardevent', 'id')), action, from_status,"
                " to_status, now(), by_id, by_name, by_role, by_place, comment, data, algorithm, previous_hash, hash"
                " FROM hazards_hazardevent WHERE id = %s",
                [event.pk],
            )
            link.commit()
            counts[number] += 1
        link.close()

    threads = [threading.Thread(target=write, args=[n]) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="统计的速度，与同一次运行的基准相比")
    parser.add_argument("--times", type=int, default=15, help="每项几次，取中位数")
    parser.add_argument("--seconds", type=float, default=4, help="写入测量每轮几秒")
    parser.add_argument("--rounds", type=int, default=3, help="写入测量几轮")
    arguments = parser.parse_args()
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "hazards": Hazard.objects.count(),
        "load": os.getloadavg()[0],
        "dashboards": dashboards(arguments.times),
        "pending": pending(arguments.times),
        "upkeep": upkeep(arguments.seconds, arguments.rounds),
    }
    say(f"{result['hazards']} 条隐患，机器负载 {result['load']:.1f}")
    for line in result["dashboards"]:
        say("  ".join(f"{k}={v:.1f}" if isinstance(v, float) else f"{k}={v}" for k, v in line.items()))
    for part in ("pending", "upkeep"):
        say(part + "  " + "  ".join(f"{k}={v:.2f}" for k, v in result[part].items()))
    RESULTS.mkdir(parents=True, exist_ok=True)
    kept = RESULTS / f"statistics-{result['at'].replace(':', '')}.json"
    kept.write_text(json.dumps(result, ensure_ascii=False, indent=1))
    say(f"记录在 {kept}")


if __name__ == "__main__":
    sys.exit(main())
