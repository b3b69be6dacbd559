"""Checklists in the browser: who reads, prints, drafts, edits and publishes, and what is shown as law."""

import html
import re
import uuid
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.http import Conflict
from inspections import rules
from inspections.actions import checklists as actions
from inspections.forms.checklists import ItemForm
from inspections.models import Checklist, ChecklistEvent, ChecklistItem
from tests.factories import Cast, as_client
from tests.inspections import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def loaded():
    call_command("load_checklists", stdout=StringIO())


def url(name, *args):
    return reverse(f"inspections:{name}", args=args)


def item_data(draft, **changes):
    data = {
        "key": str(uuid.uuid4()), "revision": draft.revision, "domain": "fire", "kinds": draft.kinds,
        "subject": "灭火器", "text": "灭火器压力正常", "guidance": "看压力表", "phrases": "灭火器压力不足\n灭火器过期",
        "severity": "general", "days": "3", "laws": "《消防法》(2021修正)第十六条（二）", "references": "属地指引",
        "owner_department": "civil_affairs",
    }  # fmt: skip
    return data | changes


# --- reading -----------------------------------------------------------------------------------------------


def test_the_list_shows_what_is_in_use_and_the_drafts_one_may_see(cast):
    national = make.ChecklistFactory(items=2, published=True)
    own = make.ChecklistFactory(scope=cast.place.county)
    shown = as_client(cast.county).get(url("checklists")).context["checklists"]
    assert [(c, c.item_count) for c in shown] == [(national, 2), (own, 0)]
    assert list(as_client(cast.manager).get(url("checklists")).context["checklists"]) == [national]
    assert list(as_client(cast.county).get(url("checklists") + "?status=draft").context["checklists"]) == [
        own
    ]
    assert list(as_client(cast.county).get(url("checklists") + "?kind=cemetery").context["checklists"]) == []
    assert as_client(cast.county).get(url("checklists") + "?kind=palace").status_code == 422
    assert as_client(cast.security_admin).get(url("checklists")).status_code == 403


def test_items_are_read_by_domain_and_found_by_every_word(cast):
    checklist = make.ChecklistFactory()
    make.ChecklistItemFactory(checklist=checklist, order=1, text="灭火器压力正常", phrases=["压力不足"])
    make.ChecklistItemFactory(checklist=checklist, order=2, domain="food", text="食堂留样")
    make.ChecklistItemFactory(checklist=checklist, order=3, text="消火栓有水", severity="major")
    checklist.status = "withdrawn"
    checklist.save()
    page = url("checklist", checklist.pk)

    def found(query=""):
        groups = as_client(cast.county).get(page + query).context["groups"]
        return [(domain.value, [item.text for item in items]) for domain, items in groups]

    assert found() == [("fire", ["灭火器压力正常", "消火栓有水"]), ("food", ["食堂留样"])]
    assert found("?q=灭火器 不足") == [("fire", ["灭火器压力正常"])]
    assert found("?q=灭火器 留样") == []
    assert found("?major=on") == [("fire", ["消火栓有水"])]


def test_a_checklist_of_another_county_is_nowhere(cast):
    other = make.ChecklistFactory(scope=Cast().place.county, published=True)
    for name in ("checklist", "checklist_print", "checklist_edit"):
        assert as_client(cast.county).get(url(name, other.pk)).status_code == 404
    for name in ("checklist_draft", "checklist_publish", "checklist_withdraw"):
        assert as_client(cast.county).post(url(name, other.pk)).status_code == 404
    assert as_client(cast.city).get(url("checklist", other.pk)).status_code == 404


@pytest.mark.parametrize("page", ["checklist", "checklist_print"])
@pytest.mark.parametrize("code", ["NH", "CW", "RS", "FN", "MR"])
def test_only_what_was_verified_is_shown_as_law(cast, loaded, page, code):
    checklist = Checklist.objects.get(code=code)
    response = as_client(cast.county).get(url(page, checklist.pk))
    text = html.unescape(response.content.decode())
    rows = re.findall(r"<tr(?: id=\"item-[^\"]+\")?>(.*?)</tr>", text.split("<tbody>", 1)[1], re.S)
    rows = [row for row in rows if "<th " not in row]
    items = list(checklist.items.order_by("order"))
    assert len(rows) == len(items)
    for row, item in zip(rows, items, strict=True):
        said = re.sub(r"<[^>]+>", " ", row)
        verified = [basis.text for basis in item.shown_bases if basis.is_law]
        for law in verified:
            assert law in said, item.code
            said = said.replace(law, "")
        own_words = [item.text, item.guidance, item.upgrade_when, item.interim, *item.phrases]
        for words in own_words:
            said = said.replace(words, "")
        assert not rules.names_article(said.replace(item.code, "")), (item.code, said)
        assert re.sub("参考，依据待核", "", said).find("待核") == -1, item.code
        assert not re.search("推定|类推", said), item.code
        assert said.count("参考，依据待核") == len(item.shown_bases) - len(verified), item.code
        assert ("★" in said) is item.is_confirmed_major, item.code


def test_the_printed_sheet_has_the_official_columns_and_answers(cast):
    checklist = make.ChecklistFactory(items=2, published=True)
    text = as_client(cast.manager).get(url("checklist_print", checklist.pk)).content.decode()
    assert re.findall(r'<th scope="col">(.*?)</th>', text) == [
        "分类", "检查对象", "检查内容", "典型隐患描述", "检查结果", "主要依据", "检查方式"
    ]  # fmt: skip
    assert text.count("<span>是□</span> <span>否□</span> <span>不涉及□</span>") == 2


def test_the_sheet_of_a_cemetery_leaves_out_what_is_asked_at_funeral_homes(cast, loaded):
    checklist = Checklist.objects.get(code="FN")
    page = url("checklist_print", checklist.pk)
    assert as_client(cast.county).get(page + "?kind=cemetery").context["count"] == 9


# Of these the page's frame asks thirteen: session, person, posts, the read-only transaction, bell, health, calendar, clocks.
QUERIES = {"checklists": 10, "checklist": 13, "checklist_print": 11, "checklist_edit": 12}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("page", QUERIES)
def test_a_page_asks_the_same_number_of_questions_however_many_rows(
    cast, rows, page, django_assert_num_queries
):
    client = as_client(cast.province)
    for _ in range(rows):
        shown = make.ChecklistFactory(items=rows, published=True)
    if page == "checklist_edit":
        shown = make.ChecklistFactory(items=rows)
    address = url(page) if page == "checklists" else url(page, shown.pk)
    with django_assert_num_queries(QUERIES[page]):
        assert client.get(address).status_code == 200


# --- drafts ------------------------------------------------------------------------------------------------


def test_the_province_edits_a_national_checklist_from_copy_to_publication(cast):
    first = make.ChecklistFactory(items=2, published=True)
    client = as_client(cast.province)
    answer = client.post(url("checklist_draft", first.pk))
    draft = Checklist.objects.get(status="draft")
    assert (answer.status_code, answer["Location"]) == (302, url("checklist_edit", draft.pk))
    assert (draft.version, draft.items.count()) == (2, 2)
    again = client.post(url("checklist_draft", first.pk))
    assert again["Location"] == answer["Location"]
    item = draft.items.first()
    assert client.get(url("item_edit", draft.pk, item.pk)).status_code == 200
    answer = client.post(url("item_edit", draft.pk, item.pk), item_data(draft, text="新的检查内容"))
    assert answer.status_code == 302
    draft.refresh_from_db()
    client.post(url("item_add", draft.pk), item_data(draft))
    draft.refresh_from_db()
    client.post(
        url("item_remove", draft.pk, draft.items.all()[1].pk),
        {"key": uuid.uuid4(), "revision": draft.revision},
    )
    draft.refresh_from_db()
    assert sorted(draft.items.values_list("text", flat=True)) == ["新的检查内容", "灭火器压力正常"]
    client.post(url("checklist_publish", draft.pk), {"key": uuid.uuid4(), "revision": draft.revision})
    assert list(Checklist.objects.order_by("version").values_list("status", "published_by")) == [
        ("withdrawn", None), ("published", cast.province.user.pk)
    ]  # fmt: skip
    acts = ChecklistEvent.objects.filter(checklist=draft).order_by("id").values_list("act", flat=True)
    assert list(acts) == ["drafted", "edited", "edited", "edited", "published"]
    texts = ChecklistItem.objects.filter(checklist=first).values_list("text", flat=True)
    assert "新的检查内容" not in texts


def test_a_county_adds_its_own_items_beside_the_national_ones(cast):
    national = make.ChecklistFactory(items=1, published=True)
    client = as_client(cast.county)
    data = {"key": str(uuid.uuid4()), "name": "山区机构增补", "kinds": ["nursing_home"]}
    answer = client.post(url("checklist_add"), data)
    assert client.post(url("checklist_add"), data)["Location"] == answer["Location"]
    own = Checklist.objects.get(scope=cast.place.county)
    client.post(url("item_add", own.pk), item_data(own))
    own.refresh_from_db()
    client.post(url("checklist_publish", own.pk), {"key": uuid.uuid4(), "revision": own.revision})
    assert list(Checklist.objects.for_institution(cast.home)) == [national, own]
    visit = make.VisitFactory(institution=cast.home, checklist=national)
    visit.added_checklists.add(own)
    assert [item.checklist_id for item in visit.items] == [national.pk, own.pk]
    client.post(url("checklist_withdraw", own.pk), {"key": uuid.uuid4()})
    assert list(Checklist.objects.for_institution(cast.home)) == [national]


@pytest.mark.parametrize(
    "role", ["city", "county", "township", "manager", "safety", "auditor", "system_admin"]
)
def test_a_national_checklist_is_changed_by_the_province_alone(cast, role):
    checklist = make.ChecklistFactory(items=1, published=True)
    client = as_client(getattr(cast, role))
    for name in ("checklist_draft", "checklist_publish", "checklist_withdraw"):
        assert client.post(url(name, checklist.pk)).status_code == 403
    with pytest.raises(PermissionDenied):
        actions.copy_to_draft(checklist, by=getattr(cast, role))


def test_superiors_see_a_countys_draft_and_leave_it_alone(cast):
    draft = make.ChecklistFactory(scope=cast.place.county)
    assert as_client(cast.city).get(url("checklist", draft.pk)).status_code == 200
    assert as_client(cast.city).get(url("checklist_edit", draft.pk)).status_code == 403
    assert as_client(cast.manager).get(url("checklist", draft.pk)).status_code == 404


def test_a_published_checklist_is_not_edited_in_the_browser_either(cast):
    checklist = make.ChecklistFactory(items=1, published=True)
    item = checklist.items.get()
    client = as_client(cast.province)
    assert client.post(url("item_edit", checklist.pk, item.pk), item_data(checklist)).status_code == 409
    assert client.post(url("item_add", checklist.pk), item_data(checklist)).status_code == 409
    item.refresh_from_db()
    assert item.text.startswith("疏散通道畅通")
    text = client.get(url("checklist_edit", checklist.pk)).content.decode()
    assert "内容固定，不能再修改" in text


def test_of_two_editors_the_second_is_told_and_loses_nothing_of_the_first(cast):
    draft = make.ChecklistFactory(items=1)
    item, seen = draft.items.get(), draft.revision
    actions.save_item(draft, by=cast.province, item=item, revision=seen, text="甲改的")
    with pytest.raises(Conflict, match="刚刚被修改过"):
        actions.save_item(draft, by=cast.province, item=item, revision=seen, text="乙改的")
    item.refresh_from_db()
    assert item.text == "甲改的"
    answer = as_client(cast.province).post(
        url("item_edit", draft.pk, item.pk), item_data(draft, revision=seen, text="丙改的")
    )
    assert answer.status_code == 409
    assert "丙改的" in answer.content.decode()


def test_a_form_sent_twice_adds_one_item(cast):
    draft = make.ChecklistFactory()
    data, client = item_data(draft), as_client(cast.province)
    answers = [client.post(url("item_add", draft.pk), data) for _ in range(2)]
    assert [a.status_code for a in answers] == [302, 302]
    assert draft.items.count() == 1


def test_a_checklist_without_items_is_not_published(cast):
    draft = make.ChecklistFactory()
    answer = as_client(cast.province).post(
        url("checklist_publish", draft.pk), {"key": uuid.uuid4()}, follow=True
    )
    assert "检查表还没有检查项，不能发布。" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_national_checklist_is_only_ever_replaced(cast):
    checklist = make.ChecklistFactory(items=1, published=True)
    with pytest.raises(ValidationError, match="只能由新版本代替"):
        actions.withdraw(checklist, by=cast.province)


def test_a_discarded_draft_frees_its_code_for_another(cast):
    first = make.ChecklistFactory(items=1, published=True)
    draft = actions.copy_to_draft(first, by=cast.province)
    as_client(cast.province).post(url("checklist_withdraw", draft.pk), {"key": uuid.uuid4()})
    assert actions.copy_to_draft(first, by=cast.province).version == 3


def test_a_kind_is_not_taken_away_while_items_are_for_it(cast):
    draft = make.ChecklistFactory(kinds=["funeral_home", "cemetery"])
    make.ChecklistItemFactory(checklist=draft, kinds=["cemetery"], code="T-1")
    answer = as_client(cast.province).post(
        url("checklist_facts", draft.pk),
        {"key": uuid.uuid4(), "revision": 0, "name": "殡葬", "kinds": ["funeral_home"]},
    )
    assert answer.status_code == 422
    assert "这些检查项还适用于被去掉的机构类型：T-1。" in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"laws": "《标准》第六条（推定，项号待核）"}, "laws"),
        ({"laws": "《消防法》"}, "laws"),
        ({"laws": "\n".join(f"《法》第{n}条" for n in range(1, 10))}, "laws"),
        ({"references": "长" * 101}, "references"),
        ({"phrases": " \n "}, "phrases"),
        ({"phrases": "王某 11010519491231002X 摔倒"}, "phrases"),
        ({"text": ""}, "text"),
        ({"days": "-1"}, "days"),
        ({"days": "366"}, "days"),
        ({"kinds": ["cemetery"]}, "kinds"),
        ({"kinds": []}, "kinds"),
        ({"severity": "huge"}, "severity"),
        ({"is_major_ref_verified": "on"}, "major_ref"),
        ({"is_major_ref_verified": "on", "major_ref": "《标准》第六条（推定）"}, "is_major_ref_verified"),
        ({"key": ""}, "key"),
    ],
)
def test_an_item_that_cannot_be_is_refused_with_words_beside_the_field(cast, changes, field):
    draft = make.ChecklistFactory()
    answer = as_client(cast.province).post(url("item_add", draft.pk), item_data(draft, **changes))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert draft.items.count() == 0


def test_saving_an_item_unchanged_changes_nothing(cast, loaded):
    draft = actions.copy_to_draft(Checklist.objects.get(code="RS"), by=cast.province)
    client = as_client(cast.province)
    before = list(draft.items.order_by("order").values())
    for item in draft.items.all():
        draft.refresh_from_db()
        form = ItemForm(checklist=draft, item=item)
        data = {name: form[name].value() for name in form.fields}
        data = {name: value for name, value in data.items() if value is not None and value is not False}
        assert client.post(url("item_edit", draft.pk, item.pk), data).status_code == 302
    assert list(draft.items.order_by("order").values()) == before


TEXT = st.text(max_size=130)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.fixed_dictionaries(
        dict.fromkeys(("subject", "text", "guidance", "phrases", "laws", "references", "major_ref"), TEXT)
        | dict.fromkeys(("upgrade_when", "interim", "transfer_to"), TEXT)
        | {
            "days": st.integers(-5, 400).map(str) | TEXT,
            "severity": st.sampled_from(["general", "major", "x"]),
        }
        | {
            "is_major_ref_verified": st.sampled_from(["", "on"]),
            "transfer_department": st.sampled_from(["", "health"]),
        }
    )
)
def test_whatever_is_typed_is_either_refused_by_the_form_or_kept_as_it_was_cleaned(cast, data):
    draft = make.ChecklistFactory()
    form = ItemForm(item_data(draft, **data), checklist=draft)
    if not form.is_valid():
        assert form.errors
        return
    item = actions.save_item(draft, by=cast.province, **form.facts())
    item.refresh_from_db()
    kept = form.facts()
    kept.pop("revision")
    assert {name: getattr(item, name) for name in kept} == kept
    assert all(not rules.has_doubt(basis.text) for basis in item.shown_bases)
    assert all(basis.is_law or not rules.names_article(basis.text) for basis in item.shown_bases)
