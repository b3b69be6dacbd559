"""The template tags and filters every page uses, at the edges where they would mislead."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.forms.widgets import RadioSelect
from django.template import Context, RequestContext, Template, TemplateDoesNotExist
from django.test import RequestFactory

from common.forms import HouseRenderer
from common.templatetags import house
from hazards.enums import HazardStatus, Severity

TODAY = date(2026, 11, 15)
# 16:00 UTC is midnight in Beijing.
LAST_MINUTE = datetime(2026, 11, 14, 15, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 14, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "—"),
        (0, "0.0%"),
        (0.863, "86.3%"),
        (Decimal("0.5"), "50.0%"),
        (1, "100.0%"),
        (0.99999, "99.9%"),
        (0.00001, "0.1%"),
    ],
)
def test_a_rate_is_never_rounded_into_all_or_nothing(value, words):
    assert house.percent(value) == words


@pytest.mark.parametrize(
    ("due_on", "words", "css"),
    [
        (date(2026, 11, 14), "逾期 1 天", "due-late"),
        (date(2026, 11, 15), "今天到期", "due-soon"),
        (date(2026, 11, 16), "剩余 1 天", "due-soon"),
        (date(2026, 11, 18), "剩余 3 天", "due-soon"),
        (date(2026, 11, 19), "剩余 4 天", ""),
        (None, "", ""),
    ],
)
def test_a_deadline_itself_is_still_in_time(due_on, words, css):
    assert (house.due_words(due_on, TODAY), house.due_class(due_on, TODAY)) == (words, css)


def test_a_deadline_without_today_counts_from_the_day_in_beijing():
    with time_machine.travel(LAST_MINUTE, tick=False):
        assert house.due_words(TODAY) == "剩余 1 天"
    with time_machine.travel(MIDNIGHT, tick=False):
        assert house.due_words(TODAY) == "今天到期"


def test_due_says_date_and_days_and_a_dash_for_none():
    assert house.due(TODAY, TODAY) == '<span class="due due-soon">2026年11月15日（今天到期）</span>'
    assert house.due(None, TODAY) == "—"


def test_moments_are_shown_on_the_day_they_have_in_beijing():
    assert [house.zh_date(moment) for moment in (LAST_MINUTE, MIDNIGHT)] == [
        "2026年11月14日",
        "2026年11月15日",
    ]
    assert house.zh_datetime(MIDNIGHT) == "2026年11月15日 00:00"
    assert house.zh_datetime(LAST_MINUTE) == "2026年11月14日 23:59"


def test_the_year_is_left_out_in_its_own_year_only_and_the_year_turns_in_beijing():
    new_year = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    with time_machine.travel(new_year, tick=False):
        assert house.zh_moment(new_year) == "1月1日 00:00"
        assert house.zh_day(date(2026, 12, 31)) == "2026年12月31日"
    with time_machine.travel(LAST_MINUTE, tick=False):
        assert house.zh_moment(new_year) == "2027年1月1日 00:00"


def test_a_moment_is_a_time_element_that_machines_can_read():
    with time_machine.travel(MIDNIGHT, tick=False):
        shown = '<time datetime="2026-11-14T16:00:00+00:00">11月15日 00:00</time>'
        assert house.moment(MIDNIGHT) == shown


@pytest.mark.parametrize(
    "filter_", [house.zh_date, house.zh_day, house.zh_datetime, house.zh_moment, house.moment]
)
def test_no_time_is_a_dash(filter_):
    assert filter_(None) == "—"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13870816621", "138****6621"),
        ("138-7081-6621", "138****6621"),
        ("0791-86621234", "****1234"),
        ("12345", "****"),
        ("", "—"),
        (None, "—"),
    ],
)
def test_a_phone_is_masked_whatever_its_form(phone, shown):
    assert house.phone_masked(phone) == shown


def test_numbers_are_grouped_and_nothing_is_a_dash():
    assert [house.grouped(n) for n in (0, 1482, 1234567, None)] == ["0", "1,482", "1,234,567", "—"]


def test_status_and_severity_say_their_word_and_carry_their_class():
    assert house.status_tag(HazardStatus.VERIFIED) == '<span class="tag tag-verified">待销号</span>'
    assert house.status_tag(HazardStatus.VERIFIED, "<b>") == '<span class="tag tag-verified">&lt;b&gt;</span>'
    assert house.severity_chip(Severity.MAJOR) == '<span class="chip chip-major">重大</span>'


def test_an_icon_is_silent_unless_it_is_given_words():
    assert 'aria-hidden="true"' in house.icon("bell")
    assert 'role="img" aria-label="消息 &quot;x&quot;"' in house.icon("bell", '消息 "x"')


def test_querystring_keeps_what_else_was_asked_also_when_it_was_asked_twice():
    request = RequestFactory().get("/ledger/", {"q": "a & b", "tab": ["x", "y"], "page": "3"})
    template = Template("{% querystring page=None %} {% querystring page=4 tab='z' %}")
    without_page, other_page = template.render(RequestContext(request)).split(" ")
    assert without_page == "?q=a+%26+b&amp;tab=x&amp;tab=y"
    assert other_page == "?q=a+%26+b&amp;tab=z&amp;page=4"


# --- HouseRenderer ---------------------------------------------------------------------------------------


def test_a_widget_comes_from_the_house_where_it_has_one_and_from_django_where_not():
    renderer = HouseRenderer()
    assert renderer.get_template(RadioSelect.template_name).template.origin.name.endswith(
        "templates/forms/widgets/radio.html"
    )
    text = renderer.get_template("django/forms/widgets/text.html")
    assert "site-packages/django/forms" in text.template.origin.name


def test_a_template_that_nobody_has_is_an_error():
    with pytest.raises(TemplateDoesNotExist):
        HouseRenderer().get_template("django/forms/widgets/no-such-widget.html")


# --- strictness of the tests themselves --------------------------------------------------------------------


def test_an_undefined_variable_fails_a_test_and_one_that_is_asked_for_does_not():
    with pytest.raises(AssertionError, match=r"undefined template variable: hazard\.colour"):
        Template("{{ hazard.colour }}").render(Context({"hazard": {}}))
    template = Template("{% if hazard.colour %}x{% endif %}{% for note in hazard.notes %}x{% endfor %}")
    assert template.render(Context({"hazard": {}})) == ""
