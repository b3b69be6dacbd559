"""The embedded PostgreSQL of demo and tests, really started and really killed."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from ops import pytest_servers, servers
from ops.supervise import end_group, spawn

pytestmark = pytest.mark.processes


@pytest.fixture
def place():
    """A folder of the test run's own: pytest's temporary folders are closed to the user PostgreSQL runs as."""
    place = Path(tempfile.mkdtemp(dir=os.environ["TEST_FOLDER"]))
    place.chmod(0o755)
    return place


@pytest.fixture
def folder(place):
    folder = place / "postgres"
    yield folder
    servers.stop_postgres(folder)


def answer(postgres, sql, role=servers.RUNTIME):
    connection = psycopg2.connect(postgres.url(role))
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone() if cursor.description else None
    connection.close()
    return row


def pid_of(folder):
    return int((folder / "postmaster.pid").read_text().splitlines()[0])


def test_it_has_two_roles_neither_a_superuser_and_the_owner_owns_the_database(folder):
    postgres = servers.start_postgres(folder)
    is_super = "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
    assert answer(postgres, is_super, servers.RUNTIME) == (servers.RUNTIME, False)
    assert answer(postgres, is_super, servers.OWNER) == (servers.OWNER, False)
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert answer(postgres, owner) == (servers.OWNER,)


def test_killed_outright_it_comes_back_at_the_same_address_with_what_was_committed(folder):
    postgres = servers.start_postgres(folder)
    answer(postgres, "CREATE TABLE kept AS SELECT 7 AS number", servers.OWNER)
    answer(postgres, f"GRANT SELECT ON kept TO {servers.RUNTIME}", servers.OWNER)
    os.kill(pid_of(folder), signal.SIGKILL)
    until = time.monotonic() + 5
    while postgres.is_running():
        assert time.monotonic() < until
        time.sleep(0.02)
    postgres.revive()
    assert postgres.is_running() is True
    assert answer(postgres, "SELECT number FROM kept") == (7,)


def test_a_pid_left_by_a_power_cut_that_now_belongs_to_another_program_is_not_taken_for_it(folder):
    servers.start_postgres(folder)
    left = (folder / "postmaster.pid").read_text().splitlines()
    servers.stop_postgres(folder)
    (folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *left[1:]]) + "\n")
    postgres = servers.start_postgres(folder)
    assert answer(postgres, "SELECT 1") == (1,)
    assert pid_of(folder) != os.getpid()


def test_a_server_left_running_is_taken_over(folder):
    first = servers.start_postgres(folder)
    pid = pid_of(folder)
    second = servers.start_postgres(folder)
    assert pid_of(folder) == pid
    assert second.runtime_url == first.runtime_url


def test_stopping_ends_the_process_and_may_be_repeated(folder):
    servers.start_postgres(folder)
    pid = pid_of(folder)
    servers.stop_postgres(folder)
    servers.stop_postgres(folder)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_a_killed_test_run_left_is_cleared_and_a_living_ones_is_kept(place, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name, owner in (("left", dead.pid), ("ours", os.getpid())):
        run = place / f"{pytest_servers.PREFIX}{name}"
        run.mkdir()
        (run / "owner").write_text(str(owner))
    servers.start_postgres(place / f"{pytest_servers.PREFIX}left" / "postgres")
    pid = pid_of(place / f"{pytest_servers.PREFIX}left" / "postgres")
    pytest_servers.clear_what_killed_runs_left()
    assert [run.name for run in place.iterdir()] == [f"{pytest_servers.PREFIX}ours"]
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_folder_too_deep_for_a_socket_still_works(place):
    folder = place / ("a" * 60) / ("b" * 60)
    postgres = servers.start_postgres(folder)
    try:
        assert answer(postgres, "SELECT 1") == (1,)
    finally:
        postgres.stop()


def test_valkey_as_a_command_keeps_what_it_was_told_over_a_restart(tmp_path):
    port = servers.free_port()
    command, url = servers.valkey_command(tmp_path / "valkey", port), f"redis://127.0.0.1:{port}/0"
    for told, known in ((b"first", None), (b"second", b"first")):
        process = spawn(command, environment=os.environ, log=tmp_path / "log", cwd=tmp_path)
        assert servers.wait_for_valkey(url) is True
        with redis.Redis.from_url(url) as client:
            assert client.getset("word", told) == known
        assert end_group(process, 5) is True


def test_waiting_for_a_broker_that_never_comes_ends():
    assert servers.wait_for_valkey(f"redis://127.0.0.1:{servers.free_port()}/0", seconds=0.2) is False
