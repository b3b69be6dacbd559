"""Missing or wrong settings stop the start with a sentence that says what to set."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ops import demo
from ops.choices import address, own_servers
from ops.terminal import Refusal

ROOT = Path(__file__).resolve().parent.parent.parent
WHOLE = {
    "SECRET_KEY": "x" * 60,
    "DATABASE_URL": "postgres://runtime:p@127.0.0.1:1/hazards",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def manage(command, **environment):
    """`manage.py command` with nothing of our own environment but the path."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", command],
        env=kept | {"PYTHONUTF8": "1"} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def last_words(result):
    return result.stderr.strip().splitlines()[-1].split("ImproperlyConfigured: ")[-1]


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("SECRET_KEY", "50 个以上随机字符"),
        ("DATABASE_URL", "postgres://runtime:密码@127.0.0.1:5432/hazards"),
        ("REDIS_URL", "redis://127.0.0.1:6379/0"),
    ],
)
def test_a_missing_setting_is_named_with_an_example(name, example):
    result = manage("check", **{key: value for key, value in WHOLE.items() if key != name})
    assert result.returncode == 1
    assert last_words(result) == f"环境变量 {name} 未设置。请设置 {name}，例如：{name}={example}"


@pytest.mark.parametrize(
    "wrong", ["mysql://a:b@127.0.0.1/hazards", "postgres://a:b@127.0.0.1:5432/", "nonsense", "127.0.0.1:5432"]
)
def test_a_database_address_that_cannot_be_used_shows_the_form_it_should_have(wrong):
    result = manage("check", **(WHOLE | {"DATABASE_URL": wrong}))
    assert result.returncode == 1
    assert last_words(result) == (
        "环境变量 DATABASE_URL 不是可用的 PostgreSQL 地址。格式：postgres://用户:密码@主机:5432/库名"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QUIET_HOURS", "21-7"),
        ("QUIET_HOURS", "08:00-21:00"),
        ("SMS_URL", "sms.example.gov.cn/send"),
        ("WEBHOOK_ORIGINS", "qyapi.weixin.qq.com"),
        ("WEBHOOK_ORIGINS", "https://oapi.dingtalk.com,https://relay.example.gov.cn/robots"),
        ("SUBSCRIBER_ORIGINS", "https://hub.example.gov.cn/yinhuan"),
        ("API_REQUESTS_PER_MINUTE", "0"),
    ],
)
def test_a_channel_set_wrongly_is_named(name, value):
    result = manage("check", **WHOLE, **{name: value})
    assert result.returncode == 1
    assert last_words(result).startswith(f"环境变量 {name} ")


def test_migrating_without_the_owners_address_asks_for_it():
    result = manage("migrate", **WHOLE)
    assert result.returncode == 1
    assert last_words(result).startswith(
        "环境变量 DATABASE_OWNER_URL 未设置。请设置 DATABASE_OWNER_URL，例如："
    )


def test_serving_as_a_superuser_is_refused_with_what_to_change():
    superuser = os.environ["DATABASE_URL"].replace("hazards_runtime:local", "postgres")
    result = subprocess.run(
        [sys.executable, "-c", "import config.wsgi"],
        env=os.environ | {"DATABASE_URL": superuser, "DATABASE_ROLE": "runtime"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert last_words(result) == (
        "数据库角色 postgres 是超级用户，不能用来运行服务。"
        "请把 DATABASE_URL 改为只有运行权限的角色（见 README“部署”）。"
    )


def test_the_demo_uses_its_own_servers_when_none_is_named():
    assert own_servers({"PATH": "/bin", "DATABASE_URL": ""}) is None


def test_the_demo_uses_the_servers_named():
    named = {
        "DATABASE_URL": "postgres://r@h/d",
        "DATABASE_OWNER_URL": "postgres://o@h/d",
        "REDIS_URL": "redis://h",
    }
    assert own_servers({"PATH": "/bin", **named}) == named


def test_the_demo_with_only_some_servers_named_says_which_are_missing():
    with pytest.raises(Refusal) as refusal:
        own_servers({"DATABASE_URL": "postgres://r@h/d"})
    assert str(refusal.value) == (
        "已设置 DATABASE_URL，还缺 DATABASE_OWNER_URL、REDIS_URL。"
        "要用自己的服务器，三项都要设置；要用自带的服务器，三项都不要设置。"
    )


def test_the_demo_on_a_taken_port_says_how_to_take_another():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refusal) as refusal:
            address({"PORT": str(port)})
    assert str(refusal.value) == f"端口 {port} 已被占用，请换一个，例如：PORT=9000 make demo"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eight", "８０００"])
def test_the_demo_with_a_port_that_is_none_says_so(port):
    with pytest.raises(Refusal) as refusal:
        address({"PORT": port})
    assert str(refusal.value) == f"PORT={port} 不是端口号，请用 1–65535 之间的数字，例如：PORT=9000 make demo"


def test_a_second_demo_on_the_same_data_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "DATA", tmp_path / "demo")
    with demo.locked(), pytest.raises(Refusal) as refusal, demo.locked():
        pass
    assert str(refusal.value) == f"演示正在运行（进程 {os.getpid()}），请先在它的窗口按 Ctrl-C 停止。"


def test_resetting_is_refused_while_the_demo_runs_and_deletes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "DATA", tmp_path / "demo")
    with demo.locked():
        (tmp_path / "demo" / "secret").write_text("kept")
        with pytest.raises(Refusal):
            demo.reset()
        assert (tmp_path / "demo" / "secret").read_text() == "kept"
    demo.reset()
    assert not (tmp_path / "demo").exists()
