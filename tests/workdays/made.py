"""A calendar for tests. A transactional test empties all tables, so each asks for what it needs."""

from workdays.loading import load_known_years
from workdays.models import CalendarYear


def seed_calendar(first: int = 2025) -> None:
    """The official years from `first` to the last the program knows; nothing if any year is there."""
    if not CalendarYear.objects.exists():
        load_known_years(first)


# Made up for tests: the official notice for 2027 was not known when this was written.
MADE_UP_2027 = """元旦：1月1日（周五）至3日（周日）放假，共3天。
春节：2月5日（周五）至11日（周四）放假调休，共7天。2月14日（周日）、2月20日（周六）上班。
清明节：4月3日（周六）至5日（周一）放假，共3天。
劳动节：5月1日至5日放假调休，共5天。4月25日（周日）、5月8日（周六）上班。
端午节：6月9日（周三）放假，共1天。
中秋节：9月15日（周三）放假，共1天。
国庆节：10月1日至7日放假调休，共7天。9月26日（周日）、10月9日（周六）上班。"""
