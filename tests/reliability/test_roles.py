"""Who the programs may be in the database, and whose session still counts."""

import psycopg2
import pytest
from django.db import InternalError, connection
from django.http import HttpResponse
from django.test import RequestFactory

from common.http import readonly
from hazards.enums import HazardStatus
from institutions.enums import Role
from ops import servers
from tests.factories import PASSWORD, hazard_in, register_hazard
from tests.notifications.conftest import Broker, process_environment
from tests.notifications.smtp import StandInMailServer
from tests.reliability.people import acceptance
from tests.reliability.processes import CELERY, GUNICORN, Running, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
S = HazardStatus
SUPERUSER = "postgres"


def as_superuser(sql: str) -> None:
    parameters = connection.get_connection_params() | {"user": SUPERUSER}
    link = psycopg2.connect(**{k: parameters[k] for k in ("dbname", "user", "host")})
    with link, link.cursor() as cursor:
        cursor.execute(sql)
    link.close()


@pytest.fixture
def environment(tmp_path):
    """What a program needs, as the runtime role."""
    broker, mail_server = Broker(tmp_path / "valkey"), StandInMailServer()
    yield process_environment(broker, mail_server)
    broker.stop()
    mail_server.stop()


def as_role(environment, role):
    return environment | {"DATABASE_URL": environment["DATABASE_URL"].replace(servers.RUNTIME, role, 1)}


def start(command, environment, log) -> Running:
    """Start a program that ought to stop by itself, and give it half a minute to."""
    program = Running(command, environment, log)
    program.start()
    wait_until(lambda: program.process.poll() is not None, 30)
    has_stopped = program.process.poll() is not None
    program.stop()
    assert has_stopped, program.words
    return program


@pytest.fixture
def heir():
    """A role that owns nothing, but is a member of the role that does."""
    as_superuser(f"CREATE ROLE hazards_heir LOGIN PASSWORD 'local' IN ROLE {servers.OWNER}")
    yield "hazards_heir"
    as_superuser("DROP ROLE hazards_heir")


@pytest.fixture
def favourite():
    """The runtime role, which somebody has granted everything."""
    as_superuser(f"GRANT UPDATE ON hazards_hazardevent TO {servers.RUNTIME}")
    yield servers.RUNTIME
    as_superuser(f"REVOKE UPDATE ON hazards_hazardevent FROM {servers.RUNTIME}")


SERVE = f"{GUNICORN} --bind 127.0.0.1:0"
OWNER_WORDS = f"数据库角色 {servers.OWNER} 是表的所有者，不能用来运行服务。"
SUPERUSER_WORDS = f"数据库角色 {SUPERUSER} 是超级用户，不能用来运行服务。"


@pytest.mark.processes
@pytest.mark.parametrize("command", [SERVE, CELERY], ids=["web", "worker"])
@pytest.mark.parametrize(
    ("role", "words"),
    [(servers.OWNER, OWNER_WORDS), (SUPERUSER, SUPERUSER_WORDS)],
    ids=["owner", "superuser"],
)
def test_no_program_serves_as_owner_or_superuser(environment, tmp_path, command, role, words):
    refused = start(command, as_role(environment, role), tmp_path / "log")
    assert refused.process.returncode != 0
    assert words in refused.words


@pytest.mark.processes
def test_a_role_that_inherits_from_the_owner_is_refused_as_well(environment, tmp_path, heir):
    refused = start(SERVE, as_role(environment, heir), tmp_path / "log")
    assert f"数据库角色 {heir} 是表的所有者，不能用来运行服务。" in refused.words


@pytest.mark.processes
def test_a_runtime_role_that_may_rewrite_the_trail_is_refused(environment, tmp_path, favourite):
    refused = start(SERVE, environment, tmp_path / "log")
    assert (
        f"数据库角色 {favourite} 可以改写办理记录（hazards_hazardevent），不能用来运行服务。" in refused.words
    )


def test_a_view_that_only_looks_cannot_write_whatever_it_tries(cast):
    hazard = register_hazard(cast)
    request = RequestFactory().get("/")
    request.user, request.actor = cast.county.user, cast.county

    @readonly
    def looks(request):
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            return HttpResponse(cursor.fetchone()[0])

    @readonly
    def writes(request):
        hazard.location = "改写"
        hazard.save(update_fields=["location"])

    assert looks(request).content == b"on"
    with pytest.raises(InternalError, match="cannot execute UPDATE in a read-only transaction"):
        writes(request)
    hazard.refresh_from_db()
    assert hazard.location == "二楼东侧"
    with connection.cursor() as cursor:  # and the connection is as it was
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("off",)


LOGIN_AGAIN = "/login/?next=/me/"


@pytest.mark.parametrize("change", ["disable", "revoke", "grant", "reset-password"])
def test_an_open_session_ends_when_its_person_is_changed(live_server, cast, window, change):
    county = window(live_server.url, cast.county)
    admin = window(live_server.url, cast.security_admin)
    hazard = hazard_in(cast, S.AWAITING_VERIFICATION)
    assert county.get("/me/").status == 200
    member = cast.county
    path, fields = {
        "revoke": (f"/members/posts/{member.membership.pk}/revoke/", {}),
        "grant": (
            f"/members/{member.user.pk}/grant/",
            {"role": Role.CITY_OFFICIAL.value, "place": cast.city.place_name},
        ),
    }.get(change, (f"/members/{member.user.pk}/{change}/", {}))
    assert admin.post(path, fields).status in (200, 302)
    answer = county.post(f"/hazards/{hazard.pk}/accept/", acceptance(hazard.version))
    assert (answer.status, answer.location) == (302, "/login/?next=/")
    assert county.get("/me/").location == LOGIN_AGAIN
    hazard.refresh_from_db()
    assert hazard.status == S.AWAITING_VERIFICATION


def test_a_changed_password_ends_the_sessions_on_other_devices_alone(live_server, cast, window):
    phone, desk = window(live_server.url, cast.manager), window(live_server.url, cast.manager)
    new = {"old_password": PASSWORD, "new_password1": "Xin-mima-2027", "new_password2": "Xin-mima-2027"}
    changed = desk.post("/me/password/", new)
    assert (changed.status, changed.location) == (302, "/")
    assert phone.get("/me/").location == LOGIN_AGAIN
