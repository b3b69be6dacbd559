"""Photos of findings at houses for children and people under protection: who sees them, and the log of each viewing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from files.intake import receive
from hazards.models import Hazard
from inspections.actions.findings import remove_finding
from inspections.actions.finishing import finish
from inspections.models import FindingPhoto, FindingPhotoView
from tests.factories import Cast, as_client, make_actor, make_place, register_hazard
from tests.inspections.walking import find, open_visit, signed
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(media):
    return Cast(kind="child_welfare", place=make_place())


def picture(actor) -> list:
    return [receive(SimpleUploadedFile("一.jpg", jpeg("red")), by=actor.user).pk]


def found_again(cast, hazard=None):
    """An open visit with a photo of a problem that is open already."""
    visit = open_visit(cast)
    hazard = hazard or register_hazard(cast)
    return visit, find(visit, cast.county, found=picture(cast.county), handling="same", same_as=hazard)


def url_of(finding, variant="thumb") -> str:
    return f"/inspections/photos/{finding.photos.get().pk}/{variant}/"


def answers(url, *actors) -> list[int]:
    responses = [as_client(actor).get(url) for actor in actors]
    for response in responses:
        if response.streaming:
            b"".join(response.streaming_content)  # read to its end, the file is closed
    return [response.status_code for response in responses]


def test_until_the_finish_only_who_took_it_sees_it_and_may_take_it_back(cast):
    visit, finding = found_again(cast)
    seen = answers(url_of(finding), cast.county, cast.county2, cast.city, cast.manager)
    assert (seen, FindingPhotoView.objects.count()) == ([200, 403, 403, 403], 0)
    remove_finding(visit, by=cast.county, uid=finding.uid)
    assert FindingPhoto.objects.count() == 0


def test_a_photo_of_what_was_found_again_is_seen_by_those_who_see_the_hazards_photos(cast):
    visit, finding = found_again(cast)
    finish(signed(visit, cast.county), by=cast.county)
    who = (cast.county, cast.county2, cast.city, cast.province, cast.auditor, cast.manager, cast.safety)
    assert answers(url_of(finding, "full"), *who) == [200] * 7
    other = make_actor("county_official", make_place(city=cast.place.city).county)
    assert answers(url_of(finding), other, cast.system_admin) == [404, 404]


def test_a_patrol_sees_no_photos_of_a_protected_house(cast):
    cast = Cast(cast.place, kind="child_welfare", township=cast.place.township)
    visit, finding = found_again(cast)
    finish(signed(visit, cast.county), by=cast.county)
    assert answers(url_of(finding), cast.township) == [403]


def test_the_house_does_not_see_the_photo_of_a_hazard_it_was_not_told_of(cast):
    visit, finding = found_again(cast, register_hazard(cast, issue_with=None))
    finish(signed(visit, cast.county), by=cast.county)
    assert answers(url_of(finding), cast.manager, cast.county2) == [403, 200]


def test_a_photo_that_became_evidence_is_shown_with_its_hazard_alone(cast):
    visit = open_visit(cast)
    finding = find(visit, cast.county, found=picture(cast.county))
    finish(signed(visit, cast.county), by=cast.county)
    assert answers(url_of(finding), cast.county2, cast.manager) == [403, 403]
    evidence = Hazard.objects.get().evidence.get()
    assert answers(reverse("hazards:photo", args=[evidence.pk, "thumb"]), cast.county2) == [200]


def test_each_viewing_after_the_finish_is_logged_and_a_refused_one_is_not(cast):
    visit, finding = found_again(cast)
    finish(signed(visit, cast.county), by=cast.county)
    answers(url_of(finding, "full"), cast.county2, cast.manager)
    answers(url_of(finding), cast.county, cast.system_admin)
    assert list(FindingPhotoView.objects.order_by("id").values_list("by", "variant")) == [
        (cast.county2.user.pk, "full"), (cast.manager.user.pk, "full"), (cast.county.user.pk, "thumb"),
    ]  # fmt: skip
    for change in (
        FindingPhotoView.objects.all().delete,
        lambda: FindingPhotoView.objects.update(variant=""),
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            change()


def test_elsewhere_nothing_is_logged(media):
    cast = Cast()
    visit, finding = found_again(cast)
    finish(signed(visit, cast.county), by=cast.county)
    assert (answers(url_of(finding), cast.county2, cast.manager), FindingPhotoView.objects.count()) == (
        [200, 200], 0,
    )  # fmt: skip


def test_the_record_and_the_hazards_page_show_it_to_those_alone_who_may_open_it(cast):
    visit, finding = found_again(cast)
    record, page = f"/inspections/visits/{visit.uid}/", f"/inspections/visits/of-hazard/{finding.same_as_id}/"
    assert url_of(finding) not in as_client(cast.county2).get(record).text
    finish(signed(visit, cast.county), by=cast.county)
    for url in (record, page):
        shown = {
            name: url_of(finding) in as_client(getattr(cast, name)).get(url).text
            for name in ("county2", "city", "auditor", "manager")
        }
        assert shown == {"county2": True, "city": True, "auditor": True, "manager": True}
