"""What changed since: nothing that was committed is ever missed, however late and in whatever order."""

import math
import threading
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hazards import feed
from hazards.actions import lifecycle
from hazards.models import Hazard, HazardEvent
from tests.api.asking import ask
from tests.factories import Cast, hazard_in, make_place, photos_of, register_hazard, token_for

pytestmark = pytest.mark.django_db(transaction=True)

CHANGES = "/hazards/changes"


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def token(cast):
    return token_for(cast.place.county)


def changed(token, after, **asked) -> tuple[list[int], int, bool]:
    said = ask(token, CHANGES, changed_after=after, **asked).said
    return [row["id"] for row in said["items"]], said["position"], said["has_more"]


@contextmanager
def slow_act(act):
    """`act` in a transaction of another connection that stays open within, and commits (or fails) at the end."""
    acted, finish, failed = threading.Event(), threading.Event(), []

    def run():
        try:
            with transaction.atomic():
                act()
                acted.set()
                finish.wait(20)
        except RuntimeError:
            failed.append(True)
        finally:
            acted.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert acted.wait(20)
    try:
        yield
    finally:
        finish.set()
        thread.join(20)


def test_from_nothing_every_hazard_comes_once_as_it_stands_now(cast, token):
    one, two = hazard_in(cast, "closed"), register_hazard(cast)
    assert changed(token, 0) == ([one.pk, two.pk], feed.settled(), False)
    answer = ask(token, CHANGES, changed_after=0).said["items"][0]
    assert (answer["status"], answer["version"]) == ("closed", 5)


def test_read_on_from_the_position_only_what_changed_since_comes(cast, token):
    one, two = register_hazard(cast), register_hazard(cast)
    _, position, _ = changed(token, 0)
    assert changed(token, position) == ([], position, False)
    lifecycle.submit(one, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))
    assert changed(token, position)[0] == [one.pk]
    assert two.pk not in changed(token, position)[0]


def test_what_began_first_and_committed_last_is_not_missed(cast, token):
    """The trap of reading by id: 1 is drawn, 2 is drawn and committed, a reader goes on behind 2, 1 is committed."""
    first, second = register_hazard(cast), register_hazard(cast)
    _, position, _ = changed(token, 0)

    def submit(hazard):
        lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))

    with slow_act(lambda: submit(first)):
        submit(second)
        late = HazardEvent.objects.filter(hazard=second).latest("id")
        seen, meanwhile, has_more = changed(token, position)
        assert (seen, has_more) == ([], False)
        assert meanwhile < late.pk
    assert changed(token, meanwhile) == ([first.pk, second.pk], late.pk, False)


def test_an_act_that_failed_holds_up_nothing(cast, token):
    def act():
        register_hazard(cast)
        raise RuntimeError

    _, position, _ = changed(token, 0)
    with slow_act(act):
        pass
    hazard = register_hazard(cast)
    assert changed(token, position)[0] == [hazard.pk]


def test_a_part_rolled_back_leaves_no_mark_and_the_rest_keeps_its_own(cast, token):
    def act():
        try:
            with transaction.atomic():
                register_hazard(cast)
                raise RuntimeError
        except RuntimeError:
            register_hazard(cast)

    _, position, _ = changed(token, 0)
    with slow_act(act):
        own = register_hazard(Cast(cast.place))  # each home is locked by whoever registers there
        assert changed(token, position)[0] == []
    assert len(changed(token, position)[0]) == 2
    assert own.pk in changed(token, position)[0]


@pytest.mark.parametrize("each", [1, 10])
def test_pages_go_on_where_the_last_one_ended(cast, token, monkeypatch, each):
    monkeypatch.setattr(feed, "EACH", each)
    made = [register_hazard(cast).pk for _ in range(5)]
    seen, position, more = [], 0, True
    while more:
        found, position, more = changed(token, position, limit=2)
        assert len(found) <= 2
        seen += found
    assert seen == made


def test_a_small_scope_reads_past_the_acts_of_others_in_bounded_steps(cast, token, monkeypatch):
    monkeypatch.setattr(feed, "WINDOW", 3)
    other = Cast(make_place(city=cast.place.city))
    for _ in range(4):
        register_hazard(other)
    own = register_hazard(cast)
    seen, position, more, steps = [], 0, True, 0
    while more:
        found, position, more = changed(token, position)
        seen, steps = seen + found, steps + 1
    assert (set(seen), steps) == ({own.pk}, math.ceil(feed.settled() / 3))


def test_a_position_from_the_future_stays_where_it_is(cast, token):
    register_hazard(cast)
    assert changed(token, 10**9) == ([], 10**9, False)


def test_the_position_of_a_list_is_where_its_changes_begin(cast, token):
    hazard = register_hazard(cast)
    position = ask(token, "/hazards").said["position"]
    assert changed(token, position)[0] == []
    lifecycle.submit(hazard, by=cast.manager, measures="已清理", evidence=photos_of(cast.manager))
    assert changed(token, position)[0] == [hazard.pk]


def test_statements_are_constant_in_rows(cast, token):
    counts = []
    for _ in range(2):
        register_hazard(cast)
        with CaptureQueriesContext(connection) as asked:
            changed(token, 0)
        counts.append(
            len([q for q in asked if not q["sql"].startswith(("SET TRANSACTION", "BEGIN", "COMMIT"))])
        )
    assert counts == [5, 5]


def test_writers_at_once_and_a_reader_who_follows_miss_nothing(cast, token):
    """Four writers, a fifth of whose acts fail, against a reader who always goes on from the last position."""
    stop, seen = threading.Event(), set()
    homes = [Cast(cast.place) for _ in range(4)]

    def write(n):
        try:
            for turn in range(12):
                try:
                    with transaction.atomic():
                        register_hazard(homes[n])
                        if (n + turn) % 5 == 0:
                            raise RuntimeError
                except RuntimeError:
                    pass
        finally:
            connection.close()

    def follow():
        position = 0
        try:
            while True:
                ended = stop.is_set()
                found = feed.changes_after(cast.county, position, 3)
                seen.update(found.hazards)
                position = found.position
                if ended and not found.has_more:
                    return
        finally:
            connection.close()

    reader = threading.Thread(target=follow)
    reader.start()
    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(60)
    stop.set()
    reader.join(60)
    assert seen == set(Hazard.objects.values_list("pk", flat=True))
    assert len(seen) > 30
