"""Makes the hazards: drawn at once, told by workers, loaded by one connection in one transaction."""

import multiprocessing
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from operator import itemgetter

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from config.generate import owed
from config.generate.cast import World, make_world
from config.generate.lives import Fate, Ticket
from config.generate.loading import BulkLoad, check_open_matters
from config.generate.rows import COLUMNS, Writer
from hazards import clock
from hazards.actions.anchoring import make_anchor
from hazards.models import Hazard

YEARS = 5
_CHUNK = 5000
# With a chosen number of open ones: these were found lately, all others long enough ago to have ended.
_OPEN_DAYS, _OVER_DAYS = 120, 200
_COMES_BACK = 0.08
_COMES_BACK_AFTER = 45  # days
# How much is found in a month: checks before 清明, in the rains, and before winter; little at 春节.
_SEASON = (0.8, 0.5, 1.2, 1.3, 1.0, 1.4, 1.3, 1.1, 1.0, 0.8, 1.3, 1.3)

_worker: dict = {}


def generate(
    hazards: int,
    institutions: int,
    seed: int,
    still_open: int | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Make the province and its hazards, all or nothing. Run as the owner, on a database without others at work.

    `still_open`: about how many of them are open today; as it comes if not given.
    """  # fmt: skip
    rng, now = random.Random(seed), timezone.now()
    today = timezone.localdate(now)
    with transaction.atomic():
        world = make_world(institutions, rng, today - timedelta(days=YEARS * 365), today)
    say(f"  {len(world.houses)} 家机构，{len(world.drives)} 次专项行动")
    first = (Hazard.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    tickets = _tickets(world, _found(hazards, still_open, today, rng), first, rng)
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
        check_open_matters(cursor)
        cursor.execute("SELECT rebuild_summary()")
        say(f"  汇总 {cursor.fetchone()[0]} 格")
    clock.start_missing()
    owed.start_clocks()
    make_anchor()
    _vacuum()


def _vacuum() -> None:
    """Nobody shall wait for the first automatic one: what was loaded, and statistics of all that was made with it."""
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM {', '.join((*COLUMNS, 'reports_summarycell'))}")
        cursor.execute(f"ANALYZE {', '.join(connection.introspection.table_names())}")


def _chunks(tickets: Iterator[Ticket]) -> Iterator[list[Ticket]]:
    while chunk := list(islice(tickets, _CHUNK)):
        yield chunk


def _tell(tickets: list[Ticket]) -> dict[str, str]:
    """In a worker: the lines of these hazards."""
    writer = Writer(**_worker)
    for ticket in tickets:
        writer.write(ticket)
    return writer.text()


def _tickets(
    world: World, found: list[tuple[date, Fate]], first: int, rng: random.Random
) -> Iterator[Ticket]:
    """In the order they are found; now and then something comes back where it was before."""
    houses = rng.choices(range(len(world.houses)), [house.weight for house in world.houses], k=len(found))
    latest: dict[int, Ticket] = {}
    for pk, ((day, fate), house) in enumerate(zip(found, houses, strict=True), start=first):
        earlier = latest.get(house)
        comes_back = earlier and (day - earlier.day).days > _COMES_BACK_AFTER and rng.random() < _COMES_BACK
        ticket = Ticket(pk, house, day, fate)
        yield ticket._replace(earlier=earlier) if comes_back else ticket
        if earlier is None or (day - earlier.day).days > _COMES_BACK_AFTER * 2:
            latest[house] = ticket


def _found(count: int, still_open: int | None, today: date, rng: random.Random) -> list[tuple[date, Fate]]:
    """The days in order, and what is to become of what was found."""
    since = YEARS * 365
    if still_open is None:
        return [(day, Fate.ANY) for day in _days(count, since, 0, today, rng)]
    over = _days(max(count - still_open, 0), since, _OVER_DAYS, today, rng)
    lately = [today - timedelta(days=int(rng.triangular(1, _OPEN_DAYS, 1))) for _ in range(still_open)]
    return sorted(
        [(day, Fate.OVER) for day in over] + [(day, Fate.OPEN) for day in lately], key=itemgetter(0)
    )


def _days(count: int, first: int, last: int, today: date, rng: random.Random) -> list[date]:
    """Days from `first` to `last` days ago in order, by season, more every year, few at weekends."""
    days = [today - timedelta(days=n) for n in range(first, last - 1, -1)]
    weights = [
        _SEASON[day.month - 1] * (0.1 if day.weekday() > 4 else 1) * (1 + 0.15 * n / 365)
        for n, day in enumerate(days)
    ]
    return sorted(rng.choices(days, weights, k=count))
