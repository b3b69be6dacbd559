"""SQL written once in a process and planned once on a connection: each use asks for its own row, as it is now."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.prepared import _MOST, Prepared, planned, prepared_sql
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


def asked_twice(sql: str, *parameters) -> list[list[tuple]]:
    with connection.cursor() as cursor:
        found = []
        for _ in range(2):
            cursor.execute(*planned(sql, parameters))
            found.append(cursor.fetchall())
    return found


def test_a_planned_statement_answers_as_often_as_it_is_asked():
    sql = "SELECT %s::int + 1, '100%%', upper(%s)"
    assert asked_twice(sql, 5, "a'b%") == [[(6, "100%", "A'B%")]] * 2
    assert asked_twice(sql, 6, "中") == [[(7, "100%", "中")]] * 2
    assert asked_twice("SELECT 'no parameter'") == [[("no parameter",)]] * 2


def test_a_connection_keeps_no_more_than_its_share_and_answers_all_the_same():
    for n in range(_MOST + 5):
        assert asked_twice(f"SELECT {n}, %s::int", n) == [[(n, n)]] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (_MOST,)


def test_a_statement_that_cannot_be_planned_is_a_fault_of_the_database_as_any_other():
    with pytest.raises(ProgrammingError), transaction.atomic():
        asked_twice("SELECT nothing_there FROM institutions_user WHERE id = %s", 1)
    assert asked_twice("SELECT %s::int", 1) == [[(1,)]] * 2


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_plans_anew():
    assert asked_twice("SELECT %s::int", 1) == [[(1,)]] * 2
    connection.close()
    assert asked_twice("SELECT %s::int", 2) == [[(2,)]] * 2
