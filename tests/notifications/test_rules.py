"""Who is disturbed when, what a phone number is, and where messages may be posted: no database."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.enums import Channel
from notifications.rules import (
    QuietHours,
    Wishes,
    channels_for,
    end_of_quiet,
    is_allowed,
    is_wordless_path,
    length_of,
    mobile_number,
    not_before,
    origin_of,
    parse_quiet_hours,
)

BEIJING = ZoneInfo("Asia/Shanghai")
NIGHT = QuietHours(time(21), time(7, 30))
NOON = QuietHours(time(12), time(14))


def at(words: str) -> datetime:
    return datetime.strptime(words, "%d %H:%M").replace(year=2026, month=11, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("quiet", "now", "end"),
    [
        (NIGHT, "22 20:59", None),
        (NIGHT, "22 21:00", "23 07:30"),
        (NIGHT, "22 23:59", "23 07:30"),
        (NIGHT, "23 00:00", "23 07:30"),
        (NIGHT, "23 07:29", "23 07:30"),
        (NIGHT, "23 07:30", None),
        (NIGHT, "23 12:00", None),
        (NOON, "23 11:59", None),
        (NOON, "23 12:00", "23 14:00"),
        (NOON, "23 13:59", "23 14:00"),
        (NOON, "23 14:00", None),
        (None, "23 03:00", None),
    ],
)
def test_quiet_hours_end_in_the_morning_that_follows(quiet, now, end):
    assert end_of_quiet(at(now), quiet) == (end and at(end))


def test_every_minute_of_two_days_is_quiet_exactly_between_the_two_times():
    for minute in range(2 * 24 * 60):
        now = at("22 00:00") + timedelta(minutes=minute)
        end = end_of_quiet(now, NIGHT)
        assert (end is not None) == (now.time() >= time(21) or now.time() < time(7, 30))
        assert end is None or (now < end <= now + length_of(NIGHT) and end.time() == time(7, 30))


@pytest.mark.parametrize(
    ("text", "quiet"), [("21:00-07:30", NIGHT), ("12:00-14:00", NOON), ("", None), ("20:00-08:00", QuietHours(time(20), time(8)))]
)  # fmt: skip
def test_quiet_hours_are_written_as_two_times(text, quiet):
    assert parse_quiet_hours(text) == quiet


@pytest.mark.parametrize("text", ["21:00", "21-7", "x-y", "21:00-07:30-08:00", "08:00-20:01", "07:00-07:00"])
def test_other_words_and_more_than_twelve_hours_are_refused(text):
    with pytest.raises(ValueError, match=r"not two times|quiet for longer"):
        parse_quiet_hours(text)


def test_what_is_urgent_waits_for_nobodys_morning():
    wishes = Wishes(frozenset(), NIGHT)
    assert not_before(at("22 23:00"), wishes, is_urgent=True) is None
    assert not_before(at("22 23:00"), wishes, is_urgent=False) == at("23 07:30")


BOTH = (Channel.EMAIL, Channel.SMS)
AT = {Channel.EMAIL: "a@example.com", Channel.SMS: "13800001234"}


@pytest.mark.parametrize(
    ("wanted", "offered", "addresses", "is_duty", "chosen"),
    [
        (BOTH, BOTH, AT, False, [Channel.EMAIL, Channel.SMS]),
        (BOTH, (Channel.EMAIL,), AT, False, [Channel.EMAIL]),
        ((Channel.SMS,), BOTH, AT, False, [Channel.SMS]),
        ((), BOTH, AT, False, []),
        ((), BOTH, AT, True, [Channel.EMAIL, Channel.SMS]),
        ((), (Channel.EMAIL,), AT, True, [Channel.EMAIL]),
        (BOTH, BOTH, {Channel.EMAIL: "", Channel.SMS: ""}, True, []),
        (BOTH, BOTH, {}, True, []),
    ],
)
def test_a_person_switches_off_what_duty_does_not_require(wanted, offered, addresses, is_duty, chosen):
    wishes = Wishes(frozenset(wanted), None)
    assert channels_for(wishes, offered, addresses, is_duty=is_duty) == chosen


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800001234", "13800001234"), ("138 0000 1234", "13800001234"), ("+86 138-0000-1234", "13800001234"),
        ("（86）13800001234", "13800001234"), ("0791-86200000", ""), ("12800001234", ""), ("138000012345", ""),
        ("13800001234 转 5", ""), ("", ""), ("１３８００００１２３４", ""),
    ],
)  # fmt: skip
def test_a_mobile_number_is_eleven_digits_however_typed(typed, number):
    assert mobile_number(typed) == number


ORIGINS = ["https://qyapi.weixin.qq.com", "https://robot.example.gov.cn:8443"]


@pytest.mark.parametrize(
    "url",
    ["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", "https://robot.example.gov.cn:8443/send", "HTTPS://QYAPI.weixin.qq.com/x"],
)  # fmt: skip
def test_an_address_at_an_allowed_origin_is_taken(url):
    assert is_allowed(url, ORIGINS)


@pytest.mark.parametrize(
    "url",
    [
        "http://qyapi.weixin.qq.com/", "https://qyapi.weixin.qq.com:444/", "https://qyapi.weixin.qq.com.evil.example/",
        "https://evil.example/https://qyapi.weixin.qq.com", "https://qyapi.weixin.qq.com@evil.example/",
        "https://evil.example#@qyapi.weixin.qq.com/", "https://evil.example\\@qyapi.weixin.qq.com/",
        "https://qyapi.weixin.qq.com@127.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://2130706433/",
        "https://user:word@qyapi.weixin.qq.com/", "https://qyapi.weixin.qq.com\n.evil.example/", " https://qyapi.weixin.qq.com/",
        "https://qyapi.weixin.qq.com./", "https://qyapi。weixin.qq.com/", "//qyapi.weixin.qq.com/", "file:///etc/passwd",
        "gopher://qyapi.weixin.qq.com/", "https://robot.example.gov.cn/", "https://qyapi.weixin.qq.com:x/", "", "https://",
    ],
)  # fmt: skip
def test_every_other_address_is_refused(url):
    assert not is_allowed(url, ORIGINS)


def test_an_origin_is_scheme_host_and_port():
    assert origin_of("https://Robot.example.gov.cn:8443/send?key=1#x") == "https://robot.example.gov.cn:8443"


@pytest.mark.parametrize(
    "url", ["/", "/ledger/", "/ledger/?state=overdue&page=2", "/clocks/digest/7/", "/a/b-c/"]
)
def test_a_path_of_codes_words_goes_into_a_group(url):
    assert is_wordless_path(url)


@pytest.mark.parametrize(
    "url",
    ["/ledger/?q=福利院", "/ledger/?q=%E7%A6%8F", "//evil.example/", "/福利院/", "/ledger/\n", "/a b/", "/x#福", "ledger/", "https://a/"],
)  # fmt: skip
def test_a_path_that_can_carry_words_does_not(url):
    assert not is_wordless_path(url)
