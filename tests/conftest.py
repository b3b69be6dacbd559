"""The two database roles in tests, and the strictness the house insists on."""

import sys

import psycopg2
import pytest
from django.conf import settings
from django.db import connections
from django.template.base import FilterExpression
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases

from common.database import grant_runtime, read_only_tables
from ops import servers

KEPT_TABLES = {"django_migrations", "django_content_type"}


def _become(role: str) -> None:
    """Reconnect the default connection, and all later ones of any thread, as `role`."""
    connection = connections["default"]
    connection.close()
    connection.settings_dict["USER"] = role


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """The owner makes the test database and grants; every test then works as the runtime role."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
        grant_runtime(settings.RUNTIME_DATABASE_USER)
        _become(servers.RUNTIME)
    yield
    with django_db_blocker.unblock():
        _become(servers.OWNER)
        teardown_databases(made, verbosity=0)


def _truncate_as_owner(self):
    """End of a transactional test: empty every table but the reference ones; only the owner may truncate."""
    connection = connections["default"]
    keep = KEPT_TABLES | set(read_only_tables())
    tables = [f'"{name}"' for name in connection.introspection.table_names() if name not in keep]
    parameters = connection.get_connection_params() | {"user": servers.OWNER}
    owner = psycopg2.connect(
        **{k: v for k, v in parameters.items() if k in {"dbname", "user", "password", "host"}}
    )
    with owner, owner.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
    owner.close()


@pytest.fixture(autouse=True, scope="session")
def _flush_as_owner():
    TransactionTestCase._fixture_teardown = _truncate_as_owner


class _Undefined:
    """What templates get for a variable that is not there: a failure where it would be shown as nothing.

    A relation without a row (`{% if hazard.plan %}`) becomes this object too and must be false; it is true only to
    the code that asks whether `string_if_invalid` is set.
    """

    def __bool__(self):
        return sys._getframe(1).f_code is FilterExpression.resolve.__code__

    def __contains__(self, text):
        return True

    def __mod__(self, variable):
        raise AssertionError(f"undefined template variable: {variable}")

    def __str__(self):
        return ""


@pytest.fixture(autouse=True, scope="session")
def _undefined_template_variables_fail():
    settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = _Undefined()


@pytest.fixture
def media(settings, tmp_path):
    """Uploads of one test in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT
