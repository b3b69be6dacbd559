"""Whatever stands in an address or a form of campaigns, teams and plans: a page, a refusal, never a fault."""

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import as_client
from tests.inspections import factories as make
from tests.inspections.campaigns_made import Land

pytestmark = pytest.mark.django_db

junk = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.integers(min_value=-(2**70), max_value=2**70).map(str),
    st.sampled_from(["", "current", "ended", "visited", "own", "region", "\x00", "%00", "9" * 300, "last"]),
)
names = st.sampled_from(["state", "region", "page", "q", "of", "campaign"])
fields = st.sampled_from(
    ["name", "kind", "starts_on", "ends_on", "kinds", "regions", "checklist", "parent", "note", "key", "revision", "leader", "add", "remove"]
)  # fmt: skip
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PAGES = ["campaigns", "campaign", "campaign_institutions", "teams", "team", "team_members", "team_institutions", "plans", "due_plans"]  # fmt: skip
FORMS = ["campaign_add", "campaign_edit", "team_add", "team_edit", "team_members", "team_institutions"]


@pytest.fixture
def at():
    land = Land()
    campaign = land.campaign(land.cast.city)
    team = make.InspectionTeamFactory(
        campaign=campaign, authority=campaign.authority, leader=land.cast.city.user
    )
    client = as_client(land.cast.city)

    def url(name):
        takes = {"team": team.pk, "campaign": campaign.pk}
        if name in ("campaigns", "teams", "plans", "due_plans", "campaign_add"):
            return reverse(f"inspections:{name}")
        key = "team" if name.startswith("team") and name != "team_add" else "campaign"
        return reverse(f"inspections:{name}", args=[takes[key]])

    return client, url


@few
@given(name=st.sampled_from(PAGES), query=st.dictionaries(names, junk, max_size=4))
def test_every_page_answers_any_parameters(at, name, query):
    client, url = at
    status = client.get(url(name), query).status_code
    assert status in ((200, 404, 422) if "region" in query or "q" in query else (200,))


@few
@given(name=st.sampled_from(FORMS), body=st.dictionaries(fields, junk, max_size=8))
def test_every_form_answers_any_body(at, name, body):
    client, url = at
    assert client.post(url(name), body).status_code in (302, 422)
