from .event import AuditAnchor, HazardEvent
from .evidence import Evidence, EvidenceView
from .hazard import Hazard
from .policy import ClosingPolicy, ClosingPolicyChange, FormReceipt, LegalTransition
from .rounds import Closure, RectificationPlan, RectificationSubmission, Verification

__all__ = [
    "AuditAnchor",
    "ClosingPolicy",
    "ClosingPolicyChange",
    "Closure",
    "Evidence",
    "EvidenceView",
    "FormReceipt",
    "Hazard",
    "HazardEvent",
    "LegalTransition",
    "RectificationPlan",
    "RectificationSubmission",
    "Verification",
]
