"""挂牌督办公示: open to anybody, and nothing on it but the whitelist."""

import re

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hazards import publishing
from hazards.actions import lifecycle, supervising
from hazards.enums import HazardStatus
from hazards.models import SupervisionOrder
from tests.factories import CONFIRMED, Cast, as_client, hazard_in, supervised, transferred

pytestmark = pytest.mark.django_db
S = HazardStatus
URL = "/public/orders/"
CANARY = "金丝雀"


@pytest.fixture
def cast() -> Cast:
    return Cast()


def public(cast, status=S.RECTIFYING, **facts) -> SupervisionOrder:
    facts = {"is_public": True} | facts
    return supervised(hazard_in(cast, status), cast.county, **facts)


def said() -> str:
    """What is read on the page without logging in."""
    text = Client().get(URL).text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text[text.index("<main") : text.index("</main>")]))


def lifted(cast) -> SupervisionOrder:
    order = public(cast, S.AWAITING_VERIFICATION)
    hazard = lifecycle.accept(order.hazard, by=cast.county, opinion="属实", **CONFIRMED)
    supervising.lift_supervision(hazard, by=cast.county, opinion="治理完毕")
    order.refresh_from_db()
    return order


def test_anybody_reads_who_what_level_number_deadline_and_state(cast):
    order = public(cast, document_number="赣民安督〔2026〕3号")
    day = f"{order.due_on.year}年{order.due_on.month}月{order.due_on.day}日"
    text = said()
    place = f"{cast.place.city.name}{cast.place.county.name}"
    for words in (
        cast.home.name,
        place,
        "消防安全隐患",
        "县级挂牌督办",
        "赣民安督〔2026〕3号",
        day,
        " 挂牌 ",
    ):
        assert words in text
    ended = lifted(cast)
    assert "摘牌" in said()
    assert [publishing.shown(row).state for row in publishing.published()] == ["已摘牌", "挂牌"]
    assert publishing.of_order(ended).lifted_on == publishing.of_order(ended).placed_on


def test_what_is_not_flagged_revoked_or_raised_is_not_there(cast):
    public(cast, is_public=False)
    revoked = public(cast)
    supervising.revoke_supervision(revoked.hazard, by=cast.county, reason="现场核实属于误报")
    raised = public(cast)
    supervised(raised.hazard, cast.city)
    assert [publishing.of_order(order) for order in (revoked, raised)] == [None, None]
    assert "目前没有公示的挂牌督办" in said()


def test_a_canary_in_every_other_field_never_appears(cast):
    """Every text of the order, the hazard, the house and the people around it holds one."""
    order = public(cast, S.AWAITING_VERIFICATION)
    transferred(order.hazard, cast.county, letter=f"{CANARY}函件内容十个字以上")
    home, hazard = cast.home, order.hazard
    people = {actor.user for actor in vars(cast).values() if hasattr(actor, "user")}
    rows = [order, hazard, home, home.authority, *people, *home.responsible_persons.all()]
    rows += [cast.place.township, cast.place.province, *hazard.transfers.all()]
    poisoned = 0
    for row in rows:
        for field in row._meta.concrete_fields:
            is_shown = (row, field.name) in {(home, "name"), (order, "document_number")}
            is_words = isinstance(field, models.CharField | models.TextField) and not field.choices
            if is_words and not is_shown and field.name not in UNTOUCHED:
                words = {field.name: f"{CANARY}{field.name}"[: field.max_length]}
                poisoned += type(row).objects.filter(pk=row.pk).update(**words)
    assert poisoned > 40
    text = Client().get(URL).text
    assert home.name in text
    assert CANARY not in text
    assert [name for name in ("/files/", "/hazards/photo", "<img", "mailto:", "tel:") if name in text] == []


# Unique, made by the database, or refused by it while nobody has answered.
UNTOUCHED = {"event_head", "code", "path", "credit_code", "username", "password", "receipt_number", "answer"}


def test_it_costs_two_statements_for_any_number_and_is_paged(cast):
    def statements(url=URL) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(url).status_code == 200
        return len(queries)

    public(cast)
    one = statements()
    for _ in range(21):
        public(cast)
    assert (one, statements(), statements(f"{URL}?page=2")) == (2, 2, 2)
    pages = [Client().get(f"{URL}?page={n}").context["orders"] for n in (1, 2)]
    assert [len(orders) for orders in pages] == [20, 2]
    assert {Client().get(f"{URL}?page={n}").status_code for n in ("0", "-1", "999", "x", "9" * 40)} == {200}


def test_search_engines_are_asked_to_stay_away_and_only_reading_is_possible(cast):
    public(cast)
    response = Client().get(URL)
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in response.text
    assert Client().post(URL).status_code == 405
    assert "yh_session" not in response.cookies


def test_the_order_shows_its_people_what_the_public_reads(cast):
    order = public(cast)
    page = as_client(cast.county).get(f"/hazards/orders/{order.pk}/").text
    assert ("对外公开的内容" in page, URL in page) == (True, True)
    hidden = public(cast, is_public=False)
    assert "对外公开的内容" not in as_client(cast.county).get(f"/hazards/orders/{hidden.pk}/").text
    assert URL in Client().get("/login/").text
