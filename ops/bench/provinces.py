"""The provinces that are measured: one database a size on the bench's own servers, made once and kept."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from ops import servers, stamps
from ops.bench.timing import load
from ops.supervise import end_group, spawn
from ops.terminal import Refusal, say, step, tail

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".data" / "bench"
_MOST_OPEN, _OPEN_SHARE = 60_000, 0.6


@dataclass(frozen=True)
class Made:
    """How a province was made."""

    hazards: int
    open: int
    seconds: float
    load: float  # when it began
    at: str
    made_by: str  # digest of the programs


def open_among(hazards: int) -> int:
    """How many are to be open: of the larger sizes the same number, so that only what has ended grows."""
    return min(_MOST_OPEN, int(hazards * _OPEN_SHARE))


@contextmanager
def running(home: Path = HOME) -> Iterator[dict[str, str]]:
    """The bench's PostgreSQL and Valkey; within, what a process of the product needs of its environment, less a database."""
    home.mkdir(parents=True, exist_ok=True)
    postgres = servers.start_postgres(home / "postgres")
    _with_room_for_loading(postgres)
    port = servers.free_port()
    log = home / "valkey.log"
    valkey = spawn(servers.valkey_command(home / "valkey", port), environment=os.environ, log=log, cwd=home)
    addresses = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", **postgres.environment}
    try:
        if not servers.wait_for_valkey(addresses["REDIS_URL"]):
            raise Refusal(f"消息服务没有启动：\n{tail(log)}")
        yield product_environment(addresses, home)
    finally:
        end_group(valkey, 2)
        postgres.stop(30)


def _with_room_for_loading(postgres: servers.Postgres) -> None:
    """As one would set a server for a load: a checkpoint every gigabyte writes most pages twice."""
    with _connected(f"host='{postgres.socket_dir}' user=postgres dbname=postgres") as run:
        run("ALTER SYSTEM SET max_wal_size = '4GB'")
        run("SELECT pg_reload_conf()")


def product_environment(addresses: dict[str, str], home: Path) -> dict[str, str]:
    """As the product runs, but without TLS, with the bare pages beside it."""
    return os.environ | addresses | {
        "SECRET_KEY": "for-the-bench-only-" + "x" * 50,
        "HTTPS": "off",
        "LOG_LEVEL": "ERROR",
        "MEDIA_ROOT": str(home / "media"),
        "DATABASE_ROLE": "runtime",
        "DJANGO_SETTINGS_MODULE": "ops.bench.settings",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip


class Province:
    """The database of one size."""

    def __init__(self, hazards: int, servers_environment: dict[str, str], home: Path = HOME):
        self.hazards, self.home = hazards, home
        self.name = f"bench_{hazards}"
        self.environment = servers_environment | {
            name: servers_environment[name].rpartition("/")[0] + f"/{self.name}"
            for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
        }
        self._home_url = servers_environment["DATABASE_OWNER_URL"]
        self._note = home / f"{self.name}.json"

    def ensure(self) -> Made:
        """Make it, or take the one that is there up to the present schema. Raises Refusal when that fails."""
        if not self._note.exists():
            return self._make()
        made = Made(**json.loads(self._note.read_text()))
        if made.made_by != _programs():
            say(f"  {self.name} 是更早的程序制作的；要重做：make bench ARGS=--drop")
        self._manage(f"{self.name} 更新到现在的表结构", "prepare_database")
        return made

    def _make(self) -> Made:
        with _connected(self._home_url.replace("postgres://", "postgresql://")) as run:
            run(f"DROP DATABASE IF EXISTS {self.name}")
            run(f"CREATE DATABASE {self.name}")
        self._manage(f"{self.name} 建表", "prepare_database")
        asked, began, busy = open_among(self.hazards), time.monotonic(), load()
        self._manage(
            f"{self.name} 制作 {self.hazards:,} 条隐患，其中在办约 {asked:,}",
            "generate", "--hazards", str(self.hazards), "--open", str(asked),
        )  # fmt: skip
        seconds = time.monotonic() - began
        made = Made(
            self.hazards, asked, seconds, busy, datetime.now(UTC).isoformat(timespec="seconds"), _programs()
        )
        self._note.write_text(json.dumps(asdict(made)))
        return made

    def _manage(self, words: str, *command: str) -> None:
        environment = self.environment | {
            "DATABASE_ROLE": "owner",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        log = self.home / f"{self.name}-{command[0]}.log"
        with step(words), log.open("wb") as output:
            done = subprocess.run(
                [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, stdout=output,
                stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        if done.returncode:
            raise Refusal(f"{words}：失败，记录见 {log}\n{tail(log)}")


@contextmanager
def _connected(address: str) -> Iterator[Callable[[str], None]]:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    try:
        yield connection.cursor().execute
    finally:
        connection.close()


def _programs() -> str:
    return stamps.digest([ROOT / "config" / "generate"])


def drop(home: Path = HOME) -> None:
    """Delete every province; results stay."""
    servers.stop_postgres(home / "postgres", 30)
    for folder in ("postgres", "valkey", "media"):
        shutil.rmtree(home / folder, ignore_errors=True)
    for note in home.glob("bench_*"):
        note.unlink()
    say("✓ 测速用的数据已删除；结果保留")


class Measurer:
    """A process with the product loaded on one province, that measures what it is told to."""

    def __init__(self, environment: dict[str, str], log: Path):
        self._log, self._is_busy = log, False
        command = [sys.executable, "-m", "ops.bench.process", "measuring"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, env=environment, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=output, start_new_session=True,  # Ctrl-C reaches us alone, who end it
            )  # fmt: skip

    def ask(self, **what) -> dict:
        """Its answer. Raises Refusal when it died."""
        self._is_busy = True
        try:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # said below
        if answer := self._process.stdout.readline():
            self._is_busy = False
            return json.loads(answer)
        raise Refusal(f"测量进程意外结束，记录见 {self._log}\n{tail(self._log)}")

    def end(self) -> None:
        """Tidied up and gone; at once when it is broken off (the next run puts right what is left). May be repeated."""
        try:
            if not self._is_busy and not self._process.stdin.closed and self._process.poll() is None:
                self.ask(end=True)
        finally:
            end_group(self._process, 5)
            self._process.stdin.close()
            self._process.stdout.close()
