"""Two or twenty requests at the same moment, over HTTP: one takes effect, nobody is told a lie."""

from functools import partial

import pytest
from django.core.management import call_command

from files.models import StoredFile
from hazards.enums import HazardStatus
from hazards.models import Closure, FormReceipt, Hazard, HazardEvent, RectificationSubmission, Verification
from notifications.models import Notice
from tests.factories import hazard_in, photos_of, register_hazard
from tests.reliability.people import (
    acceptance,
    at_once,
    form,
    registration,
    rejection,
    submission,
    today_plus,
)

pytestmark = pytest.mark.django_db(transaction=True)
S = HazardStatus
CONFLICT = "情况有变，这次没有提交"


@pytest.fixture
def at(live_server, window, cast):
    """`at("county")`: that person's window, its thread and database connection warmed up."""

    def sit_down(name):
        person = window(live_server.url, getattr(cast, name))
        assert person.get("/healthz/live").status == 200
        return person

    return sit_down


def one_wins(answers, hazard) -> int:
    """Which of two answers won; the other must be the conflict page, which names what the winner did."""
    assert sorted(a.status for a in answers) == [302, 409]
    winner = 0 if answers[0].status == 302 else 1
    loser = answers[1 - winner]
    assert answers[winner].location == f"/hazards/{hazard.pk}/"
    assert loser.headings == [CONFLICT]
    last = hazard.events.order_by("seq").last()
    assert f"{last.by_name}（{last.by_place}）" in loser.text
    return winner


def assert_audit_is_whole(capsys):
    capsys.readouterr()
    call_command("verify_audit")
    return capsys.readouterr().out


def test_accept_against_reject_two_hundred_times(cast, at, capsys):
    county, county2 = at("county"), at("county2")
    hazards = [hazard_in(cast, S.AWAITING_VERIFICATION) for _ in range(200)]
    wins = [0, 0]
    for hazard in hazards:
        accept, reject = acceptance(hazard.version), rejection(hazard.version)
        answers = at_once(
            partial(county.post, f"/hazards/{hazard.pk}/accept/", accept),
            partial(county2.post, f"/hazards/{hazard.pk}/reject/", reject),
        )
        winner = one_wins(answers, hazard)
        wins[winner] += 1
        hazard.refresh_from_db()
        outcome = Verification.objects.get(submission__hazard=hazard, submission__round=1).outcome
        expected = (S.VERIFIED, 1, "accepted") if winner == 0 else (S.RECTIFYING, 2, "rejected")
        assert (hazard.status, hazard.round, outcome) == expected
        if winner == 0:
            assert "走廊西侧没有改到位" in answers[1].text  # what the loser wrote is kept
    assert (sum(wins), Verification.objects.count(), HazardEvent.objects.count()) == (200, 200, 800)
    assert assert_audit_is_whole(capsys) == "核验通过：200 条隐患，800 条记录，0 个锚点。\n"
    with capsys.disabled():
        print(f"\n200 races: accept won {wins[0]}, reject won {wins[1]}, 0 other answers")  # noqa: T201  (the measured figures are the point)


def test_twenty_identical_submits_have_one_effect_and_the_same_answer(cast, at, window, capsys):
    manager = at("manager")
    windows = [window(manager) for _ in range(20)]
    at_once(*(partial(w.get, "/healthz/live") for w in windows))
    hazard = register_hazard(cast)
    told = Notice.objects.count()
    fields = submission(hazard.version, photos_of(cast.manager, 2))
    answers = at_once(*(partial(w.post, f"/hazards/{hazard.pk}/submit/", fields) for w in windows))
    assert {(a.status, a.location) for a in answers} == {(302, f"/hazards/{hazard.pk}/")}
    hazard.refresh_from_db()
    assert (hazard.status, hazard.event_count) == (S.AWAITING_VERIFICATION, 3)
    assert (RectificationSubmission.objects.count(), FormReceipt.objects.count()) == (1, 1)
    assert hazard.evidence.filter(stage="rectified").count() == 2
    assert Notice.objects.count() - told == 2  # the two officials, once each
    assert_audit_is_whole(capsys)


def test_twenty_identical_registrations_make_one_hazard_and_give_the_same_answer(cast, at, window, capsys):
    county = at("county")
    windows = [window(county) for _ in range(20)]
    at_once(*(partial(w.get, "/healthz/live") for w in windows))
    fields = registration(photos_of(cast.county, 2))
    answers = at_once(*(partial(w.post, f"/hazards/new/{cast.home.pk}/", fields) for w in windows))
    hazard = Hazard.objects.get()
    assert {(a.status, a.location) for a in answers} == {(302, f"/hazards/{hazard.pk}/")}
    assert (hazard.status, hazard.event_count, hazard.evidence.count()) == (S.RECTIFYING, 2, 2)
    assert (FormReceipt.objects.count(), Notice.objects.count()) == (1, 2)
    assert_audit_is_whole(capsys)


def test_submit_against_void_has_one_winner(cast, at, capsys):
    manager, county = at("manager"), at("county")
    for hazard in [register_hazard(cast) for _ in range(20)]:
        photos = photos_of(cast.manager)
        submit = submission(hazard.version, photos)
        void = form(hazard.version, reason="现场核实属于误报")
        answers = at_once(
            partial(manager.post, f"/hazards/{hazard.pk}/submit/", submit),
            partial(county.post, f"/hazards/{hazard.pk}/void/", void),
        )
        has_submitted = one_wins(answers, hazard) == 0
        hazard.refresh_from_db()
        assert hazard.status == (S.AWAITING_VERIFICATION if has_submitted else S.VOIDED)
        assert RectificationSubmission.objects.filter(hazard=hazard).count() == has_submitted
        # A photo of an act that failed is free again: nothing is half done.
        assert StoredFile.objects.get(pk=photos[0]).is_attached == has_submitted
    assert_audit_is_whole(capsys)


def test_two_people_of_a_home_submitting_different_forms_at_once_have_one_winner(cast, at, capsys):
    people = [at("manager"), at("safety")]
    for hazard in [register_hazard(cast) for _ in range(20)]:
        photos = [photos_of(person.actor, 2) for person in people]
        words = ["院长写的整改情况", "安全员写的整改情况"]
        forms = [submission(hazard.version, photos[n], words[n]) for n in (0, 1)]
        path = f"/hazards/{hazard.pk}/submit/"
        answers = at_once(*(partial(people[n].post, path, forms[n]) for n in (0, 1)))
        winner = one_wins(answers, hazard)
        assert words[1 - winner] in answers[1 - winner].text
        submitted = RectificationSubmission.objects.get(hazard=hazard)
        assert (submitted.measures, submitted.submitted_by) == (words[winner], people[winner].actor.user)
        used = hazard.evidence.filter(stage="rectified").values_list("file", flat=True)
        assert set(used) == set(photos[winner])
    assert_audit_is_whole(capsys)


def test_close_against_return_has_one_winner(cast, at, capsys):
    city, city2 = at("city"), at("city2")
    for hazard in [hazard_in(cast, S.VERIFIED) for _ in range(20)]:
        close = form(hazard.version, opinion="同意销号")
        back = form(hazard.version, reason="验收照片看不清楚", due_on=today_plus(3))
        answers = at_once(
            partial(city.post, f"/hazards/{hazard.pk}/close/", close),
            partial(city2.post, f"/hazards/{hazard.pk}/return/", back),
        )
        is_closed = one_wins(answers, hazard) == 0
        hazard.refresh_from_db()
        assert (hazard.status, hazard.closed_by, hazard.round) == (
            (S.CLOSED, cast.city.user, 1) if is_closed else (S.RECTIFYING, None, 2)
        )
        decided = Closure.objects.get(verification__submission__hazard=hazard)
        assert decided.outcome == ("closed" if is_closed else "returned")
    assert_audit_is_whole(capsys)


def test_two_hazards_each_voided_as_a_duplicate_of_the_other_leave_one(cast, at, capsys):
    people = [at("county"), at("county2")]
    for pair in [(register_hazard(cast), register_hazard(cast)) for _ in range(20)]:
        forms = [form(2, reason="与另一条重复", duplicate_of=other.number) for other in reversed(pair)]
        answers = at_once(
            *(partial(people[n].post, f"/hazards/{pair[n].pk}/void/", forms[n]) for n in (0, 1))
        )
        # The loser reads it on the conflict page, or beside the field when the other was quicker by far.
        assert sorted(a.status for a in answers) in ([302, 409], [302, 422])
        loser = next(n for n in (0, 1) if answers[n].status != 302)
        assert f"{pair[1 - loser].number} 已作废，不能作为重复的依据。" in answers[loser].text
        for hazard in pair:
            hazard.refresh_from_db()
        assert (pair[loser].status, pair[1 - loser].status) == (S.RECTIFYING, S.VOIDED)
    assert_audit_is_whole(capsys)
