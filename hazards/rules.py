"""Who may do what to one hazard. Each rule answers why not, in Chinese; an empty answer means: allowed.

No rule touches the database: all compare keys that the hazard and the actor already carry.
企业整改、县级验收、市级销号: three different parties, never the same person twice.
"""

from institutions.actor import Actor
from institutions.enums import Capability, Department

_NOT_WHILE_SUPERVISED = "正在挂牌督办，须先由督办部门撤销督办，才能作废。"


def _supervises(actor: Actor, hazard) -> bool:
    return actor.authority is not None and actor.authority.pk == hazard.supervising_authority_id


def registrar(actor: Actor, hazard) -> str:
    """Any inspector, patrol or self-checker within scope."""
    return "" if actor.can(Capability.REGISTER) else "您的角色不能登记隐患。"


def on_the_spot(actor: Actor, hazard) -> str:
    """立行立改: only as the second half of registering, by whoever registered; never of a major hazard."""
    if hazard.is_major:
        return "重大隐患不能立行立改，请下发整改。"
    is_now = hazard.is_fixed_on_the_spot and hazard.registered_by_id == actor.user.pk
    return "" if is_now else "立行立改只能在登记时一并办理。"


def issuer(actor: Actor, hazard) -> str:
    """The supervising authority of the institution."""
    if not actor.can(Capability.ISSUE):
        return "您的角色不能下发整改。"
    return "" if _supervises(actor, hazard) else "由该机构的主管民政部门下发整改。"


def rectifier(actor: Actor, hazard) -> str:
    """The institution itself (企业整改)."""
    if not actor.can(Capability.RECTIFY):
        return "由机构填报整改。"
    is_own = actor.institution is not None and actor.institution.pk == hazard.institution_id
    return "" if is_own else "由该机构的人员填报整改。"


def verifier(actor: Actor, hazard) -> str:
    """The supervising authority (县级验收), never the person who submitted."""
    if not actor.can(Capability.VERIFY):
        return "您的角色不能验收。"
    if not _supervises(actor, hazard):
        return "由该机构的主管民政部门验收。"
    if hazard.submitted_by_id == actor.user.pk:
        return "这次整改由您提交，须由另一位同事验收。"
    return ""


def returner(actor: Actor, hazard) -> str:
    """The closing authority by policy (市级销号), never the person who verified or submitted."""
    if not actor.can(Capability.CLOSE) or actor.authority.department != Department.CIVIL_AFFAIRS:
        return "您的角色不能销号。"
    if hazard.closing_region_id != actor.authority.region_id:
        return "由负责销号的民政部门办理。"
    if actor.user.pk in (hazard.verified_by_id, hazard.submitted_by_id):
        return "您参与过这条隐患的整改或验收，须由另一位同事销号。"
    return ""


def closer(actor: Actor, hazard) -> str:
    """Who may return may also close out, but nothing that is still under supervision (挂牌督办)."""
    if reason := returner(actor, hazard):
        return reason
    return "正在挂牌督办，须先摘牌才能销号。" if hazard.supervised_region_id else ""


def void_requester(actor: Actor, hazard) -> str:
    """Voiding a major hazard takes two persons; this is the first."""
    if reason := issuer(actor, hazard):
        return reason
    if hazard.supervised_region_id:
        return _NOT_WHILE_SUPERVISED
    if not hazard.is_major:
        return "一般隐患可直接作废。"
    return "已经申请作废，等待另一位同事决定。" if hazard.void_requested_by_id else ""


def void_refuser(actor: Actor, hazard) -> str:
    """Whoever may issue may decline (or take back) a request to void."""
    if reason := issuer(actor, hazard):
        return reason
    return "" if hazard.void_requested_by_id else "没有待决定的作废申请。"


def voider(actor: Actor, hazard) -> str:
    """Who may issue; for a major hazard only a second person, after the first has asked. Not while supervised."""
    if reason := issuer(actor, hazard):
        return reason
    if hazard.supervised_region_id:
        return _NOT_WHILE_SUPERVISED
    if not hazard.is_major:
        return ""
    if not hazard.void_requested_by_id:
        return "重大隐患作废须先申请，再由另一位同事同意。"
    return "您提出的作废申请须由另一位同事同意。" if hazard.void_requested_by_id == actor.user.pk else ""
