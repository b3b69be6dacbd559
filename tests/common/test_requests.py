"""What every request goes through: guards, the error pages and the log line."""

import json
import logging

import psycopg2
import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from common.logs import JsonFormatter
from ops import servers
from tests.factories import UserFactory, as_client, make_actor, make_place

pytestmark = [pytest.mark.urls("tests.common.urls")]


@pytest.fixture
def actor(db):
    return make_actor("county_official", make_place().county)


@pytest.fixture
def client(actor):
    client = as_client(actor)
    client.raise_request_exception = False
    return client


# --- who is let through, and how ---------------------------------------------------------------------------


def test_looking_takes_get_and_head_and_writing_takes_post(client):
    asked = {"/t/looks/": ("get", "head", "post", "put"), "/t/writes/": ("post", "get", "head", "delete")}
    answers = {url: [getattr(client, m)(url).status_code for m in methods] for url, methods in asked.items()}
    assert answers == {"/t/looks/": [200, 200, 405, 405], "/t/writes/": [200, 405, 405, 405]}


def test_a_stranger_is_sent_to_the_login_page_and_back(db):
    assert Client().get("/t/looks/?page=2")["Location"] == "/login/?next=/t/looks/%3Fpage%3D2"
    headers = {"referer": "/hazards/1/"}
    assert Client().post("/t/writes/", headers=headers)["Location"] == "/login/?next=/hazards/1/"


def test_a_session_that_ended_takes_the_whole_htmx_page_to_the_login(db):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/ledger/?tab=open"}
    response = Client().get("/t/looks/", headers=headers)
    said = (response.status_code, response["HX-Redirect"], response.content)
    assert said == (204, "/login/?next=/ledger/%3Ftab%3Dopen", b"")


def test_a_script_gets_401_in_json_and_never_a_redirect(db):
    response = Client().post("/t/writes/", headers={"accept": "application/json"})
    assert (response.status_code, response.json()) == (401, {"error": "登录已过期，请重新登录。"})


def test_somebody_without_a_post_is_told_so(db):
    client = Client()
    client.force_login(UserFactory(), backend="institutions.backends.PersonBackend")
    response = client.get("/t/looks/")
    assert (response.status_code, "请联系安全管理员" in response.text) == (403, True)
    assert client.get("/t/looks-without-post/").status_code == 200


def test_a_view_that_only_looks_cannot_write_and_says_no_more_than_that_it_failed(client, actor):
    response = client.get("/t/looks-but-writes/")
    actor.user.refresh_from_db()
    assert (response.status_code, actor.user.name == "写坏了") == (500, False)
    assert "read-only" not in response.text
    assert client.get("/t/looks/").status_code == 200  # the connection is as good as before


# --- error pages: in Chinese, and what to do now -----------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "url", "status", "words", "way_out"),
    [
        ("get", "/t/forbids/", 403, "须由另一位同事办理。", 'href="/"'),
        ("get", "/nowhere/", 404, "没有找到这个页面", 'href="/"'),
        ("post", "/t/conflicts/", 409, "这条隐患已经办理过。", 'href="/ledger/"'),
        ("get", "/t/breaks/", 500, "请返回上一页再试一次", 'href="/"'),
    ],
)
def test_an_error_page_says_what_happened_and_where_to_go(client, method, url, status, words, way_out):
    response = getattr(client, method)(url)
    assert response.status_code == status
    text = response.text
    assert (words in text, way_out in text, "秘密的细节" in text) == (True, True, False)


def test_the_conflict_page_gives_back_what_was_typed(client):
    assert "写下的&lt;字&gt;</textarea>" in client.post("/t/conflicts/").text


def test_a_form_without_its_token_is_explained(actor):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/login/", {"username": "x", "password": "y"})
    assert (response.status_code, "刚才的内容没有提交" in response.text) == (403, True)


def test_the_500_page_needs_no_database():
    # No database fixture here: any query would raise.
    response = server_error(RequestFactory().get("/"))
    assert (response.status_code, "系统出错了，不是您的问题" in response.text) == (500, True)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_stays_locked_becomes_words_and_not_a_fault(actor, client):
    parameters = connection.get_connection_params() | {"user": servers.OWNER}
    names = {"dbname", "user", "password", "host", "port"}
    other = psycopg2.connect(**{k: v for k, v in parameters.items() if k in names})
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM institutions_user WHERE id = %s FOR UPDATE", [actor.user.pk])
        response = client.post("/t/waits/")
        assert (response.status_code, "请稍等几秒再试" in response.text) == (409, True)
        other.rollback()
        assert client.post("/t/waits/").status_code == 200
    finally:
        other.close()
        connection.close()  # the next test gets a connection with the settings' own time limit


# --- the log line -------------------------------------------------------------------------------------------


def test_each_request_leaves_one_line_of_facts_without_what_was_sent(client, actor, caplog):
    caplog.set_level(logging.INFO, logger="house.request")
    response = client.post("/t/writes/?q=查询词", {"opinion": "正文里的话"})
    (record,) = [r for r in caplog.records if r.name == "house.request"]
    text = JsonFormatter().format(record)
    line = json.loads(text)
    assert line["request_id"] == response["X-Request-ID"]
    told = {name: line[name] for name in ("method", "path", "status", "user", "role")}
    assert told == {
        "method": "POST", "path": "/t/writes/", "status": 200, "user": actor.user.pk, "role": "county_official",
    }  # fmt: skip
    assert (line["queries"] > 0, line["ms"] > 0) == (True, True)
    assert ("正文里的话" in text, "查询词" in text) == (False, False)


def test_a_fault_leaves_its_trace_in_the_log_and_its_request_number_with_the_user(client, caplog):
    caplog.set_level(logging.INFO, logger="house.request")
    response = client.get("/t/breaks/")
    (fault,) = [r for r in caplog.records if r.name == "django.request"]
    line = json.loads(JsonFormatter().format(fault))
    assert "RuntimeError: 秘密的细节" in line["exception"]
    (record,) = [r for r in caplog.records if r.name == "house.request"]
    assert (record.status, record.request_id) == (500, response["X-Request-ID"])
