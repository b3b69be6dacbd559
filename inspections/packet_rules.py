"""How long a kit serves, and who may take one along. Each rule answers why not, in Chinese; empty means: allowed.

No rule touches the database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inspections import visit_rules
from inspections.enums import PacketForm, VisitStatus
from institutions.actor import Actor

USE_FOR = timedelta(days=7)  # no visit is begun with an older kit; what was begun may be finished and sent
SEND_FOR = timedelta(days=30)


def taker(actor: Actor, visit, inspectors: Iterable[int]) -> str:
    """Whoever inspects in the visit, or may check in to it, as long as it isn't over."""
    if visit.status not in (VisitStatus.PLANNED, VisitStatus.OPEN):
        return f"这次检查{visit.get_status_display()}，不能再准备。"
    if visit.is_crossing:  # finished by another authority, and seen only while its campaign runs
        return "交叉检查请在有信号时用网页办理，暂不能带到手机。"
    if not visit_rules.inspector(actor, visit, inspectors):
        return ""
    return visit_rules.checker_in(actor, visit)


@dataclass(frozen=True)
class Whereabouts:
    """What became of a kit, in words, with the tone of their tag; `may_be_sent`: something is missed, and still taken in."""

    words: str
    tone: str
    may_be_sent: bool = False


def whereabouts(packet, visit_status: str | None, waiting: int, now: datetime) -> Whereabouts:
    """Of a kit, the status of its visit (None: there is none) and how many photos of its zip wait."""
    if visit_status == VisitStatus.FINISHED:
        return Whereabouts("检查已完成", "green")
    if visit_status == VisitStatus.CANCELLED:
        return Whereabouts("检查已取消", "grey")
    if waiting:
        return Whereabouts(f"还有 {waiting} 张照片没有登记，请再上传一次", "red", may_be_sent=True)
    if visit_status == VisitStatus.OPEN or packet.imported_at:
        return Whereabouts("已带回，检查中", "blue")
    if now <= packet.use_until:
        return Whereabouts("还没有带回", "grey")
    if packet.form == PacketForm.PHONE:  # taken for more houses than one gets to; what was begun sends itself
        return Whereabouts("没有用过，或还在手机上", "amber" if now <= packet.send_until else "grey")
    if now <= packet.send_until:
        return Whereabouts("没有带回，请尽快上传", "red", may_be_sent=True)
    return Whereabouts("没有带回，已作废", "red")
