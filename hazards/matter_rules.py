"""Who may do what beside the status: extensions, supervision, transfers. Like rules.py: why not, without the database."""

from hazards import rules
from hazards.enums import HazardStatus
from institutions.actor import Actor
from institutions.enums import Department


def rank(region_id: int | None, hazard) -> int:
    """How high a region stands above the hazard: 0 its county, 1 its city, 2 its province; -1 when it is none.

    Where a level is missing one region stands for two, and the higher counts.
    """
    chain = [hazard.county_id, hazard.city_id, hazard.province_id]
    return max((n for n, place in enumerate(chain) if place == region_id), default=-1)


def _is_civil_affairs(actor: Actor) -> bool:
    return actor.authority is not None and actor.authority.department == Department.CIVIL_AFFAIRS


def extension_requester(actor: Actor, hazard) -> str:
    """The institution, while nobody has to decide yet. How early and how often is answered by the act itself."""
    if reason := rules.rectifier(actor, hazard):
        return reason
    return "已经申请延期，正在等待决定。" if hazard.extension_region_id else ""


def extension_withdrawer(actor: Actor, hazard) -> str:
    """The institution, as long as nobody has decided."""
    if reason := rules.rectifier(actor, hazard):
        return reason
    return "" if hazard.extension_region_id else "没有待决定的延期申请，不需要撤回。"


def extension_decider(actor: Actor, hazard) -> str:
    """The civil-affairs authority that was chosen when it was asked for (ExtensionPolicy)."""
    if not hazard.extension_region_id:
        return "没有待决定的延期申请。"
    if not _is_civil_affairs(actor) or hazard.extension_region_id != actor.authority.region_id:
        return "由负责审批延期的民政部门决定。"
    return ""


def supervisor_to_be(actor: Actor, hazard) -> str:
    """The supervising authority or one above it; over an open order only a higher level."""
    if not _is_civil_affairs(actor):
        return "由民政部门挂牌督办。"
    own = rank(actor.authority.region_id, hazard)
    is_ours = actor.authority.pk == hazard.supervising_authority_id
    if not is_ours and own < 1:
        return "由主管民政部门或上级民政部门挂牌督办。"
    if hazard.supervised_region_id and own <= rank(hazard.supervised_region_id, hazard):
        return "已经挂牌督办，只有更高一级可以升级督办。"
    return ""


def supervision_ender(actor: Actor, hazard) -> str:
    """The level that placed the order, or a higher one."""
    if not hazard.supervised_region_id:
        return "没有挂牌督办。"
    if not _is_civil_affairs(actor):
        return "由督办部门办理。"
    own = rank(actor.authority.region_id, hazard)
    return "" if own >= rank(hazard.supervised_region_id, hazard) else "由督办部门或上级民政部门办理。"


def progress_reporter(actor: Actor, hazard) -> str:
    """The institution, while an order is open."""
    if reason := rules.rectifier(actor, hazard):
        return reason
    return "" if hazard.supervised_region_id else "没有挂牌督办，不需要报告进展。"


def transferrer(actor: Actor, hazard) -> str:
    """The supervising authority; it may hand one hazard to several departments."""
    is_ours = actor.authority is not None and actor.authority.pk == hazard.supervising_authority_id
    return "" if is_ours else "由该机构的主管民政部门移送。"


def transfer_holder(actor: Actor, hazard) -> str:
    """The supervising authority takes a transfer back, or writes down an answer that came on paper."""
    if reason := transferrer(actor, hazard):
        return reason
    return "" if hazard.awaits_department else "没有等待部门答复的移送。"


def reassigner(actor: Actor, hazard) -> str:
    """The supervising authority: who there answers for the hazard is its own affair."""
    is_ours = actor.authority is not None and actor.authority.pk == hazard.supervising_authority_id
    return "" if is_ours else "由该机构的主管民政部门改派。"


def nudger(actor: Actor, hazard) -> str:
    """The supervising authority and those above it, for whom somebody else has the next move (催办).

    Also a county that waits for its city's close-out: it can't act, but it may ask.
    """
    if not _is_civil_affairs(actor):
        return "由民政部门催办。"
    is_ours = actor.authority.pk == hazard.supervising_authority_id
    if not is_ours and rank(actor.authority.region_id, hazard) < 1:
        return "由主管民政部门或上级民政部门催办。"
    return "现在正等您所在的单位办理，不需要催办。" if _is_its_turn(actor, is_ours, hazard) else ""


def _is_its_turn(actor: Actor, is_ours: bool, hazard) -> bool:
    """Whether the next move is the authority's own: 下发 and 验收 of the supervising one, else 销号, or 摘牌 before it."""
    if hazard.status in (HazardStatus.REGISTERED, HazardStatus.AWAITING_VERIFICATION):
        return is_ours
    if hazard.status == HazardStatus.VERIFIED:
        return actor.authority.region_id == (hazard.supervised_region_id or hazard.closing_region_id)
    return False


def transfer_answerer(actor: Actor, hazard) -> str:
    """Another department's liaison; that the transfer went to their own authority is asked of the transfer."""
    if actor.authority is None or _is_civil_affairs(actor):
        return "由接收部门的联络员回执。"
    return "" if hazard.awaits_department else "没有等待部门答复的移送。"
