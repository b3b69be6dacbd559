"""Sending what is due: once, late rather than never, and not at all when it is over."""

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from notifications import delivery
from notifications.delivery import deliver_all, deliver_due, sweep
from notifications.enums import Channel
from notifications.models import Delivery, Heartbeat, Notice
from notifications.rules import MAX_ATTEMPTS, back_off
from tests.factories import UserFactory
from tests.notifications.conftest import end, let_back_offs_end, let_leases_end, tell

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_email_says_what_happened_and_where_to_click(person, mail_server, settings):
    settings.SITE_URL = "https://hazards.example.gov.cn"
    tell(person, subject="隐患已退回整改", body="退回原因：照片不清楚。", url="/hazards/7/")
    assert deliver_all() == 1
    [(address, message)] = mail_server.taken
    row = Delivery.objects.get()
    assert address == "person@example.com"
    assert message["Subject"] == "【隐患闭环】隐患已退回整改"
    assert message["Message-ID"] == f"<{row.key}@hazards.example.gov.cn>"
    assert message.get_content().replace("\r\n", "\n") == (
        "隐患已退回整改\n\n退回原因：照片不清楚。\n\n"
        "请点击查看：https://hazards.example.gov.cn/hazards/7/\n\n"
        "本邮件由“民政服务机构安全隐患闭环管理”系统自动发出，请勿回复。\n"
    )
    assert (row.attempts, row.leased_until, row.sent_at is not None) == (1, None, True)


def test_nothing_is_sent_twice(person, mail_server):
    tell(person)
    assert [deliver_all(), deliver_all()] == [1, 0]
    assert len(mail_server.taken) == 1


def test_four_deliverers_at_once_send_each_message_once(mail_server):
    people = [UserFactory(email=f"p{n}@example.com") for n in range(60)]
    tell(*people)
    mail_server.seconds_per_message = 0.005
    start, handled = threading.Barrier(4), []

    def work():
        start.wait()
        handled.append(deliver_all())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(handled) == 60
    assert sorted(a for a, _ in mail_server.taken) == sorted(p.email for p in people)
    assert Delivery.objects.filter(sent_at=None).count() == 0


def test_a_message_whose_sender_died_goes_out_after_the_lease_under_the_same_id(person, mail_server):
    tell(person)
    dead_sender = delivery._claim(Channel.EMAIL)
    assert deliver_all() == 0
    let_leases_end()
    assert deliver_all() == 1
    assert mail_server.message_ids == [f"<{dead_sender.key}@127.0.0.1>"]


def test_a_sender_that_outlived_its_lease_does_not_write_over_the_next_one(person, mail_server):
    tell(person)
    slow = delivery._claim(Channel.EMAIL)
    let_leases_end()
    quick = delivery._claim(Channel.EMAIL)
    delivery._finish(slow, due_at=Now() + timedelta(hours=1), last_error="slow")
    row = Delivery.objects.get()
    assert (row.leased_until, row.last_error) == (quick.leased_until, "")


def test_a_message_whose_sender_dies_every_time_is_given_up(person, mail_server, caplog):
    tell(person)
    for _ in range(MAX_ATTEMPTS):
        assert delivery._claim(Channel.EMAIL) is not None
        let_leases_end()
    assert deliver_all() == 1
    assert mail_server.taken == []
    assert Delivery.objects.get().dead_at is not None
    assert [r.levelname for r in caplog.records] == ["ERROR"]


def test_waiting_grows_from_a_minute_to_an_hour():
    assert [back_off(n).total_seconds() / 60 for n in range(1, 8)] == [1, 5, 15, 60, 60, 60, 60]


def test_a_refused_message_waits_and_dies_after_eight_attempts_with_an_alarm(person, mail_server, caplog):
    mail_server.refused[person.email] = "450 mailbox is busy"
    tell(person)
    waits = []
    for _ in range(MAX_ATTEMPTS - 1):
        assert [deliver_all(), deliver_all()] == [1, 0]
        row = Delivery.objects.annotate(wait=F("due_at") - Now()).get()
        waits.append(round(row.wait / timedelta(minutes=1)))
        let_back_offs_end()
    assert waits == [1, 5, 15, 60, 60, 60, 60]
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
    assert deliver_all() == 1
    row = Delivery.objects.get()
    assert (row.attempts, row.dead_at is not None, row.leased_until) == (8, True, None)
    assert row.last_error.startswith("SMTPRecipientsRefused")
    assert [r.levelname for r in caplog.records if r.levelno >= logging.ERROR] == ["ERROR"]


def test_a_refused_message_does_not_hold_up_the_others(mail_server):
    refused, fine = UserFactory(email="nobody@example.com"), UserFactory(email="somebody@example.com")
    mail_server.refused[refused.email] = "451 try later"
    tell(refused)
    tell(fine)
    assert deliver_all() == 2
    assert [address for address, _ in mail_server.taken] == [fine.email]


def test_a_malformed_address_fails_alone(person, with_email, mailoutbox):
    tell(person)
    Delivery.objects.update(address="不是地址\n@@")
    assert deliver_all() == 1
    row = Delivery.objects.get()
    assert row.last_error.startswith("BadHeaderError")
    assert (row.dead_at is not None, row.is_undeliverable) == (True, True)


def test_an_outage_of_the_mail_server_costs_no_attempts(person, mail_server):
    tell(person)
    mail_server.stop()
    assert sweep() == 0
    row = Delivery.objects.get()
    assert (row.attempts, row.leased_until, row.due_at < row.notice.created_at + timedelta(seconds=1)) == (
        0,
        None,
        True,
    )


def test_a_settled_matter_is_not_sent(person, mail_server):
    tell(person)
    end("hazard:1")
    assert deliver_all() == 1
    row = Delivery.objects.get()
    assert (mail_server.taken, row.dropped_at is not None, row.sent_at) == ([], True, None)


def test_a_user_disabled_meanwhile_is_not_written_to(person, mail_server):
    tell(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert deliver_all() == 1
    assert (mail_server.taken, Delivery.objects.filter(dropped_at=None).count()) == ([], 0)


def test_messages_stay_while_email_is_switched_off(person, with_email, settings):
    tell(person)
    settings.EMAIL_ENABLED = False
    assert deliver_all() == 0
    assert Delivery.objects.filter(dropped_at=None, sent_at=None, attempts=0).count() == 1


def test_a_backlog_goes_out_in_order_over_few_connections(mail_server, monkeypatch):
    tell(*[UserFactory(email=f"p{n:02d}@example.com") for n in range(45)])
    Delivery.objects.update(due_at=F("due_at") - timedelta(minutes=1))
    assert deliver_due(Channel.EMAIL, limit=20) == (20, True)
    assert deliver_all() == 25
    ids = list(Delivery.objects.order_by("due_at", "id").values_list("key", flat=True))
    assert mail_server.message_ids == [f"<{key}@127.0.0.1>" for key in ids]


def test_sending_inside_a_transaction_is_refused(person, with_email):
    tell(person)
    with pytest.raises(RuntimeError, match="durable"):
        transaction.atomic(deliver_all)()


def test_a_sweep_leaves_one_heartbeat_however_often_it_runs():
    sweep()
    first = Heartbeat.objects.get().beat_at
    sweep()
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["sweep"]
    assert Heartbeat.objects.get().beat_at > first


def test_a_claim_reads_only_the_pending_index(mail_server):
    tell(*[UserFactory(email=f"p{n}@example.com") for n in range(3)])
    deliver_all()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + delivery._CLAIM, {"lease": timedelta(seconds=1), "channel": "email"})
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert plan.count("delivery_pending_of_channel") == 1
    assert Notice.objects.count() == 3
