"""SQL written once in a process and planned once on a connection: each use asks for its own row, as it is now."""

from datetime import date

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.prepared import _MOST, Prepared, insert, insert_if_new, planned, prepared_sql, update
from institutions.models import Drill, Membership
from tests.factories import Cast, DrillFactory

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


def test_several_keys_stand_each_in_its_place_and_none_finds_nothing():
    cast = Cast()
    prepared = Prepared(
        lambda user_id, place: Membership.objects.filter(user_id=user_id, institution_id=place)
    )
    asked = [
        (cast.manager.user.pk, cast.home.pk), (cast.safety.user.pk, cast.home.pk), (cast.manager.user.pk, None),
    ]  # fmt: skip
    found = [prepared.rows(*keys) for keys in asked]
    assert found == [[cast.manager.membership], [cast.safety.membership], []]


def test_what_can_find_nothing_is_not_even_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Prepared(lambda pk: Membership.objects.none().filter(pk=pk)).rows(1) == []


def test_rows_are_written_in_their_order_as_save_would_and_know_their_keys(django_assert_num_queries):
    home = Cast().home
    rows = [DrillFactory.build(institution=home, held_on=date(2026, month, 1)) for month in (3, 1)]
    with django_assert_num_queries(1):
        insert(rows)
    stored = list(Drill.objects.order_by("id"))
    names = [field.attname for field in Drill._meta.concrete_fields]
    assert [[getattr(row, name) for name in names] for row in stored] == [
        [getattr(row, name) for name in names] for row in rows
    ]
    rows[0].held_on, rows[0].institution = date(2026, 4, 1), Cast().home
    with django_assert_num_queries(1):
        update(rows[0], ["held_on"])
    assert [(row.held_on, row.institution) for row in Drill.objects.order_by("id")] == [
        (date(2026, 4, 1), home), (date(2026, 1, 1), home),
    ]  # fmt: skip


def test_of_two_alike_the_second_is_not_written_and_has_no_key():
    home = Cast().home
    first, second = (DrillFactory.build(institution=home, held_on=date(2026, 3, 1)) for _ in range(2))
    assert [insert_if_new(drill) for drill in (first, second)] == [True, False]
    assert (list(Drill.objects.all()), second.pk) == ([first], None)


def test_a_row_that_is_gone_is_not_written_in_silence():
    drill = DrillFactory()
    Drill.objects.all().delete()
    with pytest.raises(DatabaseError, match="no institutions"):
        update(drill, ["held_on"])


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
