"""Windows onto a server that are closed at the end, whatever happened."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.factories import Cast
from tests.reliability.acts import Acts
from tests.reliability.people import Person
from tests.reliability.processes import House


@pytest.fixture
def cast(transactional_db):
    return Cast()


@pytest.fixture(scope="session")
def static_root(tmp_path_factory):
    """What the pages of a real server find their files by."""
    folder = tmp_path_factory.mktemp("static")
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput"],
        env=os.environ | {"STATIC_ROOT": str(folder)},
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
    )
    return folder


@pytest.fixture
def house(tmp_path, static_root):
    running = House(tmp_path, static_root)
    yield running
    running.stop()


@pytest.fixture
def acts(house, cast):
    """Browsers at work at a house whose web server and worker run; the six people who are told have addresses."""
    for name in ("manager", "safety", "county", "county2", "city", "city2"):
        user = getattr(cast, name).user
        user.email = f"{name}@example.com"
        user.save()
    house.web.start()
    house.start_worker()
    playing = Acts(house.web.url, cast)
    yield playing
    playing.close()


@pytest.fixture
def window():
    """`window(url, actor)`: a browser window of that person; `window(person)`: another one of the same browser."""
    opened = []

    def open_window(at, actor=None):
        opened.append(at.another_window() if actor is None else Person(at, actor))
        return opened[-1]

    yield open_window
    for person in opened:
        person.close()
