import pytest

from institutions.enums import Role
from tests.factories import UserFactory, make_actor, make_place


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.UPLOAD_MIN_FREE_BYTES = 0
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a missing folder


@pytest.fixture
def user(db):
    return UserFactory()


@pytest.fixture
def official(db):
    return make_actor(Role.COUNTY_OFFICIAL, make_place().county)


@pytest.fixture
def as_official(client, official):
    client.force_login(official.user, backend="institutions.backends.PersonBackend")
    return client
