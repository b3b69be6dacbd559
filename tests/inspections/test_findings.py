"""Findings before the finish: recorded, changed, removed, the same as an open hazard; nothing astray."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from common.http import Conflict
from files.claims import Unclaimable, claim
from files.models import StoredFile
from hazards.models import Evidence, Hazard
from inspections.actions import finishing
from inspections.actions.findings import FindingChanged, remove_finding, save_finding
from inspections.models import Answer, Finding, FindingPhoto, Judgement, VisitEvent
from tests.factories import Cast, as_client, hazard_in, photos_of, register_hazard
from tests.inspections import factories as make
from tests.inspections.walking import answer, checklist, facts_of, find, open_visit, signed
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def item():
    return checklist(3).items.first()


@pytest.fixture
def visit(cast, item):
    return open_visit(cast, checklist=item.checklist)


def attached(files) -> list[bool]:
    return list(StoredFile.objects.filter(pk__in=files).order_by("pk").values_list("is_attached", flat=True))


# --- the act ----------------------------------------------------------------------------------------------------


def test_a_problem_answers_its_item_no_and_holds_its_photos(cast, item, visit):
    photos = photos_of(cast.county, 2)
    finding = find(visit, cast.county, item, found=photos)
    assert (finding.revision, Answer.objects.get().value) == (1, "no")
    assert (attached(photos), Hazard.objects.count()) == ([True, True], 0)
    with pytest.raises(Unclaimable):
        claim(photos, by=cast.county.user)
    with pytest.raises(Unclaimable):
        find(visit, cast.county, found=photos)
    assert Finding.objects.count() == 1


def test_the_same_again_changes_nothing(cast, item, visit):
    uid, photos = uuid.uuid4(), photos_of(cast.county)
    for _ in range(3):
        find(visit, cast.county, item, uid=uid, found=photos)
    assert (Finding.objects.count(), Finding.objects.get().revision, FindingPhoto.objects.count()) == (
        1,
        1,
        1,
    )
    assert VisitEvent.objects.filter(act="finding").count() == 1


def test_changing_keeps_some_photos_and_frees_others(cast, item, visit):
    first, second, third = photos_of(cast.county, 3)
    finding = find(visit, cast.county, item, found=[first, second])
    find(visit, cast.county, item, uid=finding.uid, found=[second, third], description="楼梯间堆放杂物")
    assert set(finding.photos.values_list("file", flat=True)) == {second, third}
    assert {pk: attached([pk]) for pk in (first, second, third)} == {
        first: [False], second: [True], third: [True]
    }  # fmt: skip
    finding.refresh_from_db()
    assert (finding.description, finding.revision) == ("楼梯间堆放杂物", 2)


def test_a_colleague_changes_a_finding_and_keeps_photos_they_did_not_take(cast, item, visit):
    finding = find(visit, cast.county, item)
    kept = list(finding.photos.values_list("file", flat=True))
    find(visit, cast.county2, item, uid=finding.uid, found=[*kept, *photos_of(cast.county2)])
    assert finding.photos.count() == 2
    finishing.finish(signed(visit, cast.county2), by=cast.county2)
    assert Evidence.objects.filter(hazard=Hazard.objects.get()).count() == 2


def test_a_change_upon_an_older_state_is_refused_and_both_are_kept(cast, item, visit):
    finding = find(visit, cast.county, item)
    save_finding(visit, by=cast.county2, uid=finding.uid, facts={"location": "三楼"}, revision=1)
    with pytest.raises(FindingChanged) as caught:
        save_finding(visit, by=cast.county, uid=finding.uid, facts={"location": "四楼"}, revision=1)
    assert (caught.value.theirs.location, Finding.objects.get().location) == ("三楼", "三楼")


def test_a_removed_problem_leaves_nothing_behind(cast, item, visit):
    photos = photos_of(cast.county)
    finding = find(visit, cast.county, item, found=photos)
    for _ in range(2):
        remove_finding(visit, by=cast.county2, uid=finding.uid)
    assert (Finding.objects.count(), FindingPhoto.objects.count(), attached(photos)) == (0, 0, [False])
    answer(visit, cast.county, {item.pk: "yes"})
    finishing.finish(signed(visit, cast.county), by=cast.county)
    assert Hazard.objects.count() == 0


def test_an_item_with_a_problem_cannot_be_answered_yes(cast, item, visit):
    find(visit, cast.county, item)
    outcome = answer(visit, cast.county, {item.pk: "yes"})
    assert [r.reason for r in outcome.refused] == ["这一项已经记录了问题。要改答案，请先删除问题。"]
    assert Answer.objects.get().value == "no"


def test_another_handling_forgets_what_the_first_had_asked_for(cast, item, visit):
    hazard = register_hazard(cast)
    finding = find(visit, cast.county, item)
    kept = list(finding.photos.values_list("file", flat=True))
    find(visit, cast.county, item, uid=finding.uid, found=kept, handling="same", same_as=hazard)
    finding.refresh_from_db()
    assert (finding.due_on, finding.same_as) == (None, hazard)
    find(visit, cast.county, item, uid=finding.uid, found=kept, same_as=None)
    finding.refresh_from_db()
    assert (finding.handling, finding.same_as) == ("issue", None)


def test_the_same_problem_again_makes_no_second_hazard(cast, item, visit):
    hazard = register_hazard(cast)
    finding = find(visit, cast.county, item, handling="same", same_as=hazard)
    visit = finishing.finish(signed(visit, cast.county), by=cast.county)
    finding.refresh_from_db()
    assert (Hazard.objects.count(), finding.hazard, finding.same_as) == (1, None, hazard)
    assert visit.handling == "与已有隐患相同 1 条。"
    assert list(hazard.found_again.all()) == [finding]


def test_a_problem_that_was_closed_meanwhile_is_not_the_same_any_more(cast, item, visit):
    hazard = hazard_in(cast, "closed")
    find(visit, cast.county, item, handling="same", same_as=hazard)
    with pytest.raises(finishing.Incomplete) as caught:
        finishing.finish(signed(visit, cast.county), by=cast.county)
    assert [lack.words for lack in caught.value.lacks] == [
        "“疏散通道堆放杂物”选定的已有隐患已经办结，请另选处理方式"
    ]


def test_the_uid_of_a_finding_of_another_visit_is_refused(cast, item, visit):
    finding = find(open_visit(cast), cast.county)
    with pytest.raises(Conflict):
        find(visit, cast.county, item, uid=finding.uid)


# --- the pages ---------------------------------------------------------------------------------------------------


def posted(item=None, **fields) -> dict:
    facts = facts_of(item, **fields)
    data = {k: v for k, v in facts.items() if v is not None and k not in ("item", "same_as")}
    return {"key": str(uuid.uuid4()), "revision": "0"} | data


def url_of(visit, item=None) -> str:
    return f"/inspections/visits/{visit.uid}/findings/new/" + (f"?item={item.pk}" if item else "")


def test_without_javascript_a_problem_is_a_page_and_photos_come_with_it(cast, item, visit, media):
    client = as_client(cast.county)
    page = client.get(url_of(visit, item))
    assert page.context["form"]["description"].value() == "疏散通道堆放杂物"
    assert page.context["form"]["due_on"].value() == timezone.localdate() + timezone.timedelta(days=7)
    assert page.context["form"]["responsible_person"].value() == "张三"
    data = posted(item) | {"found_files": [SimpleUploadedFile("一.jpg", jpeg("red"), "image/jpeg")]}
    response = client.post(url_of(visit, item), data)
    assert (response.status_code, response["Location"]) == (
        302, f"/inspections/visits/{visit.uid}/#item-{item.pk}"
    )  # fmt: skip
    assert Finding.objects.get().photos.count() == 1


def test_htmx_swaps_the_item_and_the_swapped_one_equals_the_reloaded_one(cast, item, visit):
    client, htmx = as_client(cast.county), {"HX-Request": "true"}
    form = client.get(url_of(visit, item), headers=htmx).text
    assert (form.count("<li"), 'name="description"' in form) == (1, True)
    data = posted(item, found=[str(pk) for pk in photos_of(cast.county)])
    swapped = client.post(url_of(visit, item), data, headers=htmx)
    assert swapped.status_code == 200
    page = client.get(f"/inspections/visits/{visit.uid}/").text
    # But for the counts, which the swapped item brings along.
    counts = ' data-answered="1" data-findings="1"'
    assert counts in swapped.text
    assert swapped.text.replace(counts, "").strip() in page


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"description": ""}, "description", "这个字段是必填项。"),
        ({"location": ""}, "location", "请填写具体部位。"),
        ({"found": []}, "found", "请至少上传一张现场照片；确实不能拍照的，请在下面写明原因。"),
        ({"due_on": "2020-01-01"}, "due_on", "整改期限不能早于今天。"),
        ({"responsible_person": ""}, "responsible_person", "请填写这一项。"),
        ({"severity": "major"}, "severity", "重大隐患须写明判定依据。"),
        ({"handling": "fixed"}, "measures", "请填写这一项。"),
        ({"handling": "fixed"}, "rectified", "立行立改请上传改好后的照片。"),
        ({"description": "护理员 36010219560101123X 离岗"}, "description", "请不要填写身份证号等个人信息，删去后再保存。"),
    ],
)  # fmt: skip
def test_bad_input_is_answered_beside_its_field(cast, item, visit, changes, field, words):
    data = posted(item, found=[str(pk) for pk in photos_of(cast.county)]) | changes
    response = as_client(cast.county).post(url_of(visit, item), data)
    assert (response.status_code, Finding.objects.count()) == (422, 0)
    assert response.context["form"].errors[field] == [words]


def test_the_form_sent_twice_is_one_finding(cast, item, visit):
    client = as_client(cast.county)
    data = posted(item, found=[str(pk) for pk in photos_of(cast.county)])
    first, second = (client.post(url_of(visit, item), data) for _ in range(2))
    assert (first.status_code, second.status_code, Finding.objects.count()) == (302, 302, 1)
    # Sent again with other words it is a change upon an older state: said, not done.
    third = client.post(url_of(visit, item), data | {"location": "四楼"})
    assert (third.status_code, Finding.objects.get().location) == (409, "二楼东侧")
    again = third.context["form"]["revision"].value()
    client.post(url_of(visit, item), data | {"location": "四楼", "revision": again})
    assert Finding.objects.get().location == "四楼"


def test_editing_shows_the_photos_and_keeps_those_that_stay(cast, item, visit):
    finding = find(visit, cast.county, item, found=photos_of(cast.county, 2))
    kept, gone = finding.photos.order_by("id")
    url = f"/inspections/visits/{visit.uid}/findings/{finding.uid}/"
    client = as_client(cast.county2)
    page = client.get(url)
    assert [u["thumb"] for u in page.context["form"]["found"].evidence["uploaded"]] == [
        f"/inspections/photos/{photo.pk}/thumb/" for photo in (kept, gone)
    ]
    data = posted(item, found=[str(kept.file_id)]) | {"key": str(finding.uid), "revision": "1"}
    assert client.post(url, data).status_code == 302
    assert list(finding.photos.values_list("pk", flat=True)) == [kept.pk]
    assert client.post(f"{url}remove/").status_code == 302
    assert Finding.objects.count() == 0


def test_major_is_saved_with_its_ground_and_general_loses_it(cast, item, visit):
    situation = make.MajorSituationFactory()
    client = as_client(cast.county)
    data = posted(item, found=[str(pk) for pk in photos_of(cast.county)], severity="major") | {
        "interim_measures": "停用该楼层",
        "judge-ground": str(situation.pk),
    }
    assert client.post(url_of(visit, item), data).status_code == 302
    assert Judgement.objects.get().text == situation.text
    finding = Finding.objects.get()
    kept = [str(pk) for pk in finding.photos.values_list("file", flat=True)]
    url = f"/inspections/visits/{visit.uid}/findings/{finding.uid}/"
    client.post(url, posted(item, found=kept) | {"revision": str(finding.revision)})
    assert (Judgement.objects.count(), Finding.objects.get().severity) == (0, "general")


def test_open_hazards_of_the_same_domain_are_offered_as_the_same(cast, item, visit):
    same, other = register_hazard(cast), register_hazard(cast, domain="food")
    hazard_in(cast, "closed")
    register_hazard(Cast())
    client = as_client(cast.county)
    offered = client.get(url_of(visit, item)).context["form"].fields["same_as"].queryset
    assert list(offered) == [same]
    free = client.get(url_of(visit)).context["form"].fields["same_as"].queryset
    assert set(free) == {same, other}
    data = posted(item) | {"handling": "same", "same_as": str(same.pk)}
    assert client.post(url_of(visit, item), data).status_code == 302
    assert Finding.objects.get().same_as == same


def test_a_free_finding_needs_a_domain(cast, visit):
    client = as_client(cast.county)
    data = posted(found=[str(pk) for pk in photos_of(cast.county)])
    assert client.post(url_of(visit), data | {"domain": ""}).status_code == 422
    assert client.post(url_of(visit), data)["Location"] == f"/inspections/visits/{visit.uid}/#free"


def test_findings_are_out_of_reach_for_strangers_and_after_the_finish(cast, item, visit):
    finding = find(visit, cast.county, item)
    edit = f"/inspections/visits/{visit.uid}/findings/{finding.uid}/"
    stranger = Cast()
    statuses = {}
    for name, actor in [("other", stranger.county), ("house", cast.manager), ("city", cast.city)]:
        client = as_client(actor)
        statuses[name] = [
            client.get(url_of(visit, item)).status_code,
            client.post(f"{edit}remove/").status_code,
        ]
    assert statuses == {"other": [404, 404], "house": [403, 403], "city": [403, 403]}
    finishing.finish(signed(visit, cast.county), by=cast.county)
    assert [as_client(cast.county).get(u).status_code for u in (edit, url_of(visit))] == [409, 409]
    assert as_client(cast.county).get(url_of(visit).replace("new/", f"{uuid.uuid4()}/")).status_code == 409
