"""Real web server, worker, broker and mail server; killed or frozen during real acts, nothing is lost or doubled."""

import signal
import threading
import time
from collections import Counter
from http.client import HTTPException

import pytest
from django.core.management import call_command

from hazards.enums import HazardStatus
from hazards.models import FormReceipt, Hazard, HazardEvent, RectificationSubmission
from notifications.models import Delivery, Notice
from notifications.waking import PAUSE_SECONDS
from tests.factories import photos_of, register_hazard
from tests.notifications.conftest import let_leases_end
from tests.reliability.acts import AT_A_TIME, OF_A_STORY
from tests.reliability.people import registration, submission
from tests.reliability.processes import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
S = HazardStatus
STORIES = 8  # hazards in one phase, of five acts each
FREEZE_SECONDS = 10
SENDERS = 2  # processes of the worker: each may have been in the middle of one message when killed


def unsent():
    return Delivery.objects.filter(sent_at=None)


def test_two_hundred_acts_while_worker_and_broker_die_and_freeze(house, acts, capsys):
    broker, worker, mail_server = house.broker, house.worker, house.mail_server
    mail_server.seconds_per_message = 0.02

    def kill_the_worker(before):
        acts.reached(before + 20)
        worker.kill()

    def kill_the_broker(before):
        acts.reached(before + 20)
        broker.kill()

    def freeze_the_broker(before):
        broker.signal(signal.SIGSTOP)
        frozen_at = time.monotonic()
        acts.reached(before + OF_A_STORY * STORIES)
        time.sleep(max(0, FREEZE_SECONDS - (time.monotonic() - frozen_at)))
        broker.signal(signal.SIGCONT)

    acts.play(STORIES, kill_the_worker)
    acts.play(STORIES, kill_the_broker)
    let_leases_end()  # instead of waiting for the minute of those the killed worker held
    owed, recovery = set(unsent().values_list("pk", flat=True)), []

    def bring_both_back(before):
        acts.reached(before + 10)
        started = time.monotonic()
        broker.restart()
        house.start_worker()
        assert wait_until(lambda: not unsent().filter(pk__in=owed).exists(), 60)
        recovery.append(time.monotonic() - started)

    acts.play(STORIES, bring_both_back)
    time.sleep(PAUSE_SECONDS)  # the web processes publish again, and so will meet the frozen broker
    acts.play(STORIES, freeze_the_broker)
    slowest_in_the_frost = max(a.seconds for a in acts.answers[-OF_A_STORY * STORIES :])
    time.sleep(2)  # what is left of the pause after a failed wake-up
    acts.play(STORIES)
    assert wait_until(lambda: not unsent().exists(), 40), Counter(
        unsent().values_list("last_error", flat=True)
    )

    told = list(Notice.objects.values_list("recipient", "dedupe_key"))
    assert (len(told), set(told)) == (len(acts.must_be_told), acts.must_be_told)
    sent = house.mail_server.message_ids
    assert set(sent) == {f"<{key}@127.0.0.1>" for key in Delivery.objects.values_list("key", flat=True)}
    assert len(set(sent)) == len(told)
    statuses, slowest = Counter(a.status for a in acts.answers), max(a.seconds for a in acts.answers)
    doubles = len(sent) - len(set(sent))
    assert statuses == {302: 200}
    assert house.web.errors == []
    assert doubles <= SENDERS
    assert 0.9 < slowest_in_the_frost < 5  # they met it, and did not wait for long
    assert slowest < 5
    with capsys.disabled():
        print(  # noqa: T201  (the measured figures are the point)
            f"\n200 acts: {dict(statuses)}, slowest {slowest:.2f} s; notices {len(told)} of {len(told)} once each;"
            f" e-mails {len(set(sent))}, lost 0, twice {doubles}; {len(owed)} owed at the restart of worker and"
            f" broker, all out {recovery[0]:.1f} s later"
        )


def test_forms_sent_again_after_the_web_server_was_killed_have_one_effect(house, cast, window, capsys):
    hazards = [register_hazard(cast) for _ in range(20)]
    batch = [
        ("manager", f"/hazards/{h.pk}/submit/", submission(h.version, photos_of(cast.manager)))
        for h in hazards
    ] + [("county", f"/hazards/new/{cast.home.pk}/", registration(photos_of(cast.county))) for _ in range(20)]
    house.web.start()
    people = [
        {name: window(house.web.url, getattr(cast, name)) for name in ("manager", "county")}
        for _ in range(AT_A_TIME)
    ]
    told = Notice.objects.count()

    faults = []

    def send(answers, line):
        for n in range(line, len(batch), AT_A_TIME):
            name, path, fields = batch[n]
            try:
                answers[n] = people[line][name].post(path, fields)
            except (OSError, HTTPException) as fault:  # nobody there
                faults.append(fault)

    def send_all(during=lambda answers: None) -> dict:
        answers = {}
        lines = [threading.Thread(target=send, args=(answers, line)) for line in range(AT_A_TIME)]
        for line in lines:
            line.start()
        during(answers)
        for line in lines:
            line.join()
        return answers

    def kill(answers):
        assert wait_until(lambda: len(answers) >= 15, 30)
        house.web.kill()

    first = send_all(kill)
    done = FormReceipt.objects.count()
    assert {a.status for a in first.values()} == {302}
    assert len(first) < len(batch)
    assert done >= len(first)  # an answer was never given before its commit
    house.web.start()
    faults.clear()
    for person in (person for windows in people for person in windows.values()):
        person.close()  # a browser, too, notices that its kept connections are gone
    second = send_all()
    assert faults == []
    assert Counter(a.status for a in second.values()) == {302: 40}
    assert {n: a.location for n, a in first.items()} == {n: second[n].location for n in first}
    assert len({a.location for a in second.values()}) == 40
    assert Hazard.objects.count() == 40
    assert FormReceipt.objects.count() == 40
    assert RectificationSubmission.objects.filter(hazard__in=hazards, round=1).count() == 20
    assert set(Hazard.objects.values_list("status", "event_count")) == {
        (S.AWAITING_VERIFICATION, 3), (S.RECTIFYING, 2),
    }  # fmt: skip
    assert HazardEvent.objects.count() == 20 * 3 + 20 * 2
    assert Notice.objects.count() - told == 20 * 2 + 20 * 2
    assert house.web.errors == []
    call_command("verify_audit")
    with capsys.disabled():
        print(  # noqa: T201  (the measured figures are the point)
            f"\nweb killed: {len(first)} of 40 answered, {done - len(first)} done but not answered; all 40 sent"
            " again: 40 × 302, one effect each"
        )
