"""Which acts may be done to many hazards at once, and to which: only where each row needs no judgement of its own.

下发: the deadline may be shared, the responsible person is each institution's own; a major hazard needs interim measures
of its own. 销号: each general hazard's photos and opinions were laid out and confirmed; a major one is closed alone.
改派: whoever leaves hands over everything at once.
"""

from hazards import workflow
from hazards.enums import HazardAction
from hazards.models import Hazard
from institutions.actor import Actor

A = HazardAction

# How many rows one form takes: nobody looks at the photos of two hundred hazards on one page.
MOST = {A.ISSUE: 200, A.CLOSE: 50, A.REASSIGN: 200}
_ALONE = {
    A.ISSUE: "重大隐患要写明临时管控措施，请打开这一条单独下发。",
    A.CLOSE: "重大隐患须逐条销号，请打开这一条单独办理。",
}
NOBODY = "机构档案里没有责任人，请填写整改责任人，或打开这一条单独下发。"


def not_in_bulk(action: HazardAction, hazard: Hazard) -> str:
    """Why this hazard must be dealt with alone; empty when it need not."""
    return _ALONE.get(action, "") if hazard.is_major else ""


def refusal(action: HazardAction, actor: Actor, hazard: Hazard) -> str:
    """Why `actor` may not do `action` to `hazard` among others; empty when they may."""
    return workflow.refusal(action, actor, hazard) or not_in_bulk(action, hazard)
