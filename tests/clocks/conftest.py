"""A calendar and the default ladders for every test here."""

import pytest

from tests.clocks.made import seed
from tests.factories import Cast


@pytest.fixture
def cast(db):
    seed()
    return Cast()
