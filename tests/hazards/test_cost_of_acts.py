"""What an act asks PostgreSQL, by number of statements: one transaction without a savepoint within (docs/adr/0034)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hazards import audit
from hazards.actions import lifecycle
from hazards.enums import HazardStatus as S
from hazards.models import Hazard
from tests.factories import CONFIRMED, Cast, hazard_in, photos_of, register_hazard

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    cast = Cast()
    hazard_in(cast, S.CLOSED)  # what a process reads or writes down once
    return cast


def asked(act, *args, **facts) -> list[str]:
    """What an act asks between the beginning and the end of its transaction, here a savepoint."""
    with CaptureQueriesContext(connection) as queries:
        act(*args, **facts)
    said = [query["sql"].lower() for query in queries]
    (begin,) = (n for n, sql in enumerate(said) if sql.startswith("savepoint"))
    assert said[-1].startswith("release")
    return said[begin + 1 : -1]


def test_registering_and_issuing_in_one_step_takes_ten_statements(cast):
    said = asked(register_hazard, cast, evidence=[], no_photo_reason="夜间")
    assert len(said) == 10
    assert sum('insert into "hazards_hazardevent"' in sql for sql in said) == 1


def test_registering_alone_takes_seven_statements(cast):
    assert len(asked(register_hazard, cast, evidence=[], no_photo_reason="夜间", issue_with=None)) == 7


def test_the_two_events_of_one_step_are_chained_in_their_order(cast):
    hazard = register_hazard(cast)
    events = list(hazard.events.order_by("id"))
    assert [(event.seq, event.action) for event in events] == [(1, "register"), (2, "issue")]
    assert audit.chain_faults(Hazard.objects.get(pk=hazard.pk), events) == []


def test_what_registering_returns_is_what_is_stored(cast):
    hazard, stored = register_hazard(cast), Hazard.objects.order_by("id").last()
    names = [field.attname for field in Hazard._meta.concrete_fields]
    assert [getattr(hazard, name) for name in names] == [getattr(stored, name) for name in names]


def test_each_further_act_takes_as_many_as_this(cast):
    hazard, photos = register_hazard(cast), photos_of(cast.manager)
    said = {
        "submit": asked(lifecycle.submit, hazard, by=cast.manager, measures="已清理", evidence=photos),
        "accept": asked(lifecycle.accept, hazard, by=cast.county, opinion="属实", **CONFIRMED),
        "close": asked(lifecycle.close, hazard, by=cast.city, opinion="同意"),
    }
    assert {act: len(statements) for act, statements in said.items()} == {
        "submit": 16, "accept": 12, "close": 11,
    }  # fmt: skip
