"""pytest plugin: embedded PostgreSQL and Valkey for one test run, up before Django reads its settings.

A plugin rather than conftest.py because pytest-django configures Django before any conftest is loaded.
Processes of xdist inherit the addresses. Each run has a folder of its own, so runs never meet.
"""

import atexit
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

from ops import servers
from ops.supervise import end_group, spawn

PREFIX = "yh-test-"
# Slow tests, each with a world of its own, go one by one to whichever process is free; of the others, a file to each.
SINGLY = ("tests/browser/", "tests/reliability/")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config):
    if "TEST_FOLDER" not in os.environ:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run told to stop still tidies up
        clear_what_killed_runs_left()
        _start()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Fast answers first: files that drive a browser or processes come last."""
    items.sort(
        key=lambda item: (
            bool(item.get_closest_marker("browser")) * 2 + bool(item.get_closest_marker("processes"))
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return _BySlowness(config, log)


class _BySlowness(LoadScopeScheduling):
    def _split_scope(self, nodeid):
        return nodeid if nodeid.startswith(SINGLY) else nodeid.partition("::")[0]


def _start() -> None:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o755)
    (folder / "owner").write_text(str(os.getpid()))
    postgres = servers.start_postgres(folder / "postgres", durable=False)
    port = servers.free_port()
    command = servers.valkey_command(folder / "valkey", port)
    valkey = spawn(command, environment=os.environ, log=folder / "valkey.log", cwd=folder)
    # At exit rather than in a pytest hook: hooks are not called when the start itself fails.
    atexit.register(_stop, folder, valkey)
    os.environ.update(
        postgres.environment,
        TEST_FOLDER=str(folder),
        REDIS_URL=f"redis://127.0.0.1:{port}/0",
        SECRET_KEY="for-tests-only-" + "x" * 50,
        HTTPS="off",
        MEDIA_ROOT=str(folder / "media"),
        LOG_LEVEL="ERROR",
        QUIET_HOURS="",  # what is sent must not depend on when the tests run
        DATABASE_ROLE="owner",  # the owner makes the test database; conftest then turns to the runtime role
    )
    assert servers.wait_for_valkey(os.environ["REDIS_URL"]), (folder / "valkey.log").read_text()


def _stop(folder: Path, valkey) -> None:
    end_group(valkey, 2)
    servers.stop_postgres(folder / "postgres")
    shutil.rmtree(folder, ignore_errors=True)


def clear_what_killed_runs_left() -> None:
    """Stop the servers and remove the folders of runs whose process is gone."""
    for owner in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/owner"):
        with suppress(OSError, ValueError, psutil.Error):
            if not psutil.pid_exists(int(owner.read_text())):
                servers.stop_postgres(owner.parent / "postgres")
                shutil.rmtree(owner.parent, ignore_errors=True)
