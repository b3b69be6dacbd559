"""A message whose matter moved on is not sent, whoever claims it and whenever."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.db.models import TextChoices

from notifications.delivery import deliver_all
from notifications.models import Delivery, Guard
from notifications.outbox import Message, announce, let_stand, notify_each
from tests.factories import RobotWebhookFactory, UserFactory
from tests.notifications.conftest import tell

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = ("clock:7", "2026-11-20"), ("clock:7", "2026-12-01")


def stand(*pairs) -> None:
    with transaction.atomic():
        let_stand(pairs)


def outcome() -> list[tuple[str, bool]]:
    rows = Delivery.objects.order_by("id").values_list("guard_key", "sent_at")
    return [(key, sent is not None) for key, sent in rows]


def test_what_was_said_for_an_old_date_is_dropped_and_for_the_new_one_sent(person, mail_server):
    stand(OLD)
    tell(person, guard=OLD, subject="旧")
    stand(NEW)
    tell(person, guard=NEW, subject="新")
    assert deliver_all() == 2
    assert [m["Subject"] for _, m in mail_server.taken] == ["【隐患闭环】新"]
    assert outcome() == [("2026-11-20", False), ("2026-12-01", True)]
    assert Delivery.objects.filter(dropped_at=None).count() == 1


def test_without_a_row_every_key_is_let_through_and_unguarded_messages_always(person, mail_server):
    tell(person, guard=OLD)
    stand(("clock:8", "ended"))
    tell(person)
    deliver_all()
    assert outcome() == [("2026-11-20", True), (None, True)]


def test_the_same_key_again_changes_nothing_and_many_cost_one_statement(django_assert_num_queries):
    stand(OLD)
    with transaction.atomic(), django_assert_num_queries(1):
        let_stand([OLD, *((f"clock:{n}", "x") for n in range(50)), NEW])
    assert Guard.objects.count() == 50
    assert Guard.objects.get(pk="clock:7").key == NEW[1]


def test_an_act_that_is_rolled_back_moves_nothing(person, mail_server):
    stand(OLD)
    tell(person, guard=OLD)
    with pytest.raises(RuntimeError, match="no"), transaction.atomic():
        let_stand([NEW])
        raise RuntimeError("no")
    deliver_all()
    assert outcome() == [("2026-11-20", True)]


class Word(TextChoices):
    OVERDUE = "overdue", "已逾期"


def test_a_bulletin_is_guarded_too(wecom):
    robot = RobotWebhookFactory(url=wecom.url)
    for guard in (OLD, NEW):
        announce(authority=robot.authority, heading=Word.OVERDUE, counts={}, url="/", topic="t", guard=guard)
    stand(NEW)
    deliver_all()
    assert (outcome(), len(wecom.heard)) == ([("2026-11-20", False), ("2026-12-01", True)], 1)


def test_moving_on_while_four_deliverers_work_lets_nothing_old_out_after_what_was_in_hand(mail_server):
    people = [UserFactory(email=f"p{n}@example.com") for n in range(40)]
    stand(*((f"clock:{n}", "old") for n in range(40)))
    with transaction.atomic():
        notify_each(
            Message(
                recipient=p.pk, subject=f"旧{n}", body="", url="/", topic="t", guard=(f"clock:{n}", "old")
            )
            for n, p in enumerate(people)
        )
    mail_server.seconds_per_message = 0.03
    arrived = []
    mail_server.on_message = lambda: arrived.append(time.monotonic())

    def work():
        deliver_all()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.15)
    stand(*((f"clock:{n}", "new") for n in range(40)))
    committed = time.monotonic()
    for thread in threads:
        thread.join()
    late = [at for at in arrived if at > committed]
    assert len(late) <= 4  # one in each deliverer's hand
    assert max(late, default=committed) - committed < 1
    assert 0 < Delivery.objects.filter(dropped_at=None).count() < 40
    assert Delivery.objects.filter(dropped_at=None, sent_at=None).count() == 0
