"""Hazards are found by their own words, by their institution and by the place, in scope, whichever way they came."""

import io
import uuid

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from hazards import search
from hazards.management.commands import fill_search
from hazards.models import Hazard
from hazards.search import hazards_saying
from institutions.models import Institution, Region
from ops import servers
from tests.factories import Cast, make_place
from tests.reports.made import put

pytestmark = pytest.mark.django_db


def found(text: str, actor) -> list[int]:
    return sorted(
        Hazard.objects.visible_to(actor).filter(hazards_saying(text, actor)).values_list("pk", flat=True)
    )


@pytest.mark.parametrize("named", [1000, 0])
def test_every_word_is_looked_for_everywhere_whether_it_is_rare_or_common(monkeypatch, named):
    monkeypatch.setattr(search, "NAMED_HAZARDS", named)
    monkeypatch.setattr(search, "NAMED_INSTITUTIONS", named)
    cast = Cast(name="长寿养老院", address="梅岭路 8 号", credit_code="12360100MB1234567X")
    Region.objects.filter(pk=cast.place.county.pk).update(name="单县")
    other = cast.place.institution(name="颐和公寓")
    lift = put(cast, description="电梯超期未检", location="A栋")
    wire = put(cast, description="私拉电线", location="锅炉房")
    there = put(cast, home=other, description="疏散通道堵塞", location="一楼")
    wanted = {
        "电梯": lift, "dianti": lift, "梯": lift, "A栋": lift, "a": lift, "锅炉房": wire, "guolu": wire,
        "疏散通道": there, "通道疏散": [], "颐和": there, "yhgy": there, "changshou": lift + wire, "zhangshou 锅炉": wire,
        "csyly 电梯": lift, "颐和 电梯": [], "单县": lift + wire + there, "shanxian 颐和": there, "dx": lift + wire + there,
        "mb1234567x": lift + wire, "梅岭": lift + wire, "_%": [], "电梯 _%": [], "'": [], "没有": [],
        cast.place.county.code: lift + wire + there,
    }  # fmt: skip
    for actor in (cast.county, cast.city, cast.province):
        assert {text: found(text, actor) for text in wanted} == wanted


def test_what_lies_out_of_scope_is_not_found_by_any_word():
    here = Cast(name="本县养老院")
    there = Cast(make_place(city=here.place.city), name="邻县养老院")
    mine, theirs = (
        put(here, "rectifying", description="天窗漏雨"),
        put(there, "rectifying", description="天窗漏雨"),
    )
    for text in ("天窗", "tianchuang", "养老院", "yly", "漏雨 养老"):
        assert (found(text, here.county), found(text, there.county)) == (mine, theirs)
        assert found(text, here.city) == mine + theirs
        assert found(text, here.manager) == mine
    assert found("邻县", here.county) == []
    assert found(str(theirs[0]), here.county) == []


def test_the_answer_is_asked_for_in_one_statement(django_assert_num_queries):
    cast = Cast()
    put(cast, description="天窗漏雨")
    assert cast.county.scope.column == "county_id"  # looked up before, as in every request
    with django_assert_num_queries(1):
        hazards_saying("天窗 漏雨 养老 changshou 3", cast.county)
    with django_assert_num_queries(0):
        hazards_saying("YH-2026-000001", cast.county)


def check() -> str:
    said = io.StringIO()
    call_command("fill_search", check=True, stdout=said)
    return said.getvalue()


def test_no_way_of_writing_leaves_a_hazard_behind_its_words():
    cast = Cast(name="旧名养老院")
    pk = put(cast, description="插座松动")[0]
    hazard = Hazard.objects.get(pk=pk)
    hazard.description = "窗户破损"
    hazard.save(update_fields=["description"])
    Hazard.objects.filter(pk=pk).update(location="西门")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hazards_hazard SET search = '''谎话'''::tsvector WHERE id = %s", [pk])
    assert [found(text, cast.county) for text in ("谎话", "插座", "窗户 西门", "旧名")] == [
        [],
        [],
        [pk],
        [pk],
    ]
    Institution.objects.filter(pk=cast.home.pk).update(name="新名养老院")
    assert [found(text, cast.county) for text in ("旧名", "新名", "xinming")] == [[], [pk], [pk]]
    copy = {f.attname: getattr(hazard, f.attname) for f in Hazard._meta.concrete_fields} | {
        "id": None, "uid": uuid.uuid4(), "description": "复制的隐患",
    }  # fmt: skip
    Hazard.objects.bulk_create([Hazard(**copy)])
    assert len(found("复制", cast.county)) == 1
    assert check() == "核对通过：检索列与内容一致。\n"


def as_owner(statement: str) -> None:
    """What only the owner of the tables may do."""
    parameters = connection.get_connection_params() | {"user": servers.OWNER}
    owner = psycopg2.connect(
        **{k: v for k, v in parameters.items() if k in {"dbname", "user", "password", "host"}}
    )
    with owner, owner.cursor() as cursor:
        cursor.execute(statement)
    owner.close()


@pytest.mark.django_db(transaction=True)
def test_rows_older_than_the_search_are_filled_and_a_filling_broken_off_goes_on(monkeypatch):
    monkeypatch.setattr(fill_search, "BATCH", 2)
    cast = Cast()
    pks = put(cast, description="天窗漏雨", count=5)
    as_owner("ALTER TABLE hazards_hazard DISABLE TRIGGER hazard_search")
    Hazard.objects.update(location="三楼")
    as_owner("UPDATE hazards_hazard SET search = ''; ALTER TABLE hazards_hazard ENABLE TRIGGER hazard_search")
    assert found("天窗", cast.county) == []
    with pytest.raises(CommandError, match="5 行的检索列与内容不一致"):
        check()
    Hazard.objects.filter(pk__in=pks[:2]).update(location="四楼")  # as if the first batch had been done
    said = io.StringIO()
    call_command("fill_search", stdout=said)
    assert said.getvalue().splitlines()[-1] == "hazards_hazard：补齐 3 行。"
    assert found("天窗", cast.county) == pks
    assert check() == "核对通过：检索列与内容一致。\n"


def test_filling_finds_nothing_to_do_where_triggers_have_done_it():
    put(Cast(), count=3)
    said = io.StringIO()
    call_command("fill_search", stdout=said)
    assert said.getvalue().splitlines()[-1] == "hazards_hazard：补齐 0 行。"
    said = io.StringIO()
    call_command("fill_search", all=True, stdout=said)
    assert said.getvalue().splitlines()[-1] == "hazards_hazard：补齐 3 行。"


def test_few_are_named_to_postgresql_and_known_to_be_few():
    cast = Cast(name="青山敬老院")
    pks = put(cast, description="天窗漏雨", count=3)
    here = Hazard.objects.visible_to(cast.county)
    words = {"天窗": True, "天窗 漏雨": True, "天窗 青山": True, "青山": False, str(pks[0]): False}
    assert {text: search.is_few(here.filter(hazards_saying(text, cast.county))) for text in words} == words
    assert [
        search.is_few(rows) for rows in (here, here.filter(pk__in=pks), here.exclude(search.Named(pks)))
    ] == [
        False,
        False,
        False,
    ]
    assert sorted(here.filter(search.Named(pks[:2])).values_list("pk", flat=True)) == pks[:2]
    assert list(here.filter(search.Named([]))) == []
