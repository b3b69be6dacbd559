"""How long a kit serves, and who may take one along. Each rule answers why not, in Chinese; empty means: allowed.

No rule touches the database.
"""

from collections.abc import Iterable
from datetime import timedelta

from inspections import visit_rules
from inspections.enums import VisitStatus
from institutions.actor import Actor

USE_FOR = timedelta(days=7)  # no visit is begun with an older kit; what was begun may be finished and sent
SEND_FOR = timedelta(days=30)


def taker(actor: Actor, visit, inspectors: Iterable[int]) -> str:
    """Whoever inspects in the visit, or may check in to it, as long as it isn't over."""
    if visit.status not in (VisitStatus.PLANNED, VisitStatus.OPEN):
        return f"这次检查{visit.get_status_display()}，不能再准备。"
    if not visit_rules.inspector(actor, visit, inspectors):
        return ""
    return visit_rules.checker_in(actor, visit)
