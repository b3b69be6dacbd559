"""Whatever stands in the address, the answer is a page: never a 500."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.filters import LedgerFilter
from tests.factories import Cast
from tests.reports.made import put

pytestmark = pytest.mark.django_db

junk = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.integers(min_value=-(2**70), max_value=2**70).map(str),
    st.dates().map(str),
    st.sampled_from(
        [
            "",
            "null",
            "None",
            "0",
            "1",
            "on",
            "\x00",
            "9" * 300,
            "0001-01-01",
            "9999-12-31",
            "-1_1",
            "_1",
            "9999-12-31_1",
        ]
    ),
)
plausible = st.sampled_from(
    ["fire", "major", "general", "patrol", "nursing_home", "due", "-due", "changed", "-changed", "open", "overdue", "valid"]
)  # fmt: skip
names = st.sampled_from([*LedgerFilter.base_filters, "after", "before", "region", "page"])
queries = st.lists(st.tuples(names, st.one_of(junk, plausible)), max_size=8)
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def cast():
    cast = Cast()
    put(cast, "rectifying", 2)
    return cast


@few
@given(query=queries, who=st.sampled_from(["province", "county", "township", "manager"]), htmx=st.booleans())
def test_the_ledger_answers_any_parameters_with_a_page(client, cast, query, who, htmx):
    client.force_login(getattr(cast, who).user)
    headers = {"HX-Request": "true"} if htmx else {}
    response = client.get("/ledger/", _grouped(query), headers=headers)
    assert response.status_code == 200


@few
@given(query=queries)
def test_the_dashboard_answers_any_parameters_with_a_page_or_404(client, cast, query):
    client.force_login(cast.city.user)
    status = client.get("/dashboard/", _grouped(query)).status_code
    assert status == (200 if not dict(query).get("region") else 404)


def _grouped(query: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Repeated keys stay repeated."""
    grouped = {}
    for name, value in query:
        grouped.setdefault(name, []).append(value)
    return grouped
