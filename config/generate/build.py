"""Makes the hazards: drawn at once, told by workers, loaded by one connection in one transaction."""

import multiprocessing
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from config.generate.cast import World, make_world
from config.generate.lives import Ticket
from config.generate.loading import BulkLoad
from config.generate.rows import COLUMNS, Writer
from hazards import clock
from hazards.actions.anchoring import make_anchor
from hazards.models import Hazard

YEARS = 5
_CHUNK = 5000
_COMES_BACK = 0.08
_COMES_BACK_AFTER = 45  # days
# How much is found in a month: checks before 清明, in the rains, and before winter; little at 春节.
_SEASON = (0.8, 0.5, 1.2, 1.3, 1.0, 1.4, 1.3, 1.1, 1.0, 0.8, 1.3, 1.3)

_worker: dict = {}


def generate(hazards: int, institutions: int, seed: int, say: Callable[[str], None] = print) -> None:
    """Make the province and its hazards, all or nothing. Run as the owner, on a database without others at work."""
    rng, now = random.Random(seed), timezone.now()
    with transaction.atomic():
        world = make_world(institutions, rng)
    say(f"  {len(world.houses)} 家机构")
    first = (Hazard.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    tickets = _tickets(world, hazards, first, timezone.localdate(now), rng)
    connection.close()  # the workers must not inherit it
    context = multiprocessing.get_context("fork")
    _worker.update(world=world, now=now, algorithm=settings.AUDIT_HASH)
    with context.Pool(2) as pool, transaction.atomic(), connection.cursor() as cursor:
        # The summary is rebuilt in the same transaction, as of its one moment.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with BulkLoad(cursor, list(COLUMNS)) as load:
            for number, texts in enumerate(pool.imap(_tell, _chunks(tickets)), start=1):
                for table, text in texts.items():
                    load.copy(table, COLUMNS[table], text)
                if number * _CHUNK % 100_000 == 0:
                    say(f"  {number * _CHUNK} 条隐患")
            say("  索引与约束")
        cursor.execute("SELECT rebuild_summary()")
        say(f"  汇总 {cursor.fetchone()[0]} 格")
    with connection.cursor() as cursor:
        for table in (*COLUMNS, "reports_summarycell"):
            cursor.execute(f"VACUUM (ANALYZE) {table}")
    clock.start_missing()
    make_anchor()


def _chunks(tickets: Iterator[Ticket]) -> Iterator[list[Ticket]]:
    while chunk := list(islice(tickets, _CHUNK)):
        yield chunk


def _tell(tickets: list[Ticket]) -> dict[str, str]:
    """In a worker: the lines of these hazards."""
    writer = Writer(**_worker)
    for ticket in tickets:
        writer.write(ticket)
    return writer.text()


def _tickets(world: World, count: int, first: int, today: date, rng: random.Random) -> Iterator[Ticket]:
    """In the order they are found; now and then something comes back where it was before."""
    houses = rng.choices(range(len(world.houses)), [house.weight for house in world.houses], k=count)
    latest: dict[int, tuple[int, date]] = {}
    for pk, (day, house) in enumerate(zip(_days(count, today, rng), houses, strict=True), start=first):
        earlier = latest.get(house)
        comes_back = earlier and (day - earlier[1]).days > _COMES_BACK_AFTER and rng.random() < _COMES_BACK
        yield Ticket(pk, house, day, earlier if comes_back else None)
        if earlier is None or (day - earlier[1]).days > _COMES_BACK_AFTER * 2:
            latest[house] = (pk, day)


def _days(count: int, today: date, rng: random.Random) -> list[date]:
    """Days of five years in order, by season, more every year, few at weekends."""
    days = [today - timedelta(days=n) for n in range(YEARS * 365, -1, -1)]
    weights = [
        _SEASON[day.month - 1] * (0.1 if day.weekday() > 4 else 1) * (1 + 0.15 * n / 365)
        for n, day in enumerate(days)
    ]
    return sorted(rng.choices(days, weights, k=count))
