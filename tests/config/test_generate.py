"""What is generated is valid: histories, chains, rounds, summary; and the database is as strict afterwards as before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from hazards.enums import HazardStatus
from hazards.models import Closure, Hazard, HazardEvent, RectificationSubmission, Verification
from hazards.workflow import LEGAL_PAIRS
from institutions.models import Institution
from ops import servers
from reports import summary
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
# A condition read back from PostgreSQL says the same in other words: of indexes and constraints the kind counts.
SCHEMA = """
SELECT conrelid::regclass::text, conname::text, contype::text || convalidated
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tablename, indexname, split_part(indexdef, ' WHERE ', 1) FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2, 3
"""


def schema() -> list:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        return cursor.fetchall()


def generate(*arguments: str) -> subprocess.CompletedProcess:
    """The command as the owner, in a process of its own, on the test database."""
    url = os.environ["DATABASE_OWNER_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    environment = os.environ | {"DATABASE_OWNER_URL": url, "DATABASE_ROLE": "owner"}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "generate", "--institutions", "150", *arguments],
        cwd=Path(settings.BASE_DIR), env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_generated_hazards_are_whole_and_leave_the_database_as_strict_as_it_was(capsys):
    before = schema()
    made = generate("--hazards", "3000")
    assert made.returncode == 0, made.stderr
    assert schema() == before
    assert (Institution.objects.count(), Hazard.objects.count() >= 2990) == (150, True)
    call_command("verify_audit")
    assert capsys.readouterr().out.startswith(f"核验通过：{Hazard.objects.count()} 条隐患，")
    assert summary.differences() == 0
    assert set(Hazard.objects.values_list("status", flat=True)) >= {"rectifying", "closed", "voided"}
    changes = HazardEvent.objects.exclude(from_status="").values_list("from_status", "to_status").distinct()
    assert {(a, b) for a, b in changes if a != b} <= LEGAL_PAIRS
    closed = Hazard.objects.filter(status=HazardStatus.CLOSED)
    assert Closure.objects.filter(outcome="closed").count() == closed.count()
    rounds = RectificationSubmission.objects.count()
    assert rounds == HazardEvent.objects.filter(action__in=["submit", "fix_on_the_spot"]).count()
    assert Verification.objects.count() == HazardEvent.objects.filter(action__in=["accept", "reject"]).count()
    assert 0 < Hazard.objects.filter(recurrence_of__isnull=False).count() < closed.count() / 4
    again = generate("--hazards", "10")
    assert (again.returncode, "数据库里已有数据" in again.stderr) == (1, True)
    assert generate("--hazards", "10", "--force").returncode == 0
    assert summary.differences() == 0


def test_it_refuses_a_database_with_people_in_it_and_the_runtime_role():
    UserFactory()
    assert "数据库里已有数据" in generate("--hazards", "10").stderr
    assert connection.settings_dict["USER"] == servers.RUNTIME
    settings_role, settings.DATABASE_ROLE = settings.DATABASE_ROLE, "runtime"
    try:
        with pytest.raises(CommandError, match="DATABASE_ROLE=owner"):
            call_command("generate", "--hazards", "10")
    finally:
        settings.DATABASE_ROLE = settings_role
