"""What each rate is: its words, one tap away from the number, and the figures that make it up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """`part` and `whole` are keys of reports.figures.FIGURES: the rows behind numerator and denominator."""

    label: str
    words: str
    part: str
    whole: str


DEFINITIONS = {
    "closure": Definition(
        "销号率",
        "分子：已销号。分母：登记过的全部隐患，不含作废。按发现日期归入期间；没有隐患时不计算，显示“—”。",
        "closed",
        "valid",
    ),
    "recurrence": Definition(
        "反弹率",
        "分子：期间发现的反弹隐患（登记时注明是已销号隐患的再次出现，不含作废）。分母：期间销号的隐患，按销号日期。"
        "销号率高而反弹率也高，说明销号不实。",
        "recurring",
        "closed_then",
    ),
    "on_time": Definition(
        "按期整改率",
        "分子：已通过验收（含已销号），且最后一次提交整改不晚于期限的。分母：已通过验收的，加上仍在整改且已超过期限的。"
        "期限以最近一次下达的为准。",
        "on_time",
        "on_time_of",
    ),
    "first_pass": Definition(
        "一次通过率",
        "分子：第一次提交就通过验收、没有被退回过的。分母：第一次提交已有结论的（已通过验收的，加上被退回过的），不含作废。",
        "first_pass",
        "judged",
    ),
    "self_found": Definition(
        "自查占比",
        "分子：机构自己发现并上报的。分母：登记过的全部隐患，不含作废。占比上升，说明机构在主动查。",
        "self_found",
        "valid",
    ),
    "rectified": Definition(
        "整改率",
        "分子：已通过验收（含已销号）。分母：登记过的全部隐患，不含作废。按发现日期归入期间。",
        "passed",
        "valid",
    ),
    "major_on_time": Definition(
        "重大隐患按期销号率",
        "分子：已销号的重大隐患，且最后一次提交整改不晚于期限的。分母：已销号的重大隐患，加上仍在整改且已超过期限的。"
        "期限以最近一次下达的为准；等待验收和销号的时间不算。",
        "major_closed_on_time",
        "major_closed_of",
    ),
    "late_days": Definition(
        "平均超期天数",
        "分子：仍在整改且已超过期限的隐患，到今天超期的天数之和。分母：在办的全部隐患。不论何时发现；没有在办隐患时不计算。",
        "late",
        "open",
    ),
}  # fmt: skip
