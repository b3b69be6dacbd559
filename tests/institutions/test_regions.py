"""Regions: the province in the repo, and any other from a CSV with words for each wrong row."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from institutions import region_csv
from institutions.actions.regions import RowErrors, load_regions
from institutions.models import Institution, Region
from institutions.regions import place_columns
from tests.factories import InstitutionFactory

JIANGXI = Path(__file__).parents[2] / "institutions" / "data" / "jiangxi.csv"
HEADER = "代码,名称,上级代码,启用日期,停用日期\n"


def load(lines: str, header: str = HEADER):
    return load_regions(region_csv.read((header + lines).encode()))


def errors_of(lines: str, header: str = HEADER) -> list[tuple[int, str]]:
    with pytest.raises(RowErrors) as caught:
        load(lines, header)
    return caught.value.errors


@pytest.mark.django_db
def test_jiangxi_has_eleven_cities_and_a_hundred_counties(capsys):
    call_command("load_regions", str(JIANGXI))
    count = {level: Region.objects.filter(level=level).count() for level in ("province", "city", "county")}
    assert count == {"province": 1, "city": 11, "county": 100}
    known = {
        "360102": "东湖区",
        "360112": "新建区",
        "360113": "红谷滩区",
        "360704": "赣县区",
        "360404": "柴桑区",
    }
    assert dict(Region.objects.filter(code__in=known).values_list("code", "name")) == known
    town = Region.objects.get(name="茅店镇")
    assert (town.level, town.path) == ("township", f"/360000/360700/360704/{town.code}/")
    call_command("load_regions", str(JIANGXI))
    assert "新增 0 个，更新 0 个" in capsys.readouterr().out


@pytest.mark.django_db
def test_parents_may_come_in_any_order_and_levels_follow_from_position():
    load(
        "429004,仙桃市,420000\n441900003,莞城街道,441900\n441900,东莞市,440000\n440000,广东省,\n420000,湖北省,\n"
    )
    levels = dict(Region.objects.values_list("name", "level"))
    assert levels == {
        "湖北省": "province", "仙桃市": "county", "广东省": "province", "东莞市": "city", "莞城街道": "township",
    }  # fmt: skip


@pytest.mark.django_db
def test_where_a_level_is_missing_the_nearest_above_stands_in():
    load(
        "420000,湖北省,\n429004,仙桃市,420000\n440000,广东省,\n441900,东莞市,440000\n441900003,莞城街道,441900\n"
    )

    def names(code):
        return {level: r.name for level, r in place_columns(Region.objects.get(code=code)).items()}

    assert names("429004") == {
        "province": "湖北省",
        "city": "湖北省",
        "county": "仙桃市",
        "township": "仙桃市",
    }
    assert names("441900003") == {
        "province": "广东省", "city": "东莞市", "county": "东莞市", "township": "莞城街道",
    }  # fmt: skip
    assert names("440000") == dict.fromkeys(("province", "city", "county", "township"), "广东省")


@pytest.mark.django_db
def test_a_development_zone_says_its_level_itself():
    load(
        "360000,江西省,,,,\n360100,南昌市,360000,,,\n360190,经济技术开发区,360100,,,县级\n",
        HEADER.strip() + ",级别\n",
    )
    assert Region.objects.get(code="360190").level == "county"


@pytest.mark.django_db
def test_every_wrong_row_is_named_and_nothing_is_loaded():
    assert errors_of(
        "360000,江西省,,,\n"
        "3601,南昌市,360000,,\n"
        "360200,景德镇市,999999,,\n"
        "360300,,360000,,\n"
        "360400,九江市,360000,2020-13-01,\n"
        "360500,新余市,360000,2024-01-01,2023-01-01\n"
        "360500,新余市,360000,,\n"
        "360600,鹰潭市,360700,,\n"
        "360700,赣州市,360600,,\n"
    ) == [
        (3, "代码“3601”不是 6、9 或 12 位数字"),
        (4, "上级代码 999999 不存在：文件里和系统里都没有"),
        (5, "名称为空"),
        (6, "启用日期“2020-13-01”不是日期，应写成 2024-01-31"),
        (7, "停用日期早于启用日期"),
        (8, "代码 360500 与第 7 行重复"),
        (9, "上级关系成环：沿上级往上会回到自己"),
        (10, "上级关系成环：沿上级往上会回到自己"),
    ]
    assert Region.objects.count() == 0


@pytest.mark.django_db
def test_a_level_must_lie_below_its_parents():
    header = HEADER.strip() + ",级别\n"
    assert errors_of("360000,江西省,,,,\n360100,南昌市,360000,,,省级\n", header) == [
        (3, "省级区划不能放在省级“江西省”下面")
    ]
    assert errors_of("360100,南昌市,,,,市级\n", header) == [(2, "市级区划必须写明上级代码")]


@pytest.mark.django_db
def test_a_county_moved_to_another_city_takes_its_towns_and_institutions_along():
    load(
        "360000,江西省,\n360100,南昌市,360000\n360400,九江市,360000\n"
        "360482,共青城市,360400\n360482100,甘露镇,360482\n360122,新建县,360100\n"
    )
    by_code = {r.code: r for r in Region.objects.all()}
    home = InstitutionFactory(county=by_code["360482"], region=by_code["360482100"])
    other = InstitutionFactory(county=by_code["360122"])
    loaded = load("360482,共青城市,360100\n360482101,金湖镇,360482\n")
    assert (loaded.created, loaded.changed, loaded.institutions_moved) == (1, 1, 1)
    assert dict(Region.objects.filter(code__startswith="360482").values_list("code", "path")) == {
        "360482": "/360000/360100/360482/",
        "360482100": "/360000/360100/360482/360482100/",
        "360482101": "/360000/360100/360482/360482101/",
    }
    home.refresh_from_db()
    assert (home.city.code, home.county.code, home.township.code) == ("360100", "360482", "360482100")
    assert Institution.objects.get(pk=other.pk).city.code == "360100"


@pytest.mark.django_db
def test_a_ring_through_regions_already_known_is_found():
    load("360000,江西省,\n360100,南昌市,360000\n360121,南昌县,360100\n")
    assert errors_of("360100,南昌市,360121\n") == [(2, "上级关系成环：沿上级往上会回到自己")]


@pytest.mark.django_db
def test_the_command_says_what_to_do(tmp_path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(HEADER + "36,江西省,\n", "gb18030")
    with pytest.raises(CommandError, match="没有载入任何区划，请先改正：\n第 2 行：代码“36”"):
        call_command("load_regions", str(wrong))
    with pytest.raises(CommandError, match="读不了文件"):
        call_command("load_regions", str(tmp_path / "none.csv"))


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: (HEADER + t).encode("utf-8", "replace")))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_answered_in_words(content):
    file = region_csv.read(content)
    assert all(isinstance(words, str) and number >= 1 for number, words in file.errors)
