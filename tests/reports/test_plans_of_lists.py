"""What answers a list: indexes, whatever is closed. Few rows are here, so PostgreSQL is told not to read or sort them all."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from hazards.models import Hazard
from reports import past
from reports.ledger import COLUMNS
from reports.paging import SORTS
from reports.tab_counts import _capped
from tests.factories import Cast
from tests.reports.made import put

pytestmark = pytest.mark.django_db

FIELD_OF = {"found_on": "found", "due_on": "due", "status_changed_at": "changed"}


@pytest.fixture
def cast():
    cast, today = Cast(), timezone.localdate()
    for n in range(8):
        put(cast, "rectifying", 5, found_on=today - timedelta(days=n), due_on=today + timedelta(days=n))
        put(cast, "closed", 20, found_on=today - timedelta(days=n))
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off;"
            "ANALYZE hazards_hazard"
        )
    return cast


def plan_of(sql: str, parameters) -> list[dict]:
    """Every node of the plan."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        answer = cursor.fetchone()[0]
    found, todo = [], [(json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]]
    while todo:
        node = todo.pop()
        found.append(node)
        todo += node.get("Plans", [])
    return found


def plan(rows) -> list[dict]:
    return plan_of(*rows.query.sql_with_params())


def on_hazards(nodes: list[dict]) -> set[tuple[str, str]]:
    """How hazards are read: kind of scan and index."""
    return {
        (node["Node Type"], node.get("Index Name", ""))
        for node in nodes
        if node.get("Relation Name") == "hazards_hazard" or node["Node Type"] == "Bitmap Index Scan"
    }


@pytest.mark.parametrize("level", ["province", "city", "county"])
@pytest.mark.parametrize("name", SORTS)
def test_every_order_at_every_level_is_read_from_its_index_at_any_depth(cast, level, name):
    sort, actor = SORTS[name], getattr(cast, level)
    rows = Hazard.objects.visible_to(actor).values(*COLUMNS)
    middle = rows.order_by(*sort.order()).exclude(due_on=None)[30]
    (beyond, *_) = sort.beyond(middle[sort.field], middle["id"])
    for page in (rows, rows.filter(beyond)):
        nodes = plan(page.order_by(*sort.order())[:31])
        assert on_hazards(nodes) == {("Index Scan", f"hazard_{level}_{FIELD_OF[sort.field]}")}
        assert [node["Node Type"] for node in nodes if "Sort" in node["Node Type"]] == []
    (scan,) = [node for node in nodes if node.get("Relation Name") == "hazards_hazard"]
    assert f"ROW({sort.field}, id)" in scan["Index Cond"]


@pytest.mark.parametrize("level", ["province", "city", "county"])
@pytest.mark.parametrize("status", ["closed", "voided"])
def test_counts_of_what_is_over_read_no_rows(cast, level, status):
    narrowed = Hazard.objects.visible_to(getattr(cast, level)).filter(
        domain="fire", severity="general", status=status
    )
    sql, parameters = _capped(narrowed)
    assert {kind for kind, _ in on_hazards(plan_of(f"SELECT {sql}", parameters))} == {"Index Only Scan"}


def test_nor_do_those_of_a_county_the_province_chose(cast):
    chosen = Hazard.objects.visible_to(cast.province).filter(city=cast.place.city, county=cast.place.county)
    sql, parameters = _capped(chosen.filter(status="closed"))
    assert {kind for kind, _ in on_hazards(plan_of(f"SELECT {sql}", parameters))} == {"Index Only Scan"}


def test_a_past_day_finds_what_was_open_on_it_by_its_index(cast):
    condition = past._THEN.split("AND ")[-1].format(end="%s::timestamptz")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_bitmapscan = on; SET LOCAL enable_indexscan = off")
    nodes = plan_of(f"SELECT id FROM hazards_hazard WHERE {condition}", [timezone.now()])
    assert ("Bitmap Index Scan", "hazard_open_span") in on_hazards(nodes)


def test_no_statement_of_a_page_is_compiled(cast):
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
