"""A mail server that can refuse, a broker of our own that may be killed or frozen, and a plain act."""

import os
import shutil
import signal
import socket
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from notifications import waking
from notifications.models import Delivery, RobotWebhook
from notifications.outbox import notify, settle
from ops import servers
from tests.factories import UserFactory
from tests.notifications.gateways import DingtalkPlatform, SmsGateway, WecomPlatform
from tests.notifications.smtp import StandInMailServer


@pytest.fixture(autouse=True)
def fresh_breaker(monkeypatch):
    breaker = waking.Breaker()
    monkeypatch.setattr(waking, "breaker", breaker)
    return breaker


@pytest.fixture
def with_email(settings):
    """E-mail is configured; messages go to Django's outbox of tests."""
    settings.EMAIL_ENABLED = True


@pytest.fixture
def mail_server(settings, with_email):
    """E-mail is configured; messages go over SMTP to a stand-in."""
    server = StandInMailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


@pytest.fixture
def sms_gateway(settings):
    """Short messages are configured; they go to a stand-in."""
    gateway = SmsGateway()
    settings.SMS_URL, settings.SMS_TOKEN = f"{gateway.origin}/send", "token-of-tests"
    yield gateway
    gateway.stop()


@pytest.fixture
def wecom(settings):
    """企业微信, at an allowed origin."""
    platform = WecomPlatform()
    settings.WEBHOOK_ORIGINS = [*settings.WEBHOOK_ORIGINS, platform.origin]
    yield platform
    platform.stop()


@pytest.fixture
def dingtalk(settings):
    """钉钉, at an allowed origin."""
    platform = DingtalkPlatform()
    settings.WEBHOOK_ORIGINS = [*settings.WEBHOOK_ORIGINS, platform.origin]
    yield platform
    platform.stop()


class Broker:
    """A Valkey of one test's own, with its pid."""

    def __init__(self, folder):
        self.folder = folder
        # A port from the kernel: Valkey's own search would give two test processes the same one.
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.server = servers.start_valkey(folder, port=self.port)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def signal(self, number: int) -> None:
        os.kill(self.server._process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.server._process.wait()

    def restart(self) -> None:
        self.server = servers.start_valkey(self.folder, port=self.port)

    def wipe(self) -> None:
        """Killed, and started again with nothing it ever knew."""
        self.kill()
        shutil.rmtree(self.folder)
        self.restart()

    def stop(self) -> None:
        if self.server._process.poll() is None:
            self.signal(signal.SIGCONT)
            self.server.terminate()


@pytest.fixture
def broker(tmp_path, monkeypatch):
    """The broker that wake-ups of this test go to."""
    own = Broker(tmp_path / "valkey")
    monkeypatch.setenv("CELERY_BROKER_URL", own.url)
    yield own
    own.stop()


@pytest.fixture
def person(db):
    return UserFactory(email="person@example.com")


def tell(*people, topic="hazard:1", **fields) -> int:
    """An act that tells `people`, in a transaction of its own."""
    defaults = {"subject": "有一条隐患待您整改", "body": "请在期限内整改。", "url": "/hazards/1/"}
    with transaction.atomic():
        return notify(recipients=people, topic=topic, **(defaults | fields))


def end(topic: str) -> None:
    """An act that ends the matter, in a transaction of its own."""
    with transaction.atomic():
        settle(topic)


def let_leases_end() -> None:
    """As if every lease had ended a moment ago."""
    _set_back("leased_until", "leased_until IS NOT NULL")


def let_back_offs_end() -> None:
    """As if every pending message had become due a moment ago."""
    _set_back("due_at", "sent_at IS NULL AND dead_at IS NULL AND dropped_at IS NULL")


def let_robots_go_on() -> None:
    """As if no robot had said anything for minutes."""
    RobotWebhook.objects.update(rests_until=None, recent=[])


def _set_back(column: str, condition: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Delivery._meta.db_table} SET {column} = statement_timestamp() - interval '1 second' "
            f"WHERE {condition}"
        )


def process_environment(broker: Broker, mail_server: StandInMailServer) -> dict[str, str]:
    """What a real worker needs to work on this test's database, broker and mail server, as the runtime role."""
    database = connection.settings_dict
    url = f"postgres://{servers.RUNTIME}:local@{quote(database['HOST'], safe='')}/{database['NAME']}"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CELERY_", "PYTEST"))}
    return inherited | {
        "DATABASE_URL": url,
        "DATABASE_ROLE": "runtime",
        "REDIS_URL": broker.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
