"""What is generated is valid: histories, chains, rounds, summary; and the database is as strict afterwards as before."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from clocks.models import Clock
from hazards.enums import OPEN_STATUSES, HazardStatus
from hazards.models import (
    Closure,
    ExtensionRequest,
    Hazard,
    HazardEvent,
    ProgressReport,
    RectificationSubmission,
    SupervisionOrder,
    Transfer,
    Verification,
)
from hazards.workflow import LEGAL_PAIRS
from inspections.models import Campaign, Finding, Visit
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
    the_matters_beside_the_status_are_whole()
    campaigns_found_what_their_visits_say()
    again = generate("--hazards", "10")
    assert (again.returncode, "数据库里已有数据" in again.stderr) == (1, True)
    assert generate("--hazards", "10", "--force").returncode == 0
    assert summary.differences() == 0


def the_matters_beside_the_status_are_whole():
    """Extensions, orders and transfers of every kind of end, and a clock for each that is open."""
    outcomes = set(ExtensionRequest.objects.values_list("outcome", flat=True))
    assert outcomes >= {"approved", "refused", "lapsed"}
    assert set(Transfer.objects.values_list("state", flat=True)) >= {"answered", "ended"}
    assert set(SupervisionOrder.objects.values_list("state", flat=True)) == {"open", "lifted"}
    assert ProgressReport.objects.exists()
    running = Counter(Clock.objects.running().values_list("kind", flat=True))
    assert running["hazard"] == Hazard.objects.filter(status="rectifying").count()
    assert running["supervision"] == running["progress"] == SupervisionOrder.objects.open().count()
    assert running["extension"] == ExtensionRequest.objects.filter(outcome="").count()
    assert running["transfer"] == Transfer.objects.unanswered().count()


def campaigns_found_what_their_visits_say():
    """Each finished visit of a campaign is within its days and found one hazard, with the finding's number."""
    visits, findings = Visit.objects.all(), Finding.objects.all()
    assert set(visits.values_list("status", flat=True)) == {"finished"}
    assert visits.count() == findings.count() > 100
    assert (
        findings.filter(hazard__uid=F("uid"), hazard__institution=F("visit__institution")).count()
        == visits.count()
    )
    found_on = F("findings__hazard__found_on")
    within = visits.filter(campaigns__starts_on__lte=found_on, campaigns__ends_on__gte=found_on)
    assert within.count() == visits.count()
    majors = findings.filter(severity="major")
    assert majors.filter(judgement__isnull=False).count() == majors.count()
    assert Campaign.objects.filter(parent__isnull=False, visits__isnull=False).exists()


def test_as_many_are_open_as_were_asked_for():
    made = generate("--hazards", "600", "--open", "300")
    assert made.returncode == 0, made.stderr
    still_open = Hazard.objects.filter(status__in=OPEN_STATUSES)
    assert 280 <= still_open.count() <= 310
    assert Hazard.objects.exclude(status__in=OPEN_STATUSES).count() >= 270
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
