"""联合检查: each item names the department that answers for it, and each problem can be given to one."""

import json
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from hazards.models import Hazard
from inspections.actions.finishing import finish
from inspections.models import Finding
from tests.factories import Cast, as_client, photos_of
from tests.inspections import factories as make
from tests.inspections.walking import facts_of, find, open_visit, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def items():
    checklist = make.ChecklistFactory()
    fire = make.ChecklistItemFactory(checklist=checklist, order=1, owner_department="fire_rescue")
    own = make.ChecklistItemFactory(checklist=checklist, order=2)
    checklist.status, checklist.published_at = "published", timezone.now()
    checklist.save(update_fields=["status", "published_at"])
    return fire, own


@pytest.fixture
def joint(cast, items):
    return open_visit(cast, kind="joint", checklist=items[0].checklist)


def new_url(visit, item=None) -> str:
    return reverse("inspections:finding_new", args=[visit.uid]) + (f"?item={item.pk}" if item else "")


def post(cast, visit, item=None, **fields):
    facts = {k: v for k, v in facts_of(item).items() if v is not None and k != "item"}
    data = {"key": str(uuid.uuid4()), "revision": "0", "found": [str(pk) for pk in photos_of(cast.county)]}
    return as_client(cast.county).post(new_url(visit, item), data | facts | fields)


def page(actor, visit, name="visit") -> str:
    return as_client(actor).get(reverse(f"inspections:{name}", args=[visit.uid])).text


def test_the_walk_of_a_joint_visit_names_each_items_department_and_another_walk_does_not(cast, items, joint):
    walk = page(cast.county, joint)
    chips = [walk.split(f'id="item-{item.pk}"')[1].split("</legend>")[0] for item in items]
    assert [
        '<span class="chip" data-joint>消防救援</span>' in chips[0],
        '<span class="chip" data-joint>民政</span>' in chips[1],
    ] == [True, True]
    alone = open_visit(cast, checklist=items[0].checklist)
    assert "消防救援" not in page(cast.county, alone)


@pytest.mark.parametrize(
    ("owner", "receiver", "department"),
    [
        ("civil_affairs", "", "civil_affairs"),
        ("civil_affairs", "market_regulation", "market_regulation"),
        ("fire_rescue", "housing", "fire_rescue"),
    ],
)
def test_an_item_that_civil_affairs_would_transfer_is_its_receivers(owner, receiver, department):
    item = make.ChecklistItemFactory.build(
        checklist=None, kinds=[], owner_department=owner, transfer_department=receiver
    )
    assert item.joint_department == department


def test_the_form_begins_with_the_items_department_and_asks_only_in_a_joint_visit(cast, items, joint):
    def field(visit, item=None):
        form = as_client(cast.county).get(new_url(visit, item)).context["form"]
        return form["department"].value() if "department" in form.fields else None

    assert [field(joint, items[0]), field(joint, items[1]), field(joint)] == [
        "fire_rescue",
        "civil_affairs",
        "",
    ]
    assert field(open_visit(cast, checklist=items[0].checklist), items[0]) is None


def test_a_problem_given_to_a_department_says_so_on_walk_record_and_print(cast, items, joint):
    assert post(cast, joint, items[0], department="housing").status_code == 302
    assert post(cast, joint, items[1], department="").status_code == 302
    assert [f.department for f in Finding.objects.order_by("id")] == ["housing", ""]
    assert "下发限期整改 · 住房城乡建设" in page(cast.county, joint)
    visit = finish(signed(joint, cast.county), by=cast.county)
    assert visit.problems == (
        "1. 二楼东侧：疏散通道堆放杂物（责任部门：住房城乡建设）\n2. 二楼东侧：疏散通道堆放杂物"
    )
    assert "责任部门：住房城乡建设" in page(cast.manager, visit)
    printed = page(cast.county, visit, "print")
    assert ('<th scope="col">责任部门</th>' in printed, "<td>住房城乡建设</td>" in printed) == (True, True)


def test_the_hazard_stays_with_the_supervising_authority(cast, items, joint):
    find(joint, cast.county, items[0], department="fire_rescue")
    finish(signed(joint, cast.county), by=cast.county)
    hazard = Hazard.objects.get()
    assert (hazard.supervising_authority, hazard.status) == (cast.home.authority, "rectifying")


def test_the_print_of_another_visit_has_no_such_column(cast, items):
    visit = open_visit(cast, checklist=items[0].checklist)
    find(visit, cast.county, items[0])
    visit = finish(signed(visit, cast.county), by=cast.county)
    assert "责任部门" not in page(cast.county, visit, "print")


def test_a_department_nobody_knows_is_refused_by_form_and_database(cast, items, joint):
    response = post(cast, joint, items[0], department="police")
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["department"])
    finding = find(joint, cast.county, items[0])
    with pytest.raises(IntegrityError, match="finding_department_known"), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(department="police")


def test_a_phone_that_does_not_ask_leaves_the_department(cast, items, joint):
    finding = find(joint, cast.county, items[0], department="housing")
    url = reverse("inspections:sync_finding", args=[joint.uid, finding.uid])
    facts = {k: str(v) for k, v in facts_of(items[0]).items() if k != "item"}
    body = json.dumps(facts | {"revision": 1, "location": "三楼"})
    assert as_client(cast.county).put(url, body, content_type="application/json").status_code == 200
    finding.refresh_from_db()
    assert (finding.location, finding.department) == ("三楼", "housing")
