"""pytest plugin: embedded PostgreSQL and Valkey for one test run, up before Django reads its settings.

A plugin rather than conftest.py because pytest-django configures Django before any conftest is loaded.
Processes of xdist inherit the addresses. Each run has a folder of its own, so runs never meet.
"""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from ops import servers

_running = {}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config):
    if "TEST_FOLDER" not in os.environ:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a killed run still stops its servers
        folder = Path(tempfile.mkdtemp(prefix="yh-test-"))
        folder.chmod(0o755)
        postgres = servers.start_postgres(folder / "postgres", durable=False)
        valkey = servers.start_valkey(folder / "valkey")
        _running.update(folder=folder, postgres=postgres, valkey=valkey)
        os.environ.update(
            postgres.environment,
            TEST_FOLDER=str(folder),
            REDIS_URL=f"{valkey.connection_url}/0",
            SECRET_KEY="for-tests-only-" + "x" * 50,
            HTTPS="off",
            MEDIA_ROOT=str(folder / "media"),
            LOG_LEVEL="ERROR",
            DATABASE_ROLE="owner",  # the owner makes the test database; conftest then turns to the runtime role
        )
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Fast answers first: files that drive a browser or processes come last."""
    items.sort(
        key=lambda item: (
            bool(item.get_closest_marker("browser")) * 2 + bool(item.get_closest_marker("processes"))
        )
    )


def pytest_unconfigure(config):
    if not _running:
        return
    _running["valkey"].stop()
    _running["postgres"].stop()
    shutil.rmtree(_running["folder"], ignore_errors=True)
    _running.clear()
