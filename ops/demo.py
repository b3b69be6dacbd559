"""`make demo`: from a fresh clone to a running system with a made-up province, and `make demo-reset`.

Everything lies in .data/demo and stays between starts. With DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL
set, the same programs run on those servers instead of the embedded ones.
"""

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2

from institutions.demo_accounts import DEMO_ACCOUNTS
from ops import assets, servers, stamps
from ops.choices import Address, address, own_servers
from ops.supervise import Program, StopFlag, Supervisor
from ops.terminal import Refusal, Stopped, run, say, step, table, tail

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data" / "demo"
LOGS = DATA / "logs"


@contextmanager
def locked() -> Iterator[None]:
    """Only one at a time may use the data folder. Raises Refusal when another does."""
    DATA.mkdir(parents=True, exist_ok=True)
    with (DATA.parent / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise Refusal(
                f"演示正在运行（进程 {lock.read().strip()}），请先在它的窗口按 Ctrl-C 停止。"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


class Demo:
    """One run of the demo, from the first step to the last child stopped."""

    def __init__(self, where: Address, stop: StopFlag):
        self.where, self.stop = where, stop
        self.supervisor = Supervisor(ROOT, say)
        self.postgres: servers.Postgres | None = None
        self.password = _kept("password", os.environ.get("DEMO_PASSWORD") or "Xiaohao-2026")
        self.own = own_servers(os.environ)

    def run(self) -> None:
        """Everything in order; returns once asked to stop. Raises Refusal or Stopped."""
        began = time.monotonic()
        LOGS.mkdir(parents=True, exist_ok=True)
        assets.ensure(self.stop)
        addresses = self.own or self._start_servers()
        runtime = self._environment(addresses)
        self._prepare(runtime, addresses["DATABASE_OWNER_URL"])
        web = self._start_programs(runtime)
        # Meanwhile the first sweep, or staff would read for a minute that nothing was swept since yesterday.
        self._command("补办停机期间到期的提醒", ["tick"], runtime)
        self._wait_until_it_answers(web)
        self._introduce(time.monotonic() - began)
        while not self.stop.is_raised:
            time.sleep(0.2)
            self._look_after()

    def close(self) -> None:
        """Web first, then beat, worker, broker and the database: nobody loses what it still needs.

        The patience granted to each adds up to 10 s.
        """
        self.supervisor.stop()
        if self.postgres:
            self.postgres.stop(3)

    def _start_servers(self) -> dict[str, str]:
        with step("启动数据库 PostgreSQL 与消息服务 Valkey"):
            self.postgres = self._start_postgres()
            port = servers.free_port()
            command = servers.valkey_command(DATA / "valkey", port)
            self.supervisor.start(Program("消息服务 valkey", command, os.environ, LOGS / "valkey.log", 1))
            addresses = self.postgres.environment | {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
            if not servers.wait_for_valkey(addresses["REDIS_URL"]):
                raise Refusal(f"消息服务没有启动：\n{tail(LOGS / 'valkey.log')}")
        self._stop_if_asked()
        return addresses

    def _start_postgres(self) -> servers.Postgres:
        try:
            return servers.start_postgres(DATA / "postgres")
        except (OSError, RuntimeError, subprocess.SubprocessError, psycopg2.Error) as error:
            raise Refusal(f"数据库没有启动：{error}\n记录见 {DATA / 'postgres' / 'log'}") from error

    def _environment(self, addresses: dict[str, str]) -> dict[str, str]:
        """For the runtime role: it never gets to see the owner's address."""
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
        usual = {
            "SECRET_KEY": _kept("secret", secrets.token_urlsafe(64)),
            "ALLOWED_HOSTS": "*",
            "MEDIA_ROOT": str(DATA / "media"),
            "STATIC_ROOT": str(ROOT / "staticfiles"),
            "SITE_URL": self.where.on_the_network() or self.where.local,
            "HTTPS": "off",
            "IS_DEMO": "1",
            "SUBSCRIBER_ORIGINS": "http://127.0.0.1:9",  # where nobody listens: pushes can be tried, and go nowhere
        }
        ours = {
            "DATABASE_URL": addresses["DATABASE_URL"],
            "REDIS_URL": addresses["REDIS_URL"],
            "DATABASE_ROLE": "runtime",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEMO_PASSWORD": self.password,
            "PYTHONUNBUFFERED": "1",
        }
        return usual | inherited | ours

    def _prepare(self, runtime: dict[str, str], owner_url: str) -> None:
        owner = runtime | {"DATABASE_OWNER_URL": owner_url, "DATABASE_ROLE": "owner"}
        code = [path for path in ROOT.iterdir() if (path / "apps.py").exists()]
        schema = [path / part for path in code for part in ("migrations", "models", "models.py")]
        rights = [ROOT / "common" / "database.py", ROOT / "constraints.txt"]
        self._manage("准备数据库表与权限", "prepare_database", owner, stamps.digest([*schema, *rights]), DATA)
        static_root = Path(runtime["STATIC_ROOT"])
        made_from = stamps.digest([assets.DIST, ROOT / "config" / "settings.py", ROOT / "constraints.txt"])
        self._manage("收集静态文件", "collectstatic --noinput --clear", runtime, made_from, static_root)
        self._manage("制作演示省份（虚构数据，只在第一次）", "demo", runtime, "made", DATA)

    def _manage(
        self, words: str, command: str, environment: dict[str, str], made_from: str, stamps_in: Path
    ) -> None:
        """One management command, skipped when its stamp is fresh; servers of one's own leave no stamps."""
        arguments = command.split()
        stamp = stamps_in / f".{arguments[0]}"
        is_ours = self.own is None or arguments[0] == "collectstatic"
        if is_ours and stamps.is_fresh(stamp, made_from):
            return
        stamp.unlink(missing_ok=True)
        self._command(words, arguments, environment)
        if is_ours:
            stamp.write_text(made_from)

    def _command(self, words: str, arguments: list[str], environment: dict[str, str]) -> None:
        log, manage = LOGS / f"{arguments[0]}.log", [sys.executable, "manage.py", *arguments]
        run(words, manage, environment=environment, log=log, cwd=ROOT, stop=self.stop)

    def _start_programs(self, environment: dict[str, str]) -> subprocess.Popen:
        (DATA / "beat").mkdir(exist_ok=True)
        self._stop_if_asked()
        python = [sys.executable, "-m"]
        celery = [*python, "celery", "-A", "config"]
        work = "worker -c 2 --without-gossip --without-mingle -l INFO"
        tick = ["beat", "-s", str(DATA / "beat" / "schedule"), "-l", "INFO"]
        serve = (
            f"gunicorn config.wsgi --bind {self.where.host}:{self.where.port} --worker-class gthread --workers 2"
            " --threads 4 --timeout 60 --graceful-timeout 2 --no-control-socket"
        )
        for name in ("worker", "beat", "web"):
            (LOGS / f"{name}.log").write_bytes(b"")
        worker = Program("后台任务 worker", [*celery, *work.split()], environment, LOGS / "worker.log", 2.5)
        beat = Program("定时任务 beat", [*celery, *tick], environment, LOGS / "beat.log", 1)
        web = Program("网页服务 web", [*python, *serve.split()], environment, LOGS / "web.log", 2.5)
        self.supervisor.start(worker)
        self.supervisor.start(beat)
        return self.supervisor.start(web)

    def _wait_until_it_answers(self, web: subprocess.Popen, seconds: float = 60) -> None:
        """Raises Refusal with the end of the log when the web process dies or stays silent."""
        host = "127.0.0.1" if self.where.host == "0.0.0.0" else self.where.host
        with step("启动网页服务与后台任务"):
            until = time.monotonic() + seconds
            while not _answers(f"http://{host}:{self.where.port}/healthz/ready"):
                self._stop_if_asked()
                if web.poll() is not None or time.monotonic() > until:
                    raise Refusal(
                        f"网页服务没有启动成功，记录见 {LOGS / 'web.log'}\n{tail(LOGS / 'web.log')}"
                    )
                time.sleep(0.1)

    def _look_after(self) -> None:
        if self.postgres and not self.postgres.is_running():
            say("数据库 PostgreSQL 已停止，正在重启")
            try:
                self.postgres.revive()
            except subprocess.CalledProcessError as error:
                raise Refusal(f"数据库没有能重新启动，记录见 {DATA / 'postgres' / 'log'}") from error
        self.supervisor.look_after()

    def _introduce(self, seconds: float) -> None:
        phone = self.where.on_the_network()
        say(f"\n  演示已就绪（{seconds:.0f} 秒）：{self.where.local}")
        if phone:
            say(f"  同一网络的手机：{phone}")
        rows = [(account.username, account.name, account.sentence) for account in DEMO_ACCOUNTS]
        say(f"\n{table(rows)}\n\n  密码都是：{self.password}")
        say("  按 Ctrl-C 停止。数据保留在 .data/demo；从头开始：make demo-reset\n")

    def _stop_if_asked(self) -> None:
        if self.stop.is_raised:
            raise Stopped


def reset() -> None:
    """Delete the demo's data. Raises Refusal while a demo uses it; servers of one's own are not touched."""
    with locked():
        servers.stop_postgres(DATA / "postgres")
        shutil.rmtree(DATA)
    say("✓ 演示数据已删除；make demo 会从头开始")


def start() -> None:
    """Run the demo until asked to stop. Raises Refusal with a sentence when it cannot start."""
    stop = StopFlag()
    stop.listen()
    with locked():
        demo = Demo(address(os.environ), stop)
        try:
            demo.run()
        except Stopped:
            pass
        finally:
            say("\n… 正在停止")
            demo.close()
            say("✓ 已全部停止，数据保留")


def _kept(name: str, first: str) -> str:
    """The value kept in the data folder under `name`; `first` when there is none yet."""
    path = DATA / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(first)
    return path.read_text()


def _answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no way to us
    with suppress(OSError), direct.open(url, timeout=5) as response:
        return response.status == 200
    return False


if __name__ == "__main__":
    try:
        reset() if sys.argv[1:] == ["reset"] else start()
    except Refusal as refusal:
        say(f"✗ {refusal}")
        sys.exit(1)
