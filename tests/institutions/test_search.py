"""What somebody types finds what it names: by characters, by pinyin in every reading, by code and place."""

import pytest
from django.db import connection

from institutions.models import Institution, Reading, Region
from institutions.pinyin import SYLLABLES, ways_to_read
from institutions.readings import readings
from institutions.search import Word, institutions_saying, words_of
from tests.factories import InstitutionFactory, make_place

pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    rows = Institution.objects.all()
    for word in words_of(text):
        rows = rows.filter(institutions_saying(word))
    return sorted(rows.values_list("name", flat=True))


def test_the_readings_in_the_database_are_those_of_the_library():
    assert dict(Reading.objects.values_list("letter", "syllables")) == dict(readings())


def test_the_syllables_people_may_type_are_those_characters_have():
    assert {s for row in Reading.objects.values_list("syllables", flat=True) for s in row} == set(SYLLABLES)


@pytest.mark.parametrize(
    ("letters", "ways"),
    [
        ("xian", [["xian"], ["xi", "an"]]),
        ("changsh", [["chang", "sh"]]),
        ("zh", [["zh"]]),
        ("cs", []),
        ("z", []),
        ("a", [["a"]]),
        ("yanglao", [["yang", "lao"], ["yang", "la", "o"]]),
        ("qqq", []),
    ],
)
def test_letters_are_cut_into_syllables(letters, ways):
    assert ways_to_read(letters) == ways


def test_an_endless_row_of_letters_is_cut_in_few_ways():
    assert len(ways_to_read("xian" * 15)) == 6
    assert ways_to_read("nan" * 19 + "nqq") == []


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("长寿养老院", ["长寿", "寿", "长寿养老院", "changshou", "zhangshou", "csyly", "zsyly", "shouyang", "yly", "changsh"]),
        ("单县敬老院", ["单县", "shanxian", "danxian", "chanxian", "sxjly", "dxjly", "sx", "DanXian"]),
        ("洪洞福利院", ["hongtong", "hongdong", "htfly", "hdfly", "tongfu"]),
        ("绿洲公寓３号A栋", ["lvzhou", "luzhou", "3号", "a栋", "Ａ栋", "3号 lvzhou", "gongyu"]),
        ("西安路养老院", ["xian", "xi", "xianlu"]),
    ],
)  # fmt: skip
def test_a_name_is_found_by_every_reading_and_by_its_initials(name, typed):
    InstitutionFactory(name=name)
    InstitutionFactory(name="百草园")
    assert {text: found(text) for text in typed} == {text: [name] for text in typed}


@pytest.mark.parametrize(
    "typed", ["寿长", "院养", "shouchang", "ylyc", "养老长寿院", "_%", "'", ":*", "\\", "长寿' | '百"]
)
def test_what_a_name_does_not_say_does_not_find_it(typed):
    InstitutionFactory(name="长寿养老院")
    if words_of(typed) and any(word.runs for word in words_of(typed)):
        assert found(typed) == []
    else:
        assert Institution.objects.filter(institutions_saying(Word(typed))).count() == 0


def test_pairs_from_different_places_do_not_make_a_name():
    InstitutionFactory(name="通道疏散通")
    InstitutionFactory(name="疏散通道")
    assert found("疏散通道") == ["疏散通道"]
    assert found("通道疏散") == ["通道疏散通"]


def test_an_institution_is_found_by_address_code_and_place():
    place = make_place()
    Region.objects.filter(pk=place.county.pk).update(name="青云谱区")
    Region.objects.filter(pk=place.township.pk).update(name="洪都街道")
    home = InstitutionFactory(
        county=place.county, township=place.township, name="颐和", address="解放路 18 号", credit_code="12360100MB1234567X"
    )  # fmt: skip
    InstitutionFactory(name="别处")
    for typed in (
        "解放路",
        "jiefang",
        "18",
        "12360100mb",
        "青云谱",
        "qyp",
        "hongdu 颐和",
        place.county.code,
        "洪都 18",
    ):
        assert found(typed) == [home.name], typed


def stale() -> int:
    """Rows whose search column is not what their words say."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM institutions_region WHERE search <> search_lexemes(name || ' ' || code, true))"
            " + (SELECT count(*) FROM institutions_institution WHERE search <> search_lexemes(name, true)"
            " || search_lexemes(address || ' ' || credit_code || ' ' || substr(credit_code, 9), false))"
        )
        return cursor.fetchone()[0]


def test_no_way_of_writing_leaves_a_column_behind_its_words():
    home = InstitutionFactory(name="旧名养老院")
    home.name = "新名养老院"
    home.save(update_fields=["name"])
    assert (found("旧名"), found("新名"), found("xinming")) == ([], ["新名养老院"], ["新名养老院"])
    Institution.objects.filter(pk=home.pk).update(address="梅岭路")
    home.name = "三名养老院"
    Institution.objects.bulk_update([home], ["name"])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE institutions_institution SET search = '''谎话'''::tsvector WHERE id = %s", [home.pk]
        )
        cursor.execute(
            "UPDATE institutions_region SET search = '', name = '改名县' WHERE id = %s", [home.county_id]
        )
    assert (found("谎话"), found("三名"), found("meiling"), found("改名县")) == ([], *[["三名养老院"]] * 3)
    assert stale() == 0
