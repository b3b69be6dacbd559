"""What a column of somebody's ledger can be, and how such columns are headed in real ones."""

import re
import unicodedata
from dataclasses import dataclass

_BRACKETS = re.compile(r"\([^()]*\)")
_NOT_WORDS = re.compile(r"[\W_]+")
_LONG_ENOUGH = 4  # characters of a known heading that may be found within a longer one


@dataclass(frozen=True)
class Field:
    """One thing a column can say. `headings`: as it is headed elsewhere; the label itself is one too."""

    name: str
    label: str
    headings: tuple[str, ...] = ()
    is_required: bool = False
    longest: int = 500


def _f(name: str, label: str, headings: str = "", *, required: bool = False, longest: int = 500) -> Field:
    return Field(name, label, tuple(headings.split()), required, longest)


FIELDS = (
    _f("institution", "机构名称", "单位名称 机构 单位 被检查单位 受检单位 被检单位 检查单位名称 场所名称 养老机构名称 "
       "民政服务机构 民政服务机构名称 服务机构名称 企业名称 单位机构名称", required=True, longest=80),
    _f("code", "统一社会信用代码", "信用代码 社会信用代码 机构编码 机构代码 单位编码", longest=18),
    _f("place", "所在地区", "地区 县区 区县 县市区 所属县区 所在县区 所属地区 属地 乡镇 所在乡镇 乡镇街道 所在地 市县 辖区"),
    _f("description", "存在问题", "隐患描述 问题描述 隐患内容 问题内容 存在的问题 存在隐患 存在问题隐患 存在的问题隐患 存在的隐患 "
       "问题隐患 隐患问题 隐患情况 隐患基本情况 存在问题及隐患 主要问题 存在的主要问题 检查发现的问题 发现的问题 发现问题 问题 隐患 "
       "隐患名称 问题隐患内容 问题隐患描述 具体问题 事故隐患内容", required=True),
    _f("location", "具体部位", "部位 隐患部位 位置 隐患位置 具体位置 地点 隐患地点 隐患地址 问题部位 存在部位", longest=100),
    _f("domain", "隐患类别", "类别 隐患类型 问题类别 问题类型 隐患分类 问题分类 安全领域 隐患所属类别", longest=40),
    _f("severity", "隐患等级", "等级 隐患级别 级别 隐患性质 是否重大隐患 是否重大 是否重大事故隐患 隐患程度", longest=40),
    _f("source", "隐患来源", "来源 问题来源 检查方式 发现方式 检查类型 排查方式 检查形式", longest=40),
    _f("basis", "判定依据", "依据 检查依据 排查依据 法规依据 法律依据 标准依据", longest=200),
    _f("found_on", "发现日期", "发现时间 检查日期 检查时间 排查时间 排查日期 隐患发现日期 隐患发现时间 登记日期 登记时间 日期 时间 "
       "问题发现时间 督查时间 巡查日期", required=True, longest=40),
    _f("interim_measures", "临时管控措施", "临时措施 管控措施 防控措施 防范措施 临时防范措施 采取的防范措施", longest=300),
    _f("responsible_person", "整改责任人", "责任人 单位负责人 机构责任人 整改负责人 负责人 机构负责人 单位责任人 整改责任人姓名 "
       "整改落实责任人", longest=30),
    _f("officer", "监管责任人", "监管人 监督责任人 督办人 跟踪督办人 督促责任人 监管责任人姓名", longest=30),
    _f("due_on", "整改期限", "整改时限 限期 期限 完成期限 完成时限 整改完成期限 整改完成时限 计划整改完成时间 计划完成整改时间 计划完成时间 "
       "计划治理期限 整改截止日期 整改截止时间 拟完成时间 限期整改时间 整改期限要求 要求完成时间", longest=40),
    _f("measures", "整改措施", "整改措施及要求 整改要求 整改意见 整改方案 整改建议 拟采取的整改措施"),
    _f("rectified_as", "整改情况", "整改落实情况 整改结果 整改完成情况 治理情况 隐患整治情况 整改进展 整改进展情况 落实情况 整改成效"),
    _f("submitted_on", "提交整改日期", "整改完成日期 整改完成时间 实际完成时间 实际完成日期 实际治理日期 完成时间 完成日期 整改时间 整改日期",
       longest=40),
    _f("spent", "实际投入（万元）", "实际投入资金 投入资金 整改资金 整改投入", longest=40),
    _f("status", "状态", "整改状态 治理状态 办理状态 隐患状态 当前状态 是否整改 是否完成整改 是否整改完成 是否完成 是否已整改 是否整改到位 "
       "整改进度 完成情况", longest=40),
    _f("is_closed", "是否销号", "销号 销号情况 是否闭环 是否办结 是否已销号 销号与否", longest=40),
    _f("verified_by", "验收人", "复查人 验收人员 复查人员 复核人", longest=60),
    _f("verified_on", "验收日期", "验收时间 复查日期 复查时间 复核时间", longest=40),
    _f("verdict", "验收意见", "验收 验收情况 复查意见 复查情况 复查结果 验收结果 政府验收"),
    _f("closed_by", "销号人", "销号人员 销号责任人", longest=60),
    _f("closed_on", "销号日期", "销号时间 办结时间 闭环时间", longest=40),
    _f("number", "隐患编号", "编号 隐患编码 问题编号 台账编号", longest=60),
    _f("remark", "备注", "说明 其他"),
)  # fmt: skip
BY_NAME = {field.name: field for field in FIELDS}
REQUIRED = tuple(field for field in FIELDS if field.is_required)
# Headings our own sheets have and nothing takes: what they say follows from the institution or from other columns.
NOT_TAKEN = ("序号", "机构类型", "监管部门", "是否超期")


def heading_key(text: str) -> str:
    """A heading without what varies: width, case, spaces, punctuation, and the note in brackets."""
    text = unicodedata.normalize("NFKC", text).lower()
    return _NOT_WORDS.sub("", _BRACKETS.sub("", text)) or _NOT_WORDS.sub("", text)


_BY_HEADING = {heading_key(words): field.name for field in FIELDS for words in (*field.headings, field.label)}
_IGNORED = {heading_key(words) for words in NOT_TAKEN}
_LONG = sorted((key for key in _BY_HEADING if len(key) >= _LONG_ENOUGH), key=len, reverse=True)


def field_of(heading: str) -> tuple[str, bool]:
    """What a column headed so is likely to be ('' for nothing), and whether the heading says just that."""
    key = heading_key(heading)
    if key in _IGNORED or not key:
        return "", False
    if key in _BY_HEADING:
        return _BY_HEADING[key], True
    return next((_BY_HEADING[known] for known in _LONG if known in key), ""), False


def guess(headings: dict[int, str], remembered: dict[str, str]) -> dict[int, str]:
    """The likely field of each column; each field once. `remembered` (heading key to field, '' for none) comes first."""
    found, taken = {}, set()
    for rank in range(3):
        for column, heading in headings.items():
            key = heading_key(heading)
            name, is_exact = field_of(heading)
            says = [remembered.get(key), name if is_exact else None, name][rank]
            if key in remembered and rank:
                continue
            if says and column not in found and says not in taken:
                found[column] = says
                taken.add(says)
    return found
