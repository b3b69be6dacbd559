"""A real worker is killed (SIGKILL) in the middle of a ledger; the next one goes on, and no row is there twice."""

import io
import os
import signal
import subprocess
import sys
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from hazards.models import Hazard
from ops import servers
from reports import summary
from reports.imports.working import work_all
from reports.models import ImportedRow, LedgerImport, PastHazard
from tests.factories import Cast
from tests.reliability.processes import wait_until
from tests.reports.importing import book, checked, confirm, line

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
OPEN, ENDED = 1600, 400


def start_worker() -> subprocess.Popen:
    """What the timer starts beside Celery, on this test's database, as the runtime role."""
    database = connection.settings_dict
    url = f"postgres://{servers.RUNTIME}:local@{quote(database['HOST'], safe='')}/{database['NAME']}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CELERY_", "PYTEST"))}
    environment |= {"DATABASE_URL": url, "DATABASE_ROLE": "runtime", "REDIS_URL": "redis://127.0.0.1:1/0"}
    return subprocess.Popen(
        [sys.executable, "manage.py", "tick"],
        env=environment, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("takes", ["good", "all"])
def test_a_killed_worker_is_followed_by_one_that_finishes(takes):
    cast = Cast(name="青山养老院")
    rows = [line(cast.home, f"第 {n} 处", done="是" if n < ENDED else "否") for n in range(OPEN + ENDED)]
    job = checked(cast.county, book(*rows))
    confirm(cast.county, job, takes)
    worker = start_worker()

    def is_in_the_middle() -> bool:
        if takes == "good":
            return ImportedRow.objects.exists()
        return (
            LedgerImport.objects.get().rows_done == OPEN + ENDED
        )  # all judged, none written: in its transaction

    assert wait_until(is_in_the_middle, 90)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    wait_until(lambda: not others_at_work(), 30)
    left = Hazard.objects.count()
    assert (left == 0) if takes == "all" else (0 < left < OPEN)
    LedgerImport.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert work_all() == 1
    job.refresh_from_db()
    assert (job.stage, job.counts["written"]) == ("done", {"issued": OPEN, "good": 0, "past": ENDED})
    assert (Hazard.objects.count(), PastHazard.objects.count()) == (OPEN, ENDED)
    assert Hazard.objects.values("description").distinct().count() == OPEN
    call_command("verify_audit", stdout=io.StringIO())
    assert summary.differences() == 0


def others_at_work() -> int:
    """Sessions of other processes in a transaction: the killed one's ends when PostgreSQL notices."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND state <> 'idle'"
        )
        return cursor.fetchone()[0]
