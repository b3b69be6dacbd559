"""SQL written once in a process: each use asks for its own row, and reads what is there now."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.prepared import Prepared, prepared_sql
from institutions.models import Membership
from tests.factories import Cast

pytestmark = pytest.mark.django_db


def held(user_id: int):
    return Membership.objects.active().with_places().filter(user_id=user_id).order_by("id")


def test_each_use_reads_its_own_rows_as_the_queryset_would_in_one_statement():
    cast, prepared = Cast(), Prepared(held)
    for user in (cast.county.user, cast.manager.user, cast.county.user):
        with CaptureQueriesContext(connection) as queries:
            found = [(post, post.user.name, post.place.name) for post in prepared.rows(user.pk)]
        assert (found, len(queries)) == ([(p, p.user.name, p.place.name) for p in held(user.pk)], 1)


def test_what_is_revoked_or_renamed_holds_at_once():
    cast, prepared = Cast(), Prepared(held)
    user = cast.county.user
    assert [post.user.name for post in prepared.rows(user.pk)] == [user.name]
    type(user).objects.filter(pk=user.pk).update(name="新名")
    assert [post.user.name for post in prepared.rows(user.pk)] == ["新名"]
    Membership.objects.filter(user=user).update(is_active=False)
    assert prepared.rows(user.pk) == []


def test_the_sql_is_that_of_the_queryset():
    written = prepared_sql(held)
    assert [written(pk) for pk in (5, 7)] == [held(pk).query.sql_with_params() for pk in (5, 7)]
