"""The demo province: made once for this module (a smaller one), looked at from many sides."""

import io
import random
from collections import Counter
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db.models import Count, F
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from api.models import Access
from clocks.models import Clock, Draft
from config.demo import catalogue, scenes, systems
from config.demo.build import make_demo
from config.demo.calendar import is_working_day
from config.demo.pictures import Camera
from files import likeness
from files.models import StoredFile
from hazards import advice, publishing, queries
from hazards.enums import EvidenceStage, HazardAction, HazardStatus, Severity
from hazards.models import (
    Circular,
    Evidence,
    ExtensionRequest,
    Hazard,
    HazardEvent,
    RectificationPlan,
    Summons,
)
from inspections import progress
from inspections.models import Campaign, Finding, FindingPhoto, InspectionTeam, Visit, VisitPlan
from institutions.actor import Actor
from institutions.demo_accounts import DEMO_ACCOUNTS
from institutions.enums import InstitutionKind, Role
from institutions.models import Drill, Institution, Licence, Membership, Pledge, Region, User
from notifications.models import Delivery, Notice, Subscriber
from reports.appraisals import terms
from reports.appraisals.reading import live_table
from reports.models import Appraisal, AppraisalMark
from reports.periods import end_of

PASSWORD = "Yanshi-2026-ceshi"
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    """A province with fewer hazards, committed, in a media folder of its own; gone after the module."""
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=str(media), IS_DEMO=True):
        make_demo(PASSWORD, say=lambda words: None, stories=150)
        yield
        TransactionTestCase()._fixture_teardown()


def actor(username: str) -> Actor:
    user = User.objects.get(username=username)
    return Actor(user, user.memberships.order_by("pk").first())


def test_a_second_call_says_so_and_changes_nothing():
    before, out = Hazard.objects.count(), io.StringIO()
    call_command("demo", stdout=out)
    assert out.getvalue().strip() == "演示省份已经存在。"
    assert Hazard.objects.count() == before


@override_settings(IS_DEMO=False)
def test_it_refuses_outside_a_demo():
    with pytest.raises(CommandError, match="这里不是演示环境"):
        call_command("demo")


def test_it_refuses_a_database_that_has_other_people():
    User.objects.filter(username="county").update(username="somebody")
    with pytest.raises(CommandError, match="数据库里已有用户"):
        call_command("demo")


def test_the_whole_province_is_there():
    levels = dict(Region.objects.values_list("level").annotate(n=Count("pk")))
    assert (levels["province"], levels["city"], levels["county"]) == (1, 11, 100)
    houses = Institution.objects.all()
    assert 100 <= houses.count() <= 140
    assert {house.kind for house in houses} == set(InstitutionKind.values)
    assert houses.values("city").distinct().count() == 11
    assert [house.name for house in houses if "演示" not in house.name] == []


def test_every_demo_account_has_its_post_and_the_password():
    for account in DEMO_ACCOUNTS:
        user = User.objects.get(username=account.username)
        post = user.memberships.order_by("pk").first()
        assert (user.name, post.role, user.must_change_password) == (account.name, account.role, False)
        assert user.check_password(PASSWORD)
        if account.region_code:
            assert post.authority.region.code == account.region_code
        else:
            assert post.institution.authority.region.code == "360704"


def test_the_two_facilities_are_different_houses_of_one_county():
    homes = [actor(name).institution for name in ("facility", "facility2")]
    assert homes[0].pk != homes[1].pk
    assert homes[0].county_id == homes[1].county_id


def test_nobody_else_can_log_in():
    demo = [account.username for account in DEMO_ACCOUNTS]
    others = User.objects.exclude(username__in=demo)
    assert [user.username for user in others if user.has_usable_password()] == []


def test_every_role_is_held_and_one_person_has_two_posts():
    assert set(Membership.objects.values_list("role", flat=True)) == set(Role.values)
    several = User.objects.annotate(n=Count("memberships")).filter(n__gt=1)
    assert [user.username for user in several] == ["city2"]


def test_every_status_and_every_act_occurs():
    assert set(Hazard.objects.values_list("status", flat=True)) == set(HazardStatus.values)
    assert set(HazardEvent.objects.values_list("action", flat=True)) == set(HazardAction.values)
    today = timezone.localdate()
    assert Hazard.objects.overdue(today).exists()
    assert Hazard.objects.due_within(today, 3).exists()
    assert Hazard.objects.exclude(recurrence_of=None).exists()
    assert Hazard.objects.exclude(duplicate_of=None).exists()


def test_the_closed_loop_was_walked_by_three_parties():
    closed = Hazard.objects.filter(status=HazardStatus.CLOSED)
    assert closed.exists()
    assert not closed.filter(verified_by=F("submitted_by")).exists()
    assert not closed.filter(closed_by=F("verified_by")).exists()


def test_major_hazards_past_submission_have_all_five_settled():
    done = Hazard.objects.filter(severity=Severity.MAJOR, submitted_at__isnull=False)
    assert done.exists()
    plans = {plan.hazard_id: plan for plan in RectificationPlan.objects.all()}
    assert [hazard.number for hazard in done if not plans[hazard.pk].is_complete] == []


def test_events_lie_in_office_hours_in_order_and_not_in_the_future():
    moments = [
        timezone.localtime(at) for at in HazardEvent.objects.order_by("pk").values_list("at", flat=True)
    ]
    assert moments == sorted(moments)
    assert moments[-1] <= timezone.now()
    minutes = [at.hour * 60 + at.minute for at in moments]
    assert (min(minutes) >= 8 * 60 + 30, max(minutes) <= 18 * 60) == (True, True)
    assert [at for at in moments if not is_working_day(at.date())] == []


def test_the_audit_holds():
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert "核验通过" in out.getvalue()


@pytest.mark.parametrize(
    "username", ["county", "county2", "city", "city2", "county_other", "facility", "facility2"]
)
def test_whoever_acts_finds_something_to_do(username):
    assert queries.waiting_for(actor(username)).count() >= 1


@pytest.mark.parametrize("username", ["county", "county2", "city", "city2", "facility", "facility2"])
def test_the_bell_shows_a_number_somebody_could_read(username):
    assert 1 <= Notice.objects.of(actor(username).user).unread().count() <= 30


def test_the_patrol_follows_what_they_found():
    assert queries.handled_by(actor("township")).count() >= 1


def test_each_photo_was_uploaded_by_who_acted_and_its_content_is_stored():
    wrong = Evidence.objects.exclude(file__uploaded_by=F("added_by")).count()
    assert wrong == 0
    names = set(StoredFile.objects.values_list("name", flat=True)) | set(
        StoredFile.objects.values_list("thumb_name", flat=True)
    )
    assert [name for name in names if not default_storage.exists(name)] == []


def test_verifiers_are_warned_of_the_two_planted_photos_and_of_no_other():
    official = actor("county")
    warned = []
    for hazard in queries.for_detail(official).filter(status__in=["awaiting_verification", "verified"]):
        advice.note_for_verifier(hazard, official)
        warned += [item.hazard_id for item in hazard.evidence.all() if getattr(item, "notes", [])]
    assert len(warned) == 2


def test_photos_under_decision_are_told_apart_from_all_others():
    deciding = Evidence.objects.filter(
        hazard__status__in=["awaiting_verification", "verified"], stage=EvidenceStage.RECTIFIED
    )
    alike = likeness.same_or_near_many([item.file for item in deciding.select_related("file")])
    assert len([found for found in alike.values() if found]) == 1


def test_some_licences_have_expired_and_some_soon_will():
    today = timezone.localdate()
    days = [(on - today).days for on in Licence.objects.values_list("expires_on", flat=True) if on]
    assert min(days) < 0 < len([n for n in days if 0 <= n <= 30])


def test_most_houses_have_pledges_and_drills_and_some_are_late():
    today, houses = timezone.localdate(), Institution.objects.count()
    late = [due < today for due in Clock.objects.filter(kind="drill").values_list("due_on", flat=True)]
    assert (len(late), 0 < sum(late) < houses / 5) == (houses, True)
    assert houses * 0.8 < Pledge.objects.count() < houses
    assert Drill.objects.filter(is_night=True).exists()
    home = actor("facility").institution
    assert home.pledges.get().valid_until - today < timedelta(days=30)
    assert actor("facility2").institution.pledges.count() == 0


def test_a_draft_of_the_ladder_was_taken_up_and_others_wait():
    issued = [*Circular.objects.exclude(ladder_draft=None), *Summons.objects.exclude(ladder_draft=None)]
    assert {record.state for record in issued} == {"issued"}
    assert all(record.ladder_draft.issued_at for record in issued)
    assert Draft.objects.waiting().exists()


def test_an_extension_was_decided_in_the_demo_county_one_waits_and_one_was_withdrawn():
    outcomes = Counter(ExtensionRequest.objects.values_list("outcome", flat=True))
    assert (outcomes["approved"], outcomes["refused"], outcomes["withdrawn"], outcomes[""]) == (2, 1, 1, 1)
    own = ExtensionRequest.objects.filter(hazard__in=Hazard.objects.visible_to(actor("county")))
    assert set(own.values_list("outcome", flat=True)) == {"approved", ""}


def test_an_order_of_the_demo_county_is_public_and_one_was_lifted():
    found = [publishing.shown(row) for row in publishing.published()]
    assert {order.state for order in found} == {"挂牌", "已摘牌"}
    assert "赣县区" in "".join(order.region for order in found)


def test_every_kind_of_house_has_findings_and_every_finding_a_picture():
    for kind in InstitutionKind:
        assert catalogue.findings_for(kind, is_major=False) != []
    used = {finding.scene for finding in (*catalogue.GENERAL, *catalogue.MAJOR)}
    assert used == set(scenes.SCENES)


def test_texts_fit_their_columns():
    fields = {name: Hazard._meta.get_field(name).max_length for name in ("description", "location", "basis")}
    for finding in (*catalogue.GENERAL, *catalogue.MAJOR):
        assert len(finding.what) <= fields["description"]
        assert max(map(len, finding.where)) <= fields["location"]
        assert len(finding.basis) <= fields["basis"]


def test_the_same_seed_draws_the_same_pictures():
    drawn = [Camera(random.Random(3)).take("kitchen", is_mended=True) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_no_finding_is_named_twice():
    named = Counter((finding.what, finding.where) for finding in (*catalogue.GENERAL, *catalogue.MAJOR))
    assert [finding for finding, times in named.items() if times > 1] == []


# --- inspections --------------------------------------------------------------------------------------------


def test_the_city_runs_a_campaign_that_is_under_way_with_teams_and_houses_left():
    city, today = actor("city"), timezone.localdate()
    campaign = Campaign.objects.visible_to(city).running(today).get(authority=city.authority)
    assert campaign.parent.authority == actor("province").authority
    done, left = progress.visited(campaign, city).count(), progress.unvisited(campaign, city).count()
    assert (done >= 5, left >= 3) == (True, True)
    assert progress.found(campaign, city).count() >= 10
    teams = InspectionTeam.objects.filter(campaign=campaign)
    assert [team.leader.username for team in teams] == ["city", "city2"]
    assert all(team.members.count() >= 2 and team.institutions.count() >= 3 for team in teams)


def test_visits_of_every_kind_ended_in_hazards_or_in_none():
    finished = Visit.objects.finished()
    assert set(finished.values_list("kind", flat=True)) >= {
        "screening",
        "oversight",
        "patrol",
        "self_check",
        "joint",
    }
    found = finished.annotate(n=Count("findings")).values_list("n", flat=True)
    assert (min(found), max(found) >= 2) == (0, True)
    findings = Finding.objects.filter(visit__in=finished)
    assert findings.filter(hazard=None).exclude(handling="same").count() == 0
    assert findings.filter(handling="same").count() >= 1
    assert findings.exclude(recurrence_of=None).count() >= 1
    assert FindingPhoto.objects.filter(finding__visit__in=finished).count() >= 5


def test_every_finished_visit_is_signed_and_answered():
    for visit in Visit.objects.finished():
        wanted = visit.inspectors.count() + (not visit.is_own)
        assert visit.signatures.count() == wanted
        assert visit.answers.count() == visit.items.count()


def test_one_visit_is_under_way_and_what_it_found_is_no_hazard_yet():
    visit = Visit.objects.open().get()
    assert [user.username for user in visit.inspectors.order_by("username")] == ["county", "county2"]
    assert 0 < visit.answers.count() < visit.items.count()
    assert [finding.hazard for finding in visit.findings.all()] == [None]


def test_the_house_does_not_know_of_the_unannounced_visit_to_come():
    visit = Visit.objects.get(is_unannounced=True, status="planned")
    manager = actor("facility")
    assert visit.institution == manager.institution
    assert not Visit.objects.visible_to(manager).filter(pk=visit.pk).exists()
    assert Visit.objects.visible_to(actor("county")).filter(pk=visit.pk).exists()


def test_the_county_owes_a_visit_that_is_overdue():
    plans = VisitPlan.objects.visible_to(actor("county")).open()
    assert plans.filter(due_on__lt=timezone.localdate()).exists()


def test_no_photo_was_taken_after_it_was_uploaded():
    assert StoredFile.objects.filter(taken_at__gt=F("uploaded_at")).count() == 0


def test_visits_lie_in_office_hours_and_not_in_the_future():
    moments = [
        timezone.localtime(at) for at in Visit.objects.finished().values_list("finished_at", flat=True)
    ]
    assert [at for at in moments if not is_working_day(at.date()) or at > timezone.now()] == []


# --- 考核, 数据接入 --------------------------------------------------------------------------------------------


def test_the_province_published_a_quarter_that_was_over_and_its_cities_read_it():
    published = Appraisal.objects.visible_to(actor("city")).get(region__code="360000")
    assert (published.state, published.document_number[:4]) == ("published", "演示考核")
    assert end_of(terms.term(published.period).last) < timezone.localdate(published.published_at)
    assert published.rows.count() == 11
    assert AppraisalMark.objects.filter(row__appraisal=published, whole__gt=0).exists()


def test_the_city_has_a_draft_in_which_a_person_must_decide_over_a_veto():
    by = actor("city")
    draft = Appraisal.objects.get(region=by.authority.region)
    flags = live_table(draft, by, timezone.localdate()).flags
    assert draft.state == "draft"
    assert [(flag.kind, flag.is_undecided, len(flag.evidence)) for flag in flags] == [("major_late", True, 1)]


def test_one_system_may_read_one_waits_and_nothing_is_pushed_anywhere():
    now = timezone.now()
    reading, waiting = Access.objects.visible_to(actor("province")).order_by("requested_at")
    assert (reading.state(now)[0], waiting.state(now)[0]) == ("有效", "待签发")
    assert waiting.authority == actor("city").authority
    assert Subscriber.objects.count() == 0
    assert Delivery.objects.filter(channel="webhook").count() == 0


@override_settings(SUBSCRIBER_ORIGINS=["https://hub.example.gov.cn"])
def test_no_address_of_an_operators_list_is_taken_for_the_demos_own():
    assert systems.push_address() == ""


@override_settings(SUBSCRIBER_ORIGINS=[systems.NOBODY_LISTENS])
def test_pushes_of_the_demo_would_go_to_a_port_of_this_machine():
    assert systems.push_address() == "http://127.0.0.1:9/yinhuan"
