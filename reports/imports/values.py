"""What is written in the cells of real ledgers, read: days in every spelling, words for grade, kind, source and state."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from enum import StrEnum

from common.workbooks import cell_text
from hazards.enums import Domain, HazardStatus, Severity, Source
from hazards.workflow import LABEL_FOR_INSTITUTION

EARLIEST = date(2000, 1, 1)
_SERIAL_ZERO, _SERIALS = date(1899, 12, 30), range(36526, 73051)  # Excel's day numbers of 2000 to 2099
_YMD = re.compile(r"(\d{4})\s*[-./年,、]\s*(\d{1,2})\s*[-./月,、]\s*(\d{1,2})\s*[日号]?(?:[T\s].*)?")
_COMPACT = re.compile(r"(20\d\d)(\d\d)(\d\d)")
_NO_DAY = re.compile(r"\d{4}\s*[-./年]\s*\d{1,2}\s*月?")
_NO_YEAR = re.compile(r"\d{1,2}\s*[-./月]\s*\d{1,2}\s*[日号]?")
_NOT_WORDS = re.compile(r"[\W_]+")
IS_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)")


class Unread(ValueError):
    """What a cell says can't be read; the message says why, and what to write."""


def read_day(value) -> date | None:
    """A day in any of the usual spellings; None for an empty cell. Raises Unread."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = unicodedata.normalize("NFKC", cell_text(value)).strip()
    if not text:
        return None
    if text.isdecimal() and len(text) == 5 and int(text) in _SERIALS:
        return _SERIAL_ZERO + timedelta(days=int(text))
    if match := _YMD.fullmatch(text) or _COMPACT.fullmatch(text):
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            raise Unread(f"“{text[:20]}”没有这一天") from None
    if _NO_YEAR.fullmatch(text):
        raise Unread(f"“{text[:20]}”没有写年份，请写成 2026-3-5")
    if _NO_DAY.fullmatch(text):
        raise Unread(f"“{text[:20]}”没有写到日，请写成 2026-3-5")
    raise Unread(f"“{text[:20]}”看不出是哪一天，请写成 2026-3-5")


class Standing(StrEnum):
    """How a row stands in the ledger it comes from."""

    REGISTERED = "registered"
    RECTIFYING = "rectifying"
    SAID_DONE = "said_done"  # says that it was put right, not that anybody closed it out
    CLOSED = "closed"
    VOIDED = "voided"


def _key(text: str) -> str:
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).lower())


def _words(**said: str) -> dict[str, str]:
    """From lists of words to what they mean."""
    return {_key(word): value for value, words in said.items() for word in words.split()}


_DOMAIN = _words(
    fire="消防 消防安全 消防类 火灾 火灾隐患 消防设施 消防安全隐患 消防隐患",
    energy="用气用电 用电 电气 用电安全 电气安全 用气 燃气 燃气安全 用火用电用气 用电用气 用火用电 水电气 电气火灾",
    building="建筑 房屋 建筑安全 房屋安全 建筑与设施安全 建筑设施 设施设备 设施设备安全 特种设备 建筑结构 房屋建筑 设备设施 自建房",
    food="食品 食品安全 餐饮 食品卫生 厨房 餐饮安全",
    health="公共卫生 疫情防控 公共卫生疫情防控 卫生 医疗卫生 卫生防疫 传染病防控",
    care="照护 护理 服务安全 照护服务安全 照护服务 人身安全 服务管理 服务质量",
    emergency="应急 应急预案 应急管理 应急演练 应急预案与演练 应急处置",
    duty="管理 安全管理 管理制度 制度 责任落实 安全管理责任 安全责任 主体责任 教育培训 日常管理 内部管理 安全生产管理",
    crowd="祭扫 祭扫与公众秩序 公众秩序 祭扫安全 公共秩序",
)
_SEVERITY = _words(
    general="一般 一般隐患 一般事故隐患 一般问题 一般安全隐患 否 不是 普通",
    major="重大 重大隐患 重大事故隐患 重大安全隐患 是 重大火灾隐患",
)
_SOURCE = _words(
    oversight="督查 市督查 市级督查 督导 督导检查 暗访 明查暗访 省督查 省级督查",
    screening="排查 县排查 县级排查 检查 日常检查 专项检查 排查整治 联合检查 监督检查 集中排查 隐患排查 县级检查",
    patrol="巡检 镇巡检 巡查 日巡查 乡镇巡查 乡镇巡检 日常巡查 日常巡检",
    self_check="自查 机构自查 日常自查 单位自查 企业自查 自查自纠",
    look_back="回头看 复查",
    superior="上级交办 交办 上级督办 上级反馈 移交 上级转办",
    report="举报投诉 举报 投诉 信访 群众举报 12345 群众投诉",
)
_STATUS = _words(
    registered="待下发 未下发 已登记 新登记 新发现 已登记等待主管部门下发",
    rectifying="整改中 未整改 正在整改 限期整改 未完成 未完成整改 治理中 待整改 进行中 推进中 持续整改 长期整改 已下发 请按期整改 否 未销号 未办结 "
    "正在推进 整改未完成 部分整改 部分完成 未整改到位 "
    "待验收 已提交等待验收 已提交 待复查 待销号 已验收等待销号 已验收 验收通过 已整改待验收 已整改待销号 待核查",
    said_done="已整改 已完成 完成 整改完成 已完成整改 已整改到位 整改到位 整改完毕 已整改完成 是 已落实 立行立改 已立行立改 立整立改 已治理 治理完成",
    closed="已销号 销号 已办结 办结 已闭环 闭环 完成销号 已验收销号 整改销号",
    voided="已作废 作废 误报 取消 已取消 撤销",
)
_CLOSED = _words(closed="是 已销号 销号 已办结 办结 已闭环 闭环", open="否 未销号 未办结 未闭环")
for _enum, _table in ((Domain, _DOMAIN), (Severity, _SEVERITY), (Source, _SOURCE)):
    _table |= {_key(member.label): member.value for member in _enum}
_STATUS |= {_key(LABEL_FOR_INSTITUTION[status]): "rectifying" for status in (
    HazardStatus.RECTIFYING, HazardStatus.AWAITING_VERIFICATION, HazardStatus.VERIFIED)}  # fmt: skip

WORDS = {
    "domain": _DOMAIN, "severity": _SEVERITY, "source": _SOURCE, "status": _STATUS, "is_closed": _CLOSED,
}  # fmt: skip
MEANINGS = {
    "domain": dict(Domain.choices),
    "severity": dict(Severity.choices),
    "source": dict(Source.choices),
    "status": {
        Standing.REGISTERED: "待下发",
        Standing.RECTIFYING: "整改中",
        Standing.SAID_DONE: "写着已整改",
        Standing.CLOSED: "已销号",
        Standing.VOIDED: "已作废",
    },
    "is_closed": {"closed": "已销号", "open": "没有销号"},
}


def read_word(name: str, text: str) -> str:
    """What a word of the column `name` means. Raises Unread, naming what may stand there."""
    key = _key(text)
    for spelling in (key, key.removesuffix("类"), key.removesuffix("问题"), key.removesuffix("隐患")):
        if spelling in WORDS[name]:
            return WORDS[name][spelling]
    if name == "severity":
        raise Unread(f"“{text[:20]}”不认识，按国家标准只分：一般、重大")
    raise Unread(f"“{text[:20]}”不认识，可以写：{'、'.join(dict.fromkeys(_examples(name)))}")


def _examples(name: str) -> list[str]:
    if name == "is_closed":
        return ["是", "否"]
    if name == "status":
        return ["待下发", "整改中", "待验收", "待销号", "已整改", "已销号", "已作废"]
    return list(MEANINGS[name].values())


def plain(text: str) -> str:
    """A text without what varies between two copies of it: width, case, spaces and punctuation."""
    return _key(text)
