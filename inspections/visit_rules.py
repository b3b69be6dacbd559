"""Who may do what on a visit, and what it still lacks. Each rule answers why not, in Chinese; empty means: allowed.

No rule touches the database.
"""

from collections import Counter
from collections.abc import Iterable

from hazards import deadlines
from hazards.enums import Severity, Source
from inspections.enums import AnswerValue, FindingHandling, FindingStage, InspectionKind, VisitStatus
from institutions.actor import Actor
from institutions.enums import Capability, RegionLevel

K, H = InspectionKind, FindingHandling

_KINDS_BY_LEVEL = {
    RegionLevel.PROVINCE: [K.OVERSIGHT, K.LOOK_BACK, K.JOINT],
    RegionLevel.CITY: [K.OVERSIGHT, K.LOOK_BACK, K.JOINT],
    RegionLevel.COUNTY: [K.SCREENING, K.LOOK_BACK, K.JOINT],
    RegionLevel.TOWNSHIP: [K.PATROL],
}
_OWN_KINDS = [K.PATROL, K.SELF_CHECK]
LEAST_INSPECTORS = 2


def kinds_for(actor: Actor, *, is_sent: bool = False) -> list[InspectionKind]:
    """市督查、县排查、镇巡检、机构自查: the kinds this actor may open, the usual one first.

    Who `is_sent` beyond their own region (交叉检查) goes for the authority above that sends them: 督查.
    """
    if not actor.can(Capability.INSPECT):
        return []
    if is_sent:
        return [K.OVERSIGHT]
    return _OWN_KINDS if actor.institution else _KINDS_BY_LEVEL.get(actor.level, [])


def may_come_unannounced(actor: Actor) -> bool:
    """四不两直 is for officials."""
    return actor.authority is not None and actor.level != RegionLevel.TOWNSHIP


def supervises(actor: Actor, institution) -> bool:
    """Whether findings of this actor can be issued (下发) in the same step."""
    return (
        actor.can(Capability.ISSUE)
        and actor.authority is not None
        and actor.authority.pk == institution.authority_id
    )


def handlings_for(actor: Actor, institution) -> list[FindingHandling]:
    """What this actor may do with a finding there, the usual one first."""
    first = [H.ISSUE] if supervises(actor, institution) else []
    return [*first, H.FIXED, H.REGISTER, H.SAME]


def opener(actor: Actor) -> str:
    """Anybody who inspects, for an institution in scope."""
    return "" if kinds_for(actor) else "您的角色不能开展检查。"


def sent_by(actor: Actor, visit) -> bool:
    """Whether the visit is made by a team of the actor's own authority."""
    is_of_team = actor.authority is not None and visit.team_id is not None
    return is_of_team and actor.authority.pk == visit.team.authority_id


def checker_in(actor: Actor, visit, *, is_sent: bool = False) -> str:
    """Whoever may open a visit of this kind, on the side (authority or institution) that makes it.

    Colleagues who join an open visit are of the same side; their own level may be another. 交叉检查 is for those who
    were sent (`is_sent`) and the authority that sent them.
    """
    if reason := opener(actor):
        return reason
    if visit.is_own != (actor.institution is not None):
        return "这次检查由另一方开展。"
    if visit.is_crossing and not is_sent and not sent_by(actor, visit):
        return "这次交叉检查由派出的督导组开展。"
    if visit.status == VisitStatus.PLANNED and visit.kind not in kinds_for(actor, is_sent=is_sent):
        return f"“{visit.get_kind_display()}”由安排它的部门开展。"
    if visit.status not in (VisitStatus.PLANNED, VisitStatus.OPEN):
        return f"这次检查{visit.get_status_display()}。"
    return ""


def inspector(actor: Actor, visit, inspectors: Iterable[int]) -> str:
    """The inspectors of the visit, as long as they may inspect, in a post on the side that makes it."""
    if reason := opener(actor):
        return reason
    is_one = actor.user.pk in inspectors and visit.is_own == (actor.institution is not None)
    return "" if is_one else "只有这次检查的检查人员可以填写。"


def finisher(actor: Actor, visit, inspectors: Iterable[int], *, is_sent: bool = False) -> str:
    """The inspectors; of 交叉检查 the authority that sent them, in whose region the hazards are registered."""
    if visit.is_crossing and sent_by(actor, visit):
        return opener(actor)
    if visit.is_crossing or is_sent:
        return "交叉检查由派出督导组的民政部门完成：记录核对无误后，发现的问题登记为隐患。"
    return inspector(actor, visit, inspectors)


def frozen(visit) -> str:
    """Nothing is written before somebody checked in, nor after the finish."""
    if visit.status == VisitStatus.PLANNED:
        return "请先到场签到，再填写检查记录。"
    return "" if visit.is_open else f"这次检查{visit.get_status_display()}，记录不能再改。"


def canceller(actor: Actor, visit, inspectors: Iterable[int]) -> str:
    """Whoever planned it or inspects."""
    if reason := opener(actor):
        return reason
    if visit.status not in (VisitStatus.PLANNED, VisitStatus.OPEN):
        return f"这次检查{visit.get_status_display()}。"
    is_mine = actor.user.pk == visit.created_by_id or actor.user.pk in inspectors
    return "" if is_mine else "只有安排人和检查人员可以取消。"


def inspectors_needed(visit) -> int:
    """Two for an inspection by officials (安全生产法 68); one for a patrol and for what an institution does itself."""
    return 1 if visit.is_own or visit.kind == K.PATROL else LEAST_INSPECTORS


def source_of(visit) -> Source:
    """What the hazards say of where they come from: what the institution finds itself is 自查."""
    return Source.SELF_CHECK if visit.is_own else K(visit.kind).source


# --- what a finding still lacks -----------------------------------------------------------------------------


def lacks(finding, *, stages: Iterable[str], handlings: Iterable[str], today, is_same_open=True) -> list[str]:
    """What is missing before this finding can become a hazard by somebody who may do `handlings`."""
    found, missing = set(stages), []
    if not finding.description.strip():
        missing.append("没有写明存在什么问题")
    if finding.handling == H.SAME:
        return missing if is_same_open else [*missing, "选定的已有隐患已经办结，请另选处理方式"]
    if not finding.location.strip():
        missing.append("没有写明具体部位")
    if FindingStage.FOUND not in found and not finding.no_photo_reason:
        missing.append("没有现场照片，也没有写明原因")
    if finding.handling not in handlings:
        missing.append(f"“{finding.get_handling_display()}”须由主管民政部门的人员完成检查，请另选处理方式")
    is_major = finding.severity == Severity.MAJOR
    if finding.handling == H.ISSUE:
        missing += _lacks_to_issue(finding, is_major, today)
    if finding.handling == H.FIXED:
        missing += _lacks_to_be_fixed(finding, is_major, found)
    return missing


def _lacks_to_issue(finding, is_major: bool, today) -> list[str]:
    missing = [] if finding.responsible_person else ["没有整改责任人"]
    if finding.due_on is None:
        missing.append("没有整改期限")
    elif reason := deadlines.refuse_due_on(finding.due_on, today):
        missing.append(reason.rstrip("。"))
    if is_major and not finding.interim_measures:
        missing.append("重大隐患没有写明临时管控措施")
    return missing


def _lacks_to_be_fixed(finding, is_major: bool, found: set) -> list[str]:
    missing = ["重大隐患不能立行立改，请下发整改"] if is_major else []
    if not finding.measures:
        missing.append("没有写明当场怎么改的")
    if not finding.responsible_person:
        missing.append("没有整改责任人")
    if FindingStage.RECTIFIED not in found:
        missing.append("没有改好后的照片")
    return missing


# --- words of the record --------------------------------------------------------------------------------------


def content_words(visit, checklists: Iterable, domains: Iterable[str]) -> str:
    """检查内容, as proposed: by which checklist, in which fields."""
    named = "、".join(f"《{c.name}》" for c in checklists)
    fields = "、".join(domains)
    if not named:
        return "现场检查安全管理情况。"
    return f"对照{named}现场检查{fields}。" if fields else f"对照{named}现场检查。"


def answers_words(values: Iterable[str]) -> str:
    """共检查 88 项：符合 84 项，不符合 3 项，不涉及 1 项。"""
    count = Counter(values)
    yes, no, not_applicable = (
        count[v] for v in (AnswerValue.YES, AnswerValue.NO, AnswerValue.NOT_APPLICABLE)
    )
    if not count:
        return ""
    return f"共检查 {count.total()} 项：符合 {yes} 项，不符合 {no} 项，不涉及 {not_applicable} 项。"


def problems_words(findings: list) -> str:
    """发现的问题, as proposed: numbered; 零隐患 is a result too."""
    if not findings:
        return "未发现隐患（零隐患）。"
    return "\n".join(f"{n}. {_problem_words(finding)}" for n, finding in enumerate(findings, 1))


def _problem_words(finding) -> str:
    place = f"{finding.location}：" if finding.location else ""
    came_back = "（反弹）" if finding.recurrence_of_id else ""
    whose = f"（责任部门：{finding.get_department_display()}）" if finding.department else ""
    return f"{place}{finding.description}{came_back}{whose}"


def handling_words(findings: list) -> str:
    """处理情况, as proposed: how many of each."""
    if not findings:
        return "无需整改。"
    count = Counter(f.handling for f in findings)
    words = {
        H.ISSUE: "下发限期整改 {} 条",
        H.FIXED: "当场整改 {} 条",
        H.REGISTER: "登记待下发 {} 条",
        H.SAME: "与已有隐患相同 {} 条",
    }
    return "，".join(text.format(count[h]) for h, text in words.items() if count[h]) + "。"
