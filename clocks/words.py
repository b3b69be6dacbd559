"""The words of reminders. Touches no database."""

from datetime import date, timedelta

from clocks.enums import Audience, ClockKind, RungKind, Unit


def offset_words(offset_days: int, unit: str) -> str:
    """到期前 3 个工作日, 到期当天, 逾期 5 天."""
    if offset_days == 0:
        return "到期当天"
    measure = "个工作日" if unit == Unit.WORKDAY else "天"
    return f"到期前 {-offset_days} {measure}" if offset_days < 0 else f"逾期 {offset_days} {measure}"


def day_words(day: date, today: date) -> str:
    """11月26日, with the year when it is not this one."""
    words = f"{day.month}月{day.day}日"
    return words if day.year == today.year else f"{day.year}年{words}"


def standing(due_on: date, today: date) -> str:
    """剩余 3 天, 今天到期, 逾期 5 天: how the matter stands on the day it is told."""
    days = (due_on - today).days
    if days == 0:
        return "今天到期"
    return f"剩余 {days} 天" if days > 0 else f"逾期 {-days} 天"


def audience_name(audience: str, clock) -> str:
    """Whom a rung reaches, by name: 赣县区民政局分管领导. `clock` with its place (`with_place`)."""
    if audience == Audience.INSTITUTION:
        return "机构" if clock.institution else clock.authority.name
    if audience == Audience.COUNTY_OFFICER:
        return clock.office.name
    if audience == Audience.COUNTY_LEADER:
        return f"{clock.office.name}分管领导"
    city, province = clock.regions_above
    return f"{(province if audience == Audience.PROVINCE else city).name}民政部门"


def forecast(moment, *, clock, today: date) -> str:
    """升级预告: 如到11月25日仍未整改，将于11月26日报赣县区民政局分管领导（黄色预警）。"""
    last, undone = day_words(moment.rung_on - timedelta(days=1), today), ClockKind(clock.kind).undone
    on, who = day_words(moment.rung_on, today), audience_name(moment.audience, clock)
    rung = RungKind(moment.kind)
    if rung.is_act:
        return f"如到{last}{undone}，将于{on}由{who}决定是否{rung.label}。"
    return f"如到{last}{undone}，将于{on}报{who}（{rung.label}）。"
