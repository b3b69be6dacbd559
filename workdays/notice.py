"""Reads the official notice (国务院办公厅关于…部分节假日安排的通知) as pasted text. Nothing with a date is passed over.

A line looks like “元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。”
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta

from workdays import rules
from workdays.enums import DayKind
from workdays.rules import HOLIDAYS, Mark

_ALSO_CALLED = {name.removesuffix("节"): name for name in HOLIDAYS} | {"国际劳动节": "劳动节"}
_NUMBERING = re.compile(r"^(?:[一二三四五六七八九十]+、|\(?\d{1,2}[.、)])")
_HEAD = re.compile(r"^([^:。,\d]{1,20}):(.*)$")
_ISSUED = re.compile(r"^(?:国务院办公厅)?\d{4}年\d{1,2}月\d{1,2}日$")
_DATE = re.compile(
    r"(?:(?P<year>\d{4})年)?(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日(?:\((?P<said>[^)]*)\))?"
)
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_VERB = re.compile(r"放假|上班")
_AFTER_VERB = re.compile(r"^(?:\d+天)?(?:调休)?,?(?:共(?P<count>\d+)天)?,?(?:与周末连休)?,?")
_TO = re.compile(r"^(?:至|到|[-—–~]+)$")
_AND = re.compile(r"^[、,和及]*$")


class NoticeError(Exception):
    """The text can't be taken over; `errors` are (line number, words), 0 for the notice as a whole."""

    def __init__(self, errors: list[tuple[int, str]]):
        super().__init__("；".join(words for _, words in errors))
        self.errors = errors


class _Wrong(Exception):
    """What is wrong with one item, in Chinese."""


@dataclass(frozen=True)
class Arrangement:
    """What a notice says of one holiday (or two that fall together)."""

    name: str
    free: list[date] = field(default_factory=list)
    worked: list[date] = field(default_factory=list)


@dataclass(frozen=True)
class Notice:
    """The arrangements of one year in the order of the text."""

    year: int
    arrangements: list[Arrangement]

    @property
    def marks(self) -> dict[date, Mark]:
        return {
            day: Mark(kind, said.name)
            for said in self.arrangements
            for kind, days in ((DayKind.HOLIDAY, said.free), (DayKind.SWAP_WORKDAY, said.worked))
            for day in days
        }


def parse(text: str, year: int) -> Notice:
    """The notice for `year`. Raises NoticeError with every mistake found, by line.

    Checked: each date exists, its weekday is the one written, 共N天 is right, no day twice, 上班 only on weekends, all
    seven holidays arranged. Days of the year before are taken where the text writes their year.
    """
    errors, arrangements, seen = [], [], {}
    for number, name, words in _items(text, errors):
        try:
            arrangement = _read(name, words, year)
            for day in [*arrangement.free, *arrangement.worked]:
                if day in seen:
                    raise _Wrong(f"{rules.words(day)}写了两次（另见第 {seen[day]} 行）。")
                seen[day] = number
            arrangements.append(arrangement)
        except _Wrong as wrong:
            errors.append((number, str(wrong)))
    named = {name for arrangement in arrangements for name in arrangement.name.split("、")}
    if not errors and (missing := [name for name in HOLIDAYS if name not in named]):
        errors.append((0, f"没有找到：{'、'.join(missing)}。每个法定节日各写一行，节日名称后用冒号。"))
    if errors:
        raise NoticeError(sorted(errors))
    return Notice(year, arrangements)


def _items(text: str, errors: list) -> list[tuple[int, str, str]]:
    """Line number, holiday and words of each item; lines without a head go on with the item before."""
    items = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", line))
        plain = _NUMBERING.sub("", plain)
        head = _HEAD.match(plain)
        if not plain or _ISSUED.match(plain):
            continue
        if head and (_DATE.search(head[2]) or _known(head[1])):
            if name := _known(head[1]):
                items.append((number, name, head[2]))
            else:
                errors.append((number, f"不认识的节日“{head[1]}”。可以是：{'、'.join(HOLIDAYS)}。"))
        elif items:
            items[-1] = (*items[-1][:2], items[-1][2] + plain)
        elif _DATE.search(plain):
            errors.append((number, "这一行有日期，但开头没有节日名称和冒号。"))
    return items


def _known(head: str) -> str:
    """The holiday or holidays a head names, joined with 、; empty when one is unknown."""
    names = [_ALSO_CALLED.get(name, name) for name in re.split(r"[、和与暨]", head)]
    return "、".join(names) if all(name in HOLIDAYS for name in names) else ""


def _read(name: str, words: str, year: int) -> Arrangement:
    found = Arrangement(name)
    for sentence in re.split(r"[。;]", words):
        start = 0
        for verb in _VERB.finditer(sentence):
            days = _days(sentence[start : verb.start()], year)
            tail = _AFTER_VERB.match(sentence[verb.end() :])
            if verb[0] == "放假":
                found.free.extend(days)
                if tail["count"] and int(tail["count"]) != len(days):
                    raise _Wrong(f"写着共 {tail['count']} 天，日期数出来是 {len(days)} 天。")
            else:
                found.worked.extend(days)
            start = verb.end() + tail.end()
        if rest := _DATE.search(sentence, start):
            raise _Wrong(f"“{rest[0]}”后面没有写“放假”还是“上班”；不是安排的，请删去这一句。")
    if not found.free:
        raise _Wrong(f"没有写{name}哪天放假。")
    for day in found.worked:
        if refused := rules.refuse_mark(day, Mark(DayKind.SWAP_WORKDAY, name)):
            raise _Wrong(refused)
    return found


def _days(words: str, year: int) -> list[date]:
    """The dates of “1月1日(周四)至3日(周六)、5日”, spans filled in."""
    days, month, end, is_span = [], None, 0, False
    for match in _DATE.finditer(words):
        between = words[end : match.start()]
        is_span = bool(days) and bool(_TO.match(between))
        if not is_span and not _AND.match(between):
            raise _Wrong(f"看不懂“{between}”。")
        month = int(match["month"] or month or 0)
        day = _date(match, month, year, days[-1] if is_span else None)
        if is_span and day <= days[-1]:
            raise _Wrong(f"{rules.words(day)}不晚于{rules.words(days[-1])}；跨年的请写明年份。")
        days += [days[-1] + timedelta(days=n + 1) for n in range((day - days[-1]).days)] if is_span else [day]
        end = match.end()
    if not _AND.match(words[end:]):
        raise _Wrong(f"看不懂“{words[end:]}”。")
    if not days:
        raise _Wrong("“放假”或“上班”前面没有日期。")
    if len(days) != len(set(days)):
        raise _Wrong("同一天写了两次。")
    return days


def _date(match: re.Match, month: int, year: int, span_from: date | None) -> date:
    of_year = int(match["year"] or (span_from.year if span_from and not match["month"] else year))
    if of_year not in (year - 1, year):
        raise _Wrong(f"{match[0]}不是 {year} 年安排里的日子，请核对年份。")
    if not month:
        raise _Wrong(f"“{match[0]}”没有写月份。")
    try:
        day = date(of_year, month, int(match["day"]))
    except ValueError:
        raise _Wrong(f"{of_year} 年没有 {month}月{match['day']}日。") from None
    said = _WEEKDAY.search(match["said"] or "")
    if said and said[1].replace("天", "日") != rules.weekday(day)[1]:
        raise _Wrong(
            f"{of_year} 年 {day.month}月{day.day}日是{rules.weekday(day)}，不是{said[0]}，请核对年份。"
        )
    return day
