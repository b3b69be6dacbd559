"""Two people at once over extensions, supervision and transfers: one takes effect, nothing is left half done."""

from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from clocks.models import Clock
from common.http import Conflict
from hazards.actions import drafting, extending, lifecycle, supervising, transferring
from hazards.enums import HazardStatus
from hazards.models import Circular, Hazard, SupervisionOrder, Transfer
from tests.factories import (
    CONFIRMED,
    Cast,
    extension_asked,
    hazard_in,
    long_hazard,
    photos_of,
    supervised,
    transferred,
)
from tests.reliability.people import at_once
from tests.reports.made import put

pytestmark = pytest.mark.django_db(transaction=True)
S = HazardStatus
ROUNDS = 15
ANSWER = {"outcome": "handled", "receipt_number": "消函9号", "answer": "已责令改正"}


@pytest.fixture
def cast():
    return Cast()


def outcome(act):
    """What came of an act in its own thread: its hazard, or the kind of refusal."""

    def run():
        try:
            return act()
        except (Conflict, PermissionDenied) as refused:
            return type(refused)
        finally:
            connection.close()

    return run


def race(*acts):
    return at_once(*(outcome(act) for act in acts))


def test_approve_against_submit_leaves_a_deadline_or_a_lapse_and_never_both(cast):
    for _ in range(ROUNDS):
        hazard = extension_asked(cast, long_hazard(cast))
        new, photos = hazard.extensions.get().proposed_due_on, photos_of(cast.manager)
        approved, submitted = race(
            partial(extending.approve_extension, hazard, by=cast.county, due_on=new),
            partial(lifecycle.submit, hazard, by=cast.manager, measures="已改好", evidence=photos),
        )
        row, request = Hazard.objects.get(pk=hazard.pk), hazard.extensions.get()
        # Submitting is legal either way; approving only before it.
        assert (row.status, row.extension_region_id, isinstance(submitted, Hazard)) == (
            S.AWAITING_VERIFICATION, None, True,
        )  # fmt: skip
        expected = ("lapsed", hazard.due_on) if approved is Conflict else ("approved", new)
        assert (request.outcome, row.due_on) == expected


def test_approve_against_refuse_has_one_winner(cast):
    for _ in range(ROUNDS):
        hazard = extension_asked(cast, long_hazard(cast))
        new = hazard.extensions.get().proposed_due_on
        answers = race(
            partial(extending.approve_extension, hazard, by=cast.county, due_on=new, version=hazard.version),
            partial(
                extending.refuse_extension,
                hazard,
                by=cast.county2,
                reason="可以按期完成",
                version=hazard.version,
            ),
        )
        assert sorted(isinstance(answer, Hazard) for answer in answers) == [False, True]
        due_on = Hazard.objects.get(pk=hazard.pk).due_on
        assert (hazard.extensions.get().outcome, due_on) == (
            ("approved", new) if isinstance(answers[0], Hazard) else ("refused", hazard.due_on)
        )


def test_withdraw_against_approve_has_one_winner_and_no_deadline_moves_after_a_withdrawal(cast):
    for _ in range(ROUNDS):
        hazard = extension_asked(cast, long_hazard(cast))
        new = hazard.extensions.get().proposed_due_on
        withdrawn, approved = race(
            partial(extending.withdraw_extension, hazard, by=cast.manager, reason="可以按期完成"),
            partial(extending.approve_extension, hazard, by=cast.county, due_on=new),
        )
        assert {withdrawn, approved} & {PermissionDenied} == {PermissionDenied}
        row, request = Hazard.objects.get(pk=hazard.pk), hazard.extensions.get()
        won = isinstance(withdrawn, Hazard)
        assert (request.outcome, row.due_on) == (("withdrawn", hazard.due_on) if won else ("approved", new))
        assert Clock.objects.get(kind="extension", subject_id=request.pk).ended_at is not None


def test_lift_against_close_closes_nothing_that_is_still_under_supervision(cast):
    for _ in range(ROUNDS):
        hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
        order = supervised(hazard, cast.county)
        hazard = lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
        lifted, closed = race(
            partial(supervising.lift_supervision, hazard, by=cast.county, opinion="治理完毕"),
            partial(lifecycle.close, hazard, by=cast.city, opinion="同意"),
        )
        row = Hazard.objects.get(pk=hazard.pk)
        order.refresh_from_db()
        assert (isinstance(lifted, Hazard), order.state, row.supervised_region_id) == (True, "lifted", None)
        actions = list(row.events.order_by("seq").values_list("action", flat=True))[-2:]
        if closed is PermissionDenied:
            assert (row.status, actions) == (S.VERIFIED, ["accept", "lift_supervision"])
        else:
            assert (row.status, actions) == (S.CLOSED, ["lift_supervision", "close"])


def test_two_levels_that_place_an_order_at_once_leave_one_open(cast):
    for _ in range(ROUNDS):
        hazard = hazard_in(cast, S.RECTIFYING)
        race(partial(supervised, hazard, cast.county), partial(supervised, hazard, cast.city))
        orders = SupervisionOrder.objects.filter(hazard=hazard).order_by("id")
        states = [(order.level, order.state) for order in orders]
        assert states in ([("city", "open")], [("county", "raised"), ("city", "open")])
        assert Hazard.objects.get(pk=hazard.pk).supervised_region_id == cast.place.city.pk


def test_an_answer_against_a_withdrawal_has_one_winner(cast):
    liaison = cast.liaison
    for _ in range(ROUNDS):
        sent = transferred(hazard_in(cast, S.RECTIFYING), cast.county)
        answered, withdrawn = race(
            partial(transferring.answer_transfer, sent, by=liaison, **ANSWER),
            partial(
                transferring.withdraw_transfer,
                sent.hazard,
                by=cast.county,
                transfer=sent,
                reason="移送错了部门",
            ),
        )
        state = Transfer.objects.get(pk=sent.pk).state
        wins = [isinstance(answered, Hazard), isinstance(withdrawn, Hazard)]
        assert (sorted(wins), state) == ([False, True], "answered" if wins[0] else "withdrawn")
        assert Hazard.objects.get(pk=sent.hazard_id).awaits_department is False


def test_an_answer_against_close_leaves_nothing_waiting(cast):
    liaison = cast.liaison
    for _ in range(ROUNDS):
        hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
        sent = transferred(hazard, cast.county)
        hazard = lifecycle.accept(hazard, by=cast.county, opinion="属实", **CONFIRMED)
        answered, _ = race(
            partial(transferring.answer_transfer, sent, by=liaison, **ANSWER),
            partial(lifecycle.close, hazard, by=cast.city, opinion="同意"),
        )
        row = Hazard.objects.get(pk=hazard.pk)
        state = Transfer.objects.get(pk=sent.pk).state
        assert (row.status, row.awaits_department) == (S.CLOSED, False)
        assert state == ("answered" if isinstance(answered, Hazard) else "ended")


def test_four_machines_that_look_at_once_draft_once(cast):
    today = hazard_in(cast, S.RECTIFYING).found_on
    put(cast, S.RECTIFYING, 3, due_on=today.replace(year=today.year - 1))
    counts = race(*[partial(drafting.draft_due, today)] * 4)
    drafts = Circular.objects.values_list("cause", flat=True).order_by("cause")
    assert (sum(counts), list(drafts)) == (2, ["county_overdue", "long_overdue"])
