"""The dead-man's switch: silence is noticed, in sentences, and only what is dead counts as dead."""

import shutil
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from institutions.enums import Role
from notifications.duties import DUTIES
from notifications.health import Vitals, problems, vitals
from notifications.health_facts import facts
from notifications.heartbeat import SWEEP, beat
from notifications.models import Delivery, Heartbeat
from notifications.rules import MAX_ATTEMPTS
from tests.factories import make_actor, make_place
from tests.notifications.conftest import tell

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (Vitals(MINUTE, None, 0), []),
        (Vitals(5 * MINUTE, 10 * MINUTE, 0), []),
        (Vitals(MINUTE, -60 * MINUTE, 0), []),
        (Vitals(None, None, 0), ["后台定时任务还没有运行过"]),
        (Vitals(6 * MINUTE, None, 0), ["后台定时任务已停止 6 分钟"]),
        (Vitals(MINUTE, 11 * MINUTE, 0), ["有消息超过应发时间 11 分钟"]),
        (Vitals(MINUTE, None, 2), ["最近一天有 2 条消息"]),
        (
            Vitals(6 * MINUTE, 11 * MINUTE, 1),
            ["后台定时任务已停止", "有消息超过应发时间", "最近一天有 1 条消息"],
        ),
    ],
)
def test_each_sign_of_death_has_its_sentence(seen, found):
    sentences = problems(seen)
    assert len(sentences) == len(found)
    assert [s[: len(f)] for s, f in zip(sentences, found, strict=True)] == found


def test_the_vitals_cost_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert vitals() == Vitals(None, None, 0, dict.fromkeys(DUTIES))


@pytest.fixture
def swept(db):
    for name in (SWEEP, *DUTIES):
        beat(name)


def test_live_touches_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "reasons": []})


def test_ready_when_every_migration_is_applied(client):
    assert client.get("/healthz/ready").json() == {"status": "ok", "reasons": []}


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_the_database(client, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    for path in ("ready", "deep"):
        response = client.get(f"/healthz/{path}")
        assert (response.status_code, response.json()["reasons"]) == (503, ["连接不上数据库。"])
    monkeypatch.undo()


def test_deep_is_well_after_a_sweep(client, swept):
    response = client.get("/healthz/deep")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "reasons": []})


def test_deep_fails_when_the_sweep_fell_silent_and_heals_with_the_next_beat(client, swept):
    Heartbeat.objects.filter(name=SWEEP).update(beat_at=Now() - timedelta(minutes=6))
    response = client.get("/healthz/deep")
    assert (response.status_code, response.json()) == (
        503,
        {
            "status": "failing",
            "reasons": ["后台定时任务已停止 6 分钟，提醒和邮件可能没有发出。请检查 Celery worker 和 beat。"],
        },
    )
    beat(SWEEP)
    assert client.get("/healthz/deep").status_code == 200


def test_deep_fails_when_a_further_duty_fell_silent_and_heals_with_its_next_beat(client, swept):
    Heartbeat.objects.filter(name="clocks").update(beat_at=Now() - timedelta(minutes=6))
    response = client.get("/healthz/deep")
    assert (response.status_code, response.json()["reasons"]) == (
        503,
        ["期限提醒已停止 6 分钟，到期提醒和逾期升级可能没有发出。请检查 Celery worker 和 beat。"],
    )
    beat("clocks")
    assert client.get("/healthz/deep").status_code == 200


def test_where_nothing_runs_one_sentence_says_so():
    silent = dict.fromkeys(DUTIES, 9 * MINUTE)
    assert problems(Vitals(6 * MINUTE, None, 0, silent)) == problems(Vitals(6 * MINUTE, None, 0))
    assert len(problems(Vitals(MINUTE, None, 0, silent))) == len(DUTIES) == 3


def test_deep_fails_while_a_message_is_overdue_or_died_today(client, swept, person, with_email):
    tell(person)
    Delivery.objects.update(due_at=F("due_at") - timedelta(minutes=11))
    assert client.get("/healthz/deep").status_code == 503
    Delivery.objects.update(dead_at=Now(), attempts=MAX_ATTEMPTS)
    assert client.get("/healthz/deep").json()["reasons"] == problems(Vitals(MINUTE, None, 1))
    Delivery.objects.update(dead_at=Now() - timedelta(days=1, minutes=1))
    assert client.get("/healthz/deep").status_code == 200


def test_a_broker_that_is_down_degrades_and_no_more(client, swept, monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    response = client.get("/healthz/deep")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")


@pytest.mark.parametrize("path", ["live", "ready", "deep"])
def test_health_is_only_read(client, path):
    assert client.post(f"/healthz/{path}").status_code == 405


# --- the same in words, for system administrators --------------------------------------------------------------

PANEL = "/notices/health/"


@pytest.fixture
def admin(client):
    actor = make_actor(Role.SYSTEM_ADMIN, make_place().province)
    client.force_login(actor.user)
    return actor


def tones(response) -> list[str]:
    return [fact.tone for fact in response.context["facts"]]


def test_the_panel_says_that_all_is_well(client, admin, swept, broker, settings, tmp_path, with_email):
    settings.MEDIA_ROOT, settings.UPLOAD_MIN_FREE_BYTES = tmp_path, 0
    assert tones(client.get(PANEL)) == ["green"] * 10


def test_the_panel_says_what_is_wrong(client, admin, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    settings.MEDIA_ROOT = tmp_path / "gone"
    response = client.get(PANEL)
    assert tones(response) == ["red"] * 4 + ["green", "green", "amber", "green", "red", "amber"]
    assert [fact.verdict for fact in response.context["facts"]] == [
        *["没有运行"] * 4, "正常", "正常", "降级", "正常", "不可用", "未配置",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "verdicts"),
    [
        (Vitals(5 * MINUTE, 5 * MINUTE, 0), ["正常", "等待发送", "正常"]),
        (Vitals(6 * MINUTE, 11 * MINUTE, 2), ["已停止", "积压", "有失败"]),
        (Vitals(None, -MINUTE, 0), ["没有运行", "正常", "正常"]),
    ],
)
def test_the_panel_and_the_banner_alarm_at_the_same_limits(seen, verdicts):
    shown = facts(seen)[:3]
    assert [fact.verdict for fact in shown] == verdicts
    assert [fact.tone for fact in shown].count("red") == len(problems(seen))


@pytest.mark.parametrize(("share", "tone"), [(0, "green"), (0.2, "amber"), (2, "red")])
def test_room_for_uploads_is_told_before_they_are_refused(settings, tmp_path, share, tone):
    settings.MEDIA_ROOT = tmp_path
    settings.UPLOAD_MIN_FREE_BYTES = int(shutil.disk_usage(tmp_path).free * share)
    assert facts(Vitals(MINUTE, None, 0))[5].tone == tone


def test_the_panel_alone_is_what_the_system_page_swaps_in(client, admin):
    swapped = client.get(PANEL, headers={"HX-Request": "true"}).content.decode()
    assert swapped.startswith('<section class="card" id="health"')
    assert client.get(PANEL).content.decode().startswith("<!doctype html>")
    assert f'hx-get="{PANEL}"' in client.get("/members/system/").content.decode()


def test_the_panel_is_for_system_administrators(client):
    client.force_login(make_actor(Role.COUNTY_OFFICIAL, make_place().county).user)
    assert client.get(PANEL).status_code == 403
