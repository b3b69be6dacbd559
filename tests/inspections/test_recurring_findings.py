"""反弹: what was closed and is there again is named in the finding, and the new hazard is linked to the old one."""

import json
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from hazards.enums import HazardStatus
from hazards.models import Hazard
from inspections.actions.finishing import finish
from inspections.models import Finding
from tests.factories import Cast, as_client, hazard_in, photos_of, register_hazard
from tests.inspections import factories as make
from tests.inspections.walking import checklist, facts_of, find, open_visit, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def item():
    return checklist(2).items.first()


@pytest.fixture
def visit(cast, item):
    return open_visit(cast, checklist=item.checklist)


def form_url(visit, item=None) -> str:
    return reverse("inspections:finding_new", args=[visit.uid]) + (f"?item={item.pk}" if item else "")


def offered(actor, visit, item=None) -> list[Hazard] | None:
    """What the form offers as 反弹, None when it does not ask."""
    field = as_client(actor).get(form_url(visit, item)).context["form"].fields.get("recurrence_of")
    return list(field.queryset) if field else None


def post(actor, visit, item=None, **fields):
    facts = {k: v for k, v in facts_of(item).items() if v is not None and k != "item"}
    data = {"key": str(uuid.uuid4()), "revision": "0", "found": [str(pk) for pk in photos_of(actor)]}
    return as_client(actor).post(form_url(visit, item), data | facts | fields)


def closed_ago(cast, days: int, **fields) -> Hazard:
    """Closed so many days ago; what stands in the row is put back by hand, the acts are made today."""
    hazard = hazard_in(cast, HazardStatus.CLOSED, **fields)
    hazard.closed_at = timezone.now() - timedelta(days=days)
    hazard.found_on = timezone.localdate(hazard.closed_at)
    hazard.save(update_fields=["closed_at", "found_on"])
    return hazard


def test_the_new_hazard_is_linked_to_the_one_that_came_back(cast, item, visit):
    old = hazard_in(cast, HazardStatus.CLOSED)
    assert post(cast.county, visit, item, recurrence_of=str(old.pk)).status_code == 302
    finish(signed(visit, cast.county), by=cast.county)
    new = Hazard.objects.exclude(pk=old.pk).get()
    assert (new.recurrence_of, new.status, new.finding.recurrence_of) == (old, "rectifying", old)
    assert list(old.recurrences.all()) == [new]
    old.refresh_from_db()
    assert old.status == HazardStatus.CLOSED


def test_nothing_chosen_is_a_first_finding(cast, item, visit):
    hazard_in(cast, HazardStatus.CLOSED)
    assert post(cast.county, visit, item, recurrence_of="").status_code == 302
    finish(signed(visit, cast.county), by=cast.county)
    assert Hazard.objects.latest("pk").recurrence_of is None


def test_only_what_was_closed_here_within_two_years_in_the_same_domain_is_offered(cast, item, visit):
    new, old = closed_ago(cast, 10), closed_ago(cast, 729)
    closed_ago(cast, 731)
    food = closed_ago(cast, 5, domain="food")
    register_hazard(cast)
    hazard_in(cast, HazardStatus.VOIDED)
    hazard_in(Cast(cast.place), HazardStatus.CLOSED)
    assert offered(cast.county, visit, item) == [new, old]
    assert offered(cast.county, visit) == [food, new, old]


def test_what_the_same_item_had_found_comes_first_also_from_an_earlier_version_of_the_list(cast, item, visit):
    same_item = closed_ago(cast, 300)
    closed_ago(cast, 10)
    earlier = make.ChecklistFactory(code=item.checklist.code, version=2)
    twin = make.ChecklistItemFactory(checklist=earlier, code=item.code)
    make.FindingFactory(visit=make.VisitFactory(institution=cast.home), item=twin, hazard=same_item)
    assert offered(cast.county, visit, item)[0] == same_item


def test_without_anything_closed_the_form_does_not_ask(cast, item, visit):
    register_hazard(cast)
    assert offered(cast.county, visit, item) is None


@pytest.mark.parametrize("who", ["open", "elsewhere"])
def test_what_is_not_offered_is_refused(cast, item, visit, who):
    hazard_in(cast, HazardStatus.CLOSED)
    wrong = register_hazard(cast) if who == "open" else hazard_in(Cast(cast.place), HazardStatus.CLOSED)
    response = post(cast.county, visit, item, recurrence_of=str(wrong.pk))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["recurrence_of"])
    assert Finding.objects.count() == 0


def test_the_same_as_an_open_one_is_not_one_that_came_back(cast, item, visit):
    old, there = hazard_in(cast, HazardStatus.CLOSED), register_hazard(cast)
    fields = {"handling": "same", "same_as": str(there.pk), "recurrence_of": str(old.pk)}
    assert post(cast.county, visit, item, **fields).status_code == 302
    finding = Finding.objects.get()
    assert (finding.same_as, finding.recurrence_of) == (there, None)
    with pytest.raises(IntegrityError, match="finding_same_or_recurring"), transaction.atomic():
        Finding.objects.update(recurrence_of=old)


def test_the_record_and_the_print_say_that_it_came_back(cast, item, visit):
    old = hazard_in(cast, HazardStatus.CLOSED)
    find(visit, cast.county, item, recurrence_of=old)
    visit = finish(signed(visit, cast.county), by=cast.county)
    assert visit.problems == "1. 二楼东侧：疏散通道堆放杂物（反弹）"
    page = as_client(cast.county).get(reverse("inspections:visit", args=[visit.uid])).text
    assert f'反弹自 <a href="/hazards/{old.pk}/">{old.number}</a>' in page
    assert "（反弹）" in as_client(cast.county).get(reverse("inspections:print", args=[visit.uid])).text


def test_a_house_names_what_came_back_in_its_own_check(cast, item):
    old = hazard_in(cast, HazardStatus.CLOSED)
    visit = open_visit(cast, by=cast.manager)
    assert offered(cast.manager, visit) == [old]
    find(visit, cast.manager, handling="register", due_on=None, recurrence_of=old)
    finish(visit, by=cast.manager)
    assert Hazard.objects.latest("pk").recurrence_of == old


def test_a_phone_that_does_not_ask_leaves_the_answer_and_one_that_does_gives_it(cast, item, visit):
    old = hazard_in(cast, HazardStatus.CLOSED)
    finding = find(visit, cast.county, item, recurrence_of=old)
    url = reverse("inspections:sync_finding", args=[visit.uid, finding.uid])
    client = as_client(cast.county)
    facts = {k: str(v) for k, v in facts_of(item).items() if k not in ("item",)}

    def put(**fields):
        body = json.dumps(facts | fields)
        return client.put(url, body, content_type="application/json").status_code

    assert put(revision=1, location="三楼") == 200
    finding.refresh_from_db()
    assert (finding.location, finding.recurrence_of) == ("三楼", old)
    assert put(revision=2, recurrence_of="") == 200
    finding.refresh_from_db()
    assert finding.recurrence_of is None
    assert put(revision=3, recurrence_of=str(old.pk)) == 200
    finding.refresh_from_db()
    assert finding.recurrence_of == old
