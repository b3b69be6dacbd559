"""One road for official acts: what the ladder drafts is issued in the form it has here, and one list shows all that waits."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from clocks.models import Draft
from clocks.sweep import sweep
from hazards.actions import lifecycle, summoning, supervising, taking_up
from hazards.models import Circular, Summons
from notifications.models import Notice
from tests.clocks.made import at, seed
from tests.factories import Cast, as_client, draft_to_county, photos_of, register_hazard

pytestmark = pytest.mark.django_db
TEXTS = {"title": "关于整改不力", "text": "逾期未改，请说明原因。"}


@pytest.fixture
def cast(db):
    seed()
    return Cast()


@pytest.fixture
def late(cast):
    """A function: a hazard so many days late, and the draft of that day for the city or the county."""

    def make(days: int, severity="major", by="city"):
        hazard = register_hazard(cast, severity=severity)
        sweep(at(hazard.due_on + timedelta(days=days)))
        return hazard, Draft.objects.filter(authority=getattr(cast, by).authority).latest("pk")

    return make


def test_a_circular_is_taken_up_issued_and_settles_the_draft(cast, late):
    hazard, draft = late(10)
    client = as_client(cast.city)
    page = client.get(reverse("clocks:draft", args=[draft.pk])).content.decode()
    url = reverse("hazards:take_up", args=[draft.pk])
    assert (url in page, reverse("clocks:draft_issue", args=[draft.pk]) in page) == (True, False)
    form = client.post(url)
    record = Circular.objects.get()
    assert form.url == f"/hazards/records/circular/{record.pk}/issue/"
    assert client.post(url).url == form.url
    assert (record.addressee, list(record.hazards.all()), record.text.startswith(cast.home.name)) == (
        cast.home.authority, [hazard], True,
    )  # fmt: skip
    summoning.issue(record, by=cast.city, document_number="民通〔2026〕1号", **TEXTS)
    draft.refresh_from_db()
    assert (draft.number, draft.text, draft.issued_by) == ("民通〔2026〕1号", TEXTS["text"], cast.city.user)
    assert not Notice.objects.filter(dedupe_key=f"act:{draft.pk}").exists()


def test_a_summons_goes_to_the_institution_and_dropping_it_drops_the_draft(cast, late):
    _, draft = late(15)
    taking_up.take_up(draft, by=cast.city)
    record = Summons.objects.get()
    assert record.institution == cast.home
    summoning.drop(record, by=cast.city, reason="已当面说明情况")
    draft.refresh_from_db()
    assert (draft.reason, draft.dropped_by) == ("已当面说明情况", cast.city.user)


def test_placing_under_supervision_settles_what_the_ladder_drafted(cast, late):
    hazard, draft = late(30)
    assert taking_up.take_up(draft, by=cast.city) == f"/hazards/{hazard.pk}/place_under_supervision/"
    today = timezone.localdate()
    supervising.place_under_supervision(
        hazard, by=cast.city, supervising_unit="市安委会", document_number="督1号", requirements="限期治理完毕",
        due_on=today + timedelta(days=60), plan_due_on=today + timedelta(days=15),
    )  # fmt: skip
    draft.refresh_from_db()
    assert (draft.number, draft.is_waiting) == ("督1号", False)


def test_others_have_no_form_and_the_plain_form_is_closed_where_there_is_one(cast, late):
    _, draft = late(10)
    for actor in (cast.county, cast.province):
        assert taking_up.form_of(actor, draft) == ""
        with pytest.raises(PermissionDenied):
            taking_up.take_up(draft, by=actor)
    facts = {"text": "现予通报，请督促落实整改。", "number": "1号"}
    answer = as_client(cast.city).post(reverse("clocks:draft_issue", args=[draft.pk]), facts)
    draft.refresh_from_db()
    assert (answer.status_code, draft.is_waiting) == (422, True)


def test_an_order_of_the_county_keeps_its_plain_form(cast, late):
    _, draft = late(3, by="county")
    assert taking_up.form_of(cast.county, draft) == ""


def test_one_page_and_one_count_hold_both_and_nothing_twice(cast, late):
    late(10)
    other = draft_to_county(cast)
    client = as_client(cast.city)
    waiting = Draft.objects.waiting().filter(authority=cast.city.authority)
    assert waiting.count() == 1
    page = client.get(reverse("clocks:drafts"))
    assert page.context["count"] == 2
    assert other.title in page.content.decode()
    taking_up.take_up(waiting.get(), by=cast.city)
    assert client.get(reverse("clocks:drafts")).context["count"] == 2
    assert "待签发 2" in client.get(reverse("clocks:coming")).content.decode()


def test_what_was_taken_up_and_lapsed_still_waits_as_a_record(cast, late):
    hazard, draft = late(15, severity="general")
    taking_up.take_up(draft, by=cast.city)
    lifecycle.submit(hazard, by=cast.manager, measures="已改好", evidence=photos_of(cast.manager))
    assert [item.label for item in taking_up.waiting(cast.city)] == ["通报"]
