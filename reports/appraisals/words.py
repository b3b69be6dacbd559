"""计分办法 in words, from the rule set: what stands under the table and is kept as it was published."""

from decimal import Decimal

from reports.appraisals import terms, vetoes
from reports.appraisals.indicators import Item, item_of
from reports.models import Appraisal
from reports.periods import end_of


def mark_words(value: Decimal, item: Item) -> str:
    """95% or 7.5 天, without a zero behind the point."""
    return f"{value.normalize():f}{' 天' if item.facts.in_days else '%'}"


def item_words(item: Item) -> str:
    """One sentence for one indicator."""
    better, worse = ("以上", "以下") if item.facts.more_is_better else ("以下", "以上")
    return (
        f"{item.definition.label}（{item.weight} 分）：{_line_words(item.full_mark, item, better)}得满分，"
        f"{_line_words(item.zero_mark, item, worse)}不得分，之间按比例计分；分母不足 {item.least} 的不参评。"
    )


def _line_words(value: Decimal, item: Item, side: str) -> str:
    """95% 及以上; 100% and 0 alone, where nothing lies beyond."""
    beyond = value == (0 if side == "以下" else item.facts.most)
    return f"{mark_words(value, item)}{' ' if beyond else f' 及{side}'}"


def method_of(appraisal: Appraisal) -> list[str]:
    """The paragraphs: period, indicators, small numbers, ranks, 一票否决."""
    period, items = terms.term(appraisal.period), [item_of(row) for row in appraisal.items.all()]
    last = end_of(period.last)
    paragraphs = [
        f"考核期间为{period.label}（{period.first.year}年{period.first.month}月{period.first.day}日至"
        f"{last.year}年{last.month}月{last.day}日）。隐患按发现日期归入期间，整改、验收、销号情况统计到发布时；定义与统计分析一致。",
        *(item_words(item) for item in items),
        "不参评（样本不足）的指标不计满分也不计零分：把它的权重去掉，其余指标得分按剩余权重折算为 100 分。"
        f"剩余权重不足 {appraisal.least_weight} 分的，不计总分，不参加排名。得分相同的，名次并列。",
    ]
    rules = [vetoes.text_of(rule) for rule in appraisal.veto_rules.all()]
    rules.append("瞒报、弄虚作假、责任事故等其他情形，由人认定")
    paragraphs.append(
        f"一票否决：{'；'.join(rules)}。系统只提出，经人认定的才算；被一票否决的不参加排名，列在最后。"
    )
    return paragraphs
