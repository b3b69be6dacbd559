"""Clocks start, move and stop; a hazard's runs while the institution owes its rectification."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from clocks import following, running
from clocks.models import Clock, Draft, PendingLine, Reminder
from clocks.sweep import sweep
from hazards.actions import lifecycle
from hazards.clock import start_missing
from institutions.actions.institutions import save_licences
from notifications.models import Notice
from tests.clocks.made import DUE, at, major, start_clock, told_of
from tests.factories import CONFIRMED, LicenceFactory, hazard_in, photos_of, register_hazard

pytestmark = pytest.mark.django_db
LATER = DUE + timedelta(days=40)


def clock_of(hazard) -> Clock:
    return Clock.objects.get(kind="hazard", subject_id=hazard.pk)


def test_starting_again_with_the_same_date_keeps_what_was_told(cast):
    clock = start_clock(cast.home)
    sweep(at(DUE - timedelta(days=1), 6))
    before = PendingLine.objects.count()
    again = start_clock(cast.home, subject_id=clock.subject_id, title="换个说法")
    assert (again.pk, again.title, again.started_on) == (clock.pk, "换个说法", clock.started_on)
    assert PendingLine.objects.count() == before > 0


def test_another_date_begins_anew_and_takes_back_what_waits(cast):
    clock = major(cast.home)
    sweep(at(DUE + timedelta(days=4), 6))
    assert (
        Notice.objects.filter(topic=clock.topic).unread().count() > 0,
        Draft.objects.waiting().count(),
    ) == (True, 1)
    moved = major(cast.home, subject_id=clock.subject_id, due_on=LATER, started_on=DUE)
    assert (moved.due_on, moved.started_on, moved.next_look_on) == (LATER, DUE, DUE)
    assert (Notice.objects.filter(topic=clock.topic).unread().count(), Draft.objects.waiting().count()) == (
        0,
        0,
    )
    assert Draft.objects.get().lapsed_at is not None


def test_a_stopped_clock_is_not_looked_at_and_starts_anew(cast):
    clock = start_clock(cast.home)
    running.stop(kind="hazard", subject_id=clock.subject_id)
    sweep(at(DUE + timedelta(days=20)))
    assert told_of(clock) == []
    again = start_clock(cast.home, subject_id=clock.subject_id)
    assert (again.pk, again.ended_at, again.next_look_on) == (clock.pk, None, again.started_on)


def test_stopping_what_has_no_clock_does_nothing(db):
    running.stop(kind="hazard", subject_id=1)
    assert Clock.objects.count() == 0


def test_the_clock_of_a_hazard_runs_only_while_the_institution_owes(cast):
    hazard = register_hazard(cast, issue_with=None)
    assert Clock.objects.count() == 0
    due = timezone.localdate() + timedelta(days=7)
    hazard = lifecycle.issue(hazard, by=cast.county, due_on=due, responsible_person="张三")
    first = clock_of(hazard)
    assert (first.due_on, first.ended_at, first.title, first.url) == (
        due, None, hazard.description, f"/hazards/{hazard.pk}/",
    )  # fmt: skip
    hazard = lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))
    assert clock_of(hazard).ended_at is not None
    hazard = lifecycle.reject(hazard, by=cast.county, reason="没有清理干净", due_on=due + timedelta(days=3))
    assert (clock_of(hazard).due_on, clock_of(hazard).ended_at) == (due + timedelta(days=3), None)
    hazard = lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))
    hazard = lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
    hazard = lifecycle.return_(hazard, by=cast.city, reason="材料不齐全", due_on=due + timedelta(days=5))
    assert (clock_of(hazard).pk, clock_of(hazard).ended_at) == (first.pk, None)


@pytest.mark.parametrize("status", ["awaiting_verification", "verified", "closed", "voided"])
def test_no_clock_runs_for_a_hazard_that_is_not_being_rectified(cast, status):
    hazard = hazard_in(cast, status)
    assert clock_of(hazard).ended_at is not None


def test_a_major_hazard_climbs_its_own_ladder(cast):
    hazard = register_hazard(cast, severity="major")
    assert (clock_of(hazard).ladder_key, clock_of(hazard).is_major) == ("hazard_major", True)


def test_hazards_from_before_there_were_clocks_get_theirs_once(cast):
    hazards = [hazard_in(cast, "rectifying"), hazard_in(cast, "rectifying", severity="major")]
    hazard_in(cast, "registered")
    made = list(
        Clock.objects.order_by("subject_id").values("subject_id", "due_on", "ladder_key", "title", "url")
    )
    Clock.objects.all().delete()
    start_missing()
    start_missing()
    found = Clock.objects.order_by("subject_id").values("subject_id", "due_on", "ladder_key", "title", "url")
    assert (list(found), len(made)) == (made, len(hazards))


def test_the_migration_starts_the_same_clocks(cast):
    hazard_in(cast, "rectifying")
    columns = (
        "kind",
        "subject_id",
        "institution_id",
        "ladder_key",
        "due_on",
        "started_on",
        "title",
        "url",
        "is_major",
    )
    made = list(Clock.objects.values(*columns))
    Clock.objects.all().delete()
    module = import_module("hazards.migrations.0005_clocks_of_hazards_being_rectified")
    with connection.cursor() as cursor:
        cursor.execute(module.START)
    assert list(Clock.objects.values(*columns)) == made


def test_licences_have_clocks_that_follow_their_rows(cast):
    today = timezone.localdate()
    licence = LicenceFactory(institution=cast.home, expires_on=today + timedelta(days=20))
    LicenceFactory(institution=cast.home, kind="lift", expires_on=None)
    following.sync(today)
    clock = Clock.objects.get(kind="licence")
    assert (clock.kind, clock.subject_id, clock.due_on, clock.title) == (
        "licence", licence.pk, licence.expires_on, "食品经营许可证",
    )  # fmt: skip
    sweep(at(today))
    assert set(Reminder.objects.values_list("rung_code", "outcome")) == {
        ("remind:institution:-60d", "superseded"), ("remind:institution:-30d", "delivered"),
    }  # fmt: skip
    renewed = {"kind": "food", "number": "", "expires_on": today + timedelta(days=900)}
    save_licences(cast.home, by=cast.county, licences=[renewed])
    following.sync(today)
    clock.refresh_from_db()
    assert (clock.due_on, clock.ended_at) == (today + timedelta(days=900), None)
    save_licences(cast.home, by=cast.county, licences=[])
    following.sync(today)
    clock.refresh_from_db()
    assert clock.ended_at is not None
