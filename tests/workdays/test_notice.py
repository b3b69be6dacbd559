"""The official notice as people paste it: read whole, or refused with words for each line."""

from datetime import date

import pytest

from workdays import package
from workdays.enums import DayKind
from workdays.notice import NoticeError, parse
from workdays.rules import Mark

# 国务院办公厅关于2026年部分节假日安排的通知, its arrangement as published.
NOTICE_2026 = """
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫等工作。
国务院办公厅
2025年11月4日
"""


def lines(**changed: str) -> str:
    """The notice of 2026 with the item of one holiday written otherwise."""
    found = NOTICE_2026.strip().splitlines()[:7]
    for name, words in changed.items():
        found = [words if name in line else line for line in found]
    return "\n".join(found)


def errors_of(text: str, year: int = 2026) -> list[tuple[int, str]]:
    with pytest.raises(NoticeError) as raised:
        parse(text, year)
    return raised.value.errors


def test_the_notice_of_2026_says_what_the_program_knows_of_2026():
    assert parse(NOTICE_2026, 2026).marks == package.marks(2026)


def test_digits_colons_and_brackets_may_be_of_either_width():
    wide = NOTICE_2026.replace("1月", "１月").replace("（", "(").replace("）", ")").replace("：", ":")
    assert parse(wide, 2026).marks == package.marks(2026)


def test_an_item_may_be_broken_over_lines():
    broken = NOTICE_2026.replace("共9天。", "共9天。\n").replace("至6日（周一）放假", "至6日\n（周一）放假")
    assert parse(broken, 2026).marks == package.marks(2026)


def test_two_holidays_that_fall_together_and_days_of_the_year_before():
    text = """元旦：2022年12月31日至2023年1月2日放假调休，共3天。
春节：1月21日至27日放假调休，共7天。1月28日（星期六）、1月29日（星期日）上班。
清明节：4月5日放假，共1天。
劳动节：4月29日至5月3日放假调休，共5天。4月23日（星期日）、5月6日（星期六）上班。
端午节：6月22日至24日放假调休，共3天。6月25日（星期日）上班。
中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、8日（星期日）上班。"""
    marks = parse(text, 2023).marks
    assert marks[date(2022, 12, 31)] == Mark(DayKind.HOLIDAY, "元旦")
    assert marks[date(2023, 10, 8)] == Mark(DayKind.SWAP_WORKDAY, "中秋节、国庆节")
    ends = {date(2023, 12, 30), date(2023, 12, 31)}  # by the notice of 2024
    assert set(marks) - {date(2022, 12, 31)} == set(package.marks(2023)) - ends


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("元旦：1月1日（周五）至3日放假，共3天。", "2026 年 1月1日是周四，不是周五，请核对年份。"),
        ("元旦：1月1日至3日放假，共4天。", "写着共 4 天，日期数出来是 3 天。"),
        ("元旦：1月1日至3日放假。1月5日上班。", "1月5日（周一）本来就上班，不是调休上班日。"),
        ("元旦：2月30日放假。", "2026 年没有 2月30日。"),
        ("元旦：1月3日至1月1日放假。", "1月1日（周四）不晚于1月3日（周六）；跨年的请写明年份。"),
        ("元旦：12月31日至1月2日放假。", "1月2日（周五）不晚于12月31日（周四）；跨年的请写明年份。"),
        ("元旦：2024年1月1日放假。", "2024年1月1日不是 2026 年安排里的日子，请核对年份。"),
        ("元旦：1日放假。", "“1日”没有写月份。"),
        ("元旦：1月1日左右3日放假。", "看不懂“左右”。"),
        ("元旦：1月1日至3日。", "“1月1日”后面没有写“放假”还是“上班”；不是安排的，请删去这一句。"),
        ("元旦：1月1日放假。鼓励除夕（2月16日）休息。", "“2月16日”后面没有写“放假”还是“上班”；不是安排的，请删去这一句。"),
        ("元旦：放假，共1天。", "“放假”或“上班”前面没有日期。"),
        ("元旦：1月4日（周日）上班。", "没有写元旦哪天放假。"),
        ("元旦：1月1日放假，共1天。1月1日放假。", "1月1日（周四）写了两次（另见第 1 行）。"),
        ("元宵节：3月3日放假。", "不认识的节日“元宵节”。可以是：元旦、春节、清明节、劳动节、端午节、中秋节、国庆节。"),
        ("1月1日放假。", "这一行有日期，但开头没有节日名称和冒号。"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(item, words):
    assert errors_of(lines(元旦=item)) == [(1, words)]


def test_every_mistake_is_told_at_once():
    text = lines(元旦="元旦：1月32日放假。", 劳动节="劳动节：5月1日至5日放假，共4天。")
    assert [number for number, _ in errors_of(text)] == [1, 4]


def test_a_day_named_by_two_holidays_is_refused():
    text = lines(清明节="清明节：4月5日放假。2月14日上班。")
    assert errors_of(text) == [(3, "2月14日（周六）写了两次（另见第 2 行）。")]


def test_a_holiday_that_is_left_out_is_refused():
    text = "\n".join(line for line in lines().splitlines() if "端午" not in line)
    assert errors_of(text) == [(0, "没有找到：端午节。每个法定节日各写一行，节日名称后用冒号。")]


@pytest.mark.parametrize(
    "text",
    ["", "   \n\n", "各省、自治区、直辖市人民政府：", "放假", "：：：", "元旦：", "日日日月月月" * 500],
)
def test_text_that_is_no_notice_is_refused_with_words(text):
    assert errors_of(text) != []
