"""What was found is marked where it stands, and nothing but <mark> is ever added to a text."""

import pytest

from institutions import marks
from institutions.marks import Marker

pytestmark = pytest.mark.django_db


def marked(text: str, typed: str, **options) -> str:
    return Marker(typed, [text]).mark(text, **options)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("通道", "疏散<mark>通道</mark>堆放杂物"),
        ("通", "疏散<mark>通</mark>道堆放杂物"),
        ("疏散 杂物", "<mark>疏散</mark>通道堆放<mark>杂物</mark>"),
        ("tongdao", "疏散<mark>通道</mark>堆放杂物"),
        ("tongd", "疏散<mark>通道</mark>堆放杂物"),
        ("td", "疏散通道堆放杂物"),
        ("没有", "疏散通道堆放杂物"),
        ("_%", "疏散通道堆放杂物"),
    ],
)
def test_the_hit_is_marked(typed, shown):
    assert marked("疏散通道堆放杂物", typed) == shown


def test_initials_are_marked_in_names_only_and_by_every_reading():
    assert marked("长寿养老院", "csy", is_name=True) == "<mark>长寿养</mark>老院"
    assert marked("长寿养老院", "zsy", is_name=True) == "<mark>长寿养</mark>老院"
    assert marked("长寿养老院", "zhangshou", is_name=True) == "<mark>长寿</mark>养老院"
    assert marked("长寿养老院", "csy") == "长寿养老院"


def test_words_in_letters_are_marked_from_their_beginning_and_as_they_are_written():
    assert marked("３号楼 KTV、OKTV 100%", "ktv 3 10") == (
        "<mark>３</mark>号楼 <mark>KTV</mark>、OKTV <mark>10</mark>0%"
    )


def test_what_a_text_says_is_escaped_marked_or_not():
    text = "<script>alert(1)</script>通道&amp;"
    assert marked(text, "通道") == "&lt;script&gt;alert(1)&lt;/script&gt;<mark>通道</mark>&amp;amp;"
    assert marked(text, "script") == (
        "&lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;通道&amp;amp;"
    )
    assert marked("<b>", "<b>") == "&lt;<mark>b</mark>&gt;"
    assert marked("", "通道") == ""


def test_readings_are_fetched_once_and_for_letters_only(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(marks, "_known", {})
    with django_assert_num_queries(1):
        Marker("changshou", ["长寿", "养老院"]).mark("长寿")
    with django_assert_num_queries(0):
        Marker("长寿 3", ["长寿", "公墓"]).mark("长寿")
        assert Marker("changs", ["长寿", "养老院"]).mark("长寿") == "<mark>长寿</mark>"
