"""Windows onto a server that are closed at the end, whatever happened."""

import pytest

from tests.factories import Cast
from tests.reliability.people import Person


@pytest.fixture
def cast(transactional_db):
    return Cast()


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
