"""Every URL × role × own, sibling and foreign county × GET, POST, htmx and filter parameters.

0 canaries of another county in any answer, 0 changes to another county's rows, and each status as the policy says.
"""

import io

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from common.prepared import planned
from tests.access.policy import POLICIES
from tests.access.world import ROLES, actors, forms, make_world
from tests.factories import as_client

SEES = {role: {"own"} for role in ROLES} | {
    "province_official": {"own", "sibling", "foreign"},
    "city_official": {"own", "sibling"},
}
KEYS = ("own", "sibling", "foreign")
# Who sees nothing of hazards or institutions; the liaison only letters to their own department.
SEES_NO_BUSINESS = {"system_admin", "security_admin", "liaison"}
FILTERS = {
    "reports:ledger": ["institution", "city", "county", "township", "campaign", "q", "import"],
    "reports:past_hazards": ["institution", "city", "county", "q", "import"],
    "reports:export_past": ["institution", "county", "import"],
    "reports:columns": ["institution", "county", "q"],
    "reports:list": ["institution", "city", "county", "township", "campaign", "q", "page"],
    "reports:bulk": ["institution", "county", "pick", "all"],
    "reports:search": ["q"],
    "reports:suggest": ["q"],
    "reports:new_export": ["institution", "county", "campaign", "q"],
    "reports:keep_filter": ["institution", "county", "campaign", "q"],
    "reports:dashboard": ["region", "period", "first"],
    "reports:measures": ["region"],
    "reports:appraisals": ["region", "q"],
    "reports:past": ["region", "from", "figure", "why"],
    "reports:figure_rows": ["figure", "region", "institution", "on"],
    "institutions:list": ["city", "county", "q"],
    "inspections:visits": ["institution", "county", "q"],
    "inspections:campaigns": ["state"],
    "inspections:plans": ["of"],
    "inspections:packets": ["q"],
    "hazards:choose_institution": ["q"],
}
HTMX = {"HX-Request": "true"}


def url_patterns(resolver=None, namespace=()):
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield ":".join([*namespace, pattern.name]), pattern
        else:
            yield from url_patterns(pattern, [*namespace, *filter(None, [pattern.namespace])])


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """The three counties, made once for this module in a transaction that is rolled back at its end."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("django.conf.settings.MEDIA_ROOT", tmp_path_factory.mktemp("media"))
        made = make_world()
        made["actors"] = actors(made)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def inside(world):
    """One test within the world; whatever it changes is undone."""
    with transaction.atomic():
        yield world
        transaction.set_rollback(True)


def calls(name):
    """Every (policy, county key) of one URL name."""
    return [(policy, key) for policy in POLICIES[name] for key in KEYS]


def address(name, policy, county) -> str:
    return reverse(name, kwargs=county.objects()[policy.takes] | dict(policy.arguments))


def expected(policy, role, key) -> set | None:
    """Statuses that are right; None: any answer that is neither a refusal nor a fault."""
    if policy.by_token:
        return {401}
    if role in policy.unseen_by:
        return {404}
    if role not in policy.who and not policy.own_only:
        is_in_sight = key in SEES[role] and role not in SEES_NO_BUSINESS
        return {403} if not policy.takes or is_in_sight else {403, 404}
    if policy.takes and (policy.own_only or key not in SEES[role]):
        return {403, 404} if role not in policy.who else {policy.absent}
    return None


def text_of(response) -> str:
    if response.streaming:  # a photo, read to its end so that the file is closed
        return "" if b"".join(response.streaming_content) else "empty"
    return response.content.decode(errors="replace")


def leaked(world, role, response) -> list[str]:
    # What the test itself put into the URL or the form comes back in the page; names of regions are public.
    text = text_of(response)
    for county in (world["sibling"], world["foreign"]):
        text = text.replace(f"{county.canary}县", "")
    return [
        county.canary
        for key, county in world.items()
        if key not in (*SEES[role], "actors") and county.canary in text
    ]


def rows_of(county) -> dict[str, str]:
    """Where everything that belongs to a county lies: conditions by table."""
    return {
        "hazards_hazard": f"county_id = {county.place.county.pk}",
        "hazards_hazardevent": f"hazard_id IN (SELECT id FROM hazards_hazard WHERE county_id = {county.place.county.pk})",
        "hazards_evidence": f"hazard_id IN (SELECT id FROM hazards_hazard WHERE county_id = {county.place.county.pk})",
        "hazards_supervisionorder": f"id = {county.order.pk}",
        "hazards_transfer": f"id = {county.letter.pk}",
        "hazards_circular": f"id = {county.record.pk}",
        "institutions_institution": f"county_id = {county.place.county.pk}",
        "institutions_licence": f"institution_id = {county.home.pk}",
        "institutions_pledge": f"institution_id = {county.home.pk}",
        "institutions_drill": f"institution_id = {county.home.pk}",
        "institutions_responsibleperson": f"institution_id = {county.home.pk}",
        "institutions_membership": f"institution_id = {county.home.pk}",
        "institutions_user": f"id = {county.member.user.pk}",
        "files_storedfile": f"id = '{county.upload}'",
        "notifications_notice": f"id = {county.notice.pk}",
        "notifications_robotwebhook": f"id = {county.robot.pk}",
        "notifications_delivery": f"robot_id = {county.robot.pk}",
        "notifications_undeliverableaddress": f"id = {county.address.pk}",
        "institutions_importdraft": f"id = '{county.draft.pk}'",
        "clocks_clock": f"institution_id = {county.home.pk}",
        "clocks_draft": f"id = {county.act_draft.pk}",
        "reports_exportjob": f"asked_by_id = {county.cast.county.user.pk}",
        "reports_savedfilter": f"id = {county.kept.pk}",
        "reports_filteralert": f"filter_id = {county.kept.pk}",
        "api_access": f"id = {county.access.pk}",
        "api_accessevent": f"access_id = {county.access.pk}",
        "notifications_subscriber": f"id = {county.access.subscriber.pk}",
        "reports_appraisal": f"id = {county.appraisal.pk}",
        "reports_appraisalevent": f"appraisal_id = {county.appraisal.pk}",
        "reports_importwithdrawal": f"of_id = '{county.brought.pk}'",
        "reports_pasthazard": f"of_id = '{county.brought.pk}'",
        "inspections_checklist": f"scope_id = {county.place.county.pk}",
        "inspections_checklistitem": f"checklist_id IN ({county.checklist.pk}, {county.draft_list.pk})",
        "inspections_campaign": f"id = {county.campaign.pk}",
        "inspections_inspectionteam": f"id = {county.team.pk}",
        "inspections_visitplan": f"institution_id = {county.home.pk}",
        "inspections_visit": f"institution_id = {county.home.pk}",
        "inspections_answer": f"visit_id = {county.visit.pk}",
        "inspections_finding": f"visit_id = {county.visit.pk}",
        "inspections_findingphoto": f"finding_id = {county.finding.pk}",
        "inspections_visitsignature": f"visit_id = {county.visit.pk}",
        "inspections_packet": f"institution_id = {county.home.pk}",
    }


def snapshot(counties) -> list[tuple[str, str]]:
    """Digest of all that belongs to these counties, table by table; one statement."""
    parts = [
        f"SELECT '{table} {county.canary}', md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t WHERE {where}"
        for county in counties
        for table, where in rows_of(county).items()
    ]
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(*planned(" UNION ALL ".join(parts), ()))
        return sorted(cursor.fetchall())


def test_every_url_has_a_policy_and_every_policy_a_url():
    assert {name for name, _ in url_patterns()} == set(POLICIES)


def test_every_view_says_how_it_is_guarded():
    unguarded = [name for name, pattern in url_patterns() if not hasattr(pattern.callback, "access")]
    assert unguarded == []


def test_the_worlds_primes_tell_the_counties_apart(inside):
    counts = {key: inside[key].home.hazards.count() for key in SEES["province_official"]}
    assert counts == {"own": 3, "sibling": 5, "foreign": 7}


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_strangers_are_sent_to_the_login_page(inside, name):
    for policy, key in calls(name):
        for method in policy.methods:
            response = Client().generic(method, address(name, policy, inside[key]))
            if policy.is_public:
                assert response.status_code in (200, 422, 503), (name, method)
            elif policy.by_token or name.startswith(
                ("files:", "inspections:sync_")
            ):  # asked by scripts: never a redirect
                assert response.status_code == 401, (name, method)
            else:
                assert (response.status_code, response["Location"].split("?")[0]) == (302, "/login/")
            assert leaked(inside, "county_official", response) == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(n for n in POLICIES if not POLICIES[n][0].is_public))
def test_each_role_gets_what_the_policy_says_and_nothing_of_others(inside, name, role):
    actor = inside["actors"][role]
    hidden = [inside[key] for key in KEYS if key not in SEES[role]]
    before = snapshot(hidden)  # each call is rolled back
    session = as_client(actor).cookies[settings.SESSION_COOKIE_NAME].value
    for policy, key in calls(name):
        county = inside[key]
        url = address(name, policy, county)
        for method in policy.methods:
            for headers in ({}, HTMX):
                with transaction.atomic():
                    client = Client()
                    client.cookies[settings.SESSION_COOKIE_NAME] = session
                    body = {"data": forms(county)} if method == "POST" else {}
                    response = getattr(client, method.lower())(url, headers=headers, **body)
                    said = (method, url, key, response.status_code)
                    assert response.status_code < 500, said
                    wanted = expected(policy, role, key)
                    if wanted is None:
                        assert response.status_code not in (401, 403, 405), said
                        assert response.status_code != 404 or policy.own_only or policy.may_be_missing, said
                    else:
                        assert response.status_code in wanted, said
                    assert leaked(inside, role, response) == [], said
                    assert snapshot(hidden) == before, said
                    transaction.set_rollback(True)


def foreign_values(county) -> dict[str, list]:
    """What of a county can be named in which parameter, as a page names it and as somebody who guesses might."""
    place = county.place
    return {
        "institution": [county.home.pk],
        "county": [place.county.code, place.county.pk],
        "city": [place.city.code, place.city.pk],
        "township": [place.township.code, place.township.pk],
        "region": [place.county.code, place.county.pk, place.city.code],
        "campaign": [county.campaign.pk],
        "q": [county.canary, place.county.code, county.hazard.number, county.hazard.pk],
        "pick": [county.hazard.pk],
        "import": [county.brought.pk],
    }


@pytest.mark.parametrize("role", [r for r in ROLES if r not in SEES_NO_BUSINESS])
def test_filters_that_name_foreign_things_show_nothing_of_them(inside, role):
    client = as_client(inside["actors"][role])
    for key in {"own", "sibling", "foreign"} - SEES[role]:
        county = inside[key]
        values = foreign_values(county)
        urls = {(page, reverse(page, kwargs=dict(p.arguments))) for page in FILTERS for p in POLICIES[page]}
        for page, url in sorted(urls):
            for name in FILTERS[page]:
                for value in values.get(name, [county.home.pk, county.place.county.code]):
                    response = client.get(url, {name: value})
                    assert response.status_code < 500, (page, name, value)
                    text = text_of(response).replace(f"{county.canary}县", "")
                    # What was typed comes back, alone, in the search box; anything longer would be a row.
                    longer = [
                        f"{county.canary}{word}" for word in ("养老院", "隐患", "部位", "路", "人", "民政局")
                    ]
                    assert [words for words in longer if words in text] == [], (page, name, value)
                    if value != county.canary:
                        assert county.canary not in text, (page, name, value)


def test_a_liaison_reads_the_letter_and_nothing_else_of_the_hazard(inside):
    """The own county's texts, all of which carry its canary: only what was sent may come through."""
    county = inside["own"]
    client = as_client(inside["actors"]["liaison"])
    # Sent on purpose: the letter with its numbers, the institution's name and address, the sender.
    sent = [
        f"{county.canary}{words}"
        for words in ("函", "移1号", "养老院", "路 1 号", "民政局", "县消防救援部门")
    ]
    seen = []
    for name, policies in POLICIES.items():
        for policy in policies:
            if "GET" in policy.methods and not policy.is_public:
                response = client.get(address(name, policy, county))
                text = text_of(response)
                for words in sent:
                    text = text.replace(words, "")
                if county.canary in text:
                    at = text.index(county.canary)
                    seen.append((name, text[at - 20 : at + 40]))
    assert seen == []


def test_methods_outside_the_policy_are_refused(inside):
    client = as_client(inside["actors"]["county_official"])
    for name, policies in POLICIES.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - set(policies[0].methods):
            response = client.generic(method, address(name, policies[0], inside["own"]))
            assert response.status_code == 405, (name, method)


def test_the_audit_trail_is_whole_after_all_this(inside):
    call_command("verify_audit", stdout=io.StringIO())
