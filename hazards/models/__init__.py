from .bulk import BulkLine, BulkRun
from .event import AuditAnchor, HazardEvent
from .evidence import Evidence, EvidenceView
from .extension import ExtensionPolicy, ExtensionPolicyChange, ExtensionRequest
from .hazard import Hazard
from .policy import ClosingPolicy, ClosingPolicyChange, FormReceipt, LegalTransition
from .rounds import Closure, RectificationPlan, RectificationSubmission, Verification
from .summons import Circular, DraftingRule, DraftingRuleChange, Summons
from .supervision import ProgressReport, SupervisionOrder
from .transfer import Transfer, TransferEvidence

__all__ = [
    "AuditAnchor",
    "BulkLine",
    "BulkRun",
    "Circular",
    "ClosingPolicy",
    "ClosingPolicyChange",
    "Closure",
    "DraftingRule",
    "DraftingRuleChange",
    "Evidence",
    "EvidenceView",
    "ExtensionPolicy",
    "ExtensionPolicyChange",
    "ExtensionRequest",
    "FormReceipt",
    "Hazard",
    "HazardEvent",
    "LegalTransition",
    "ProgressReport",
    "RectificationPlan",
    "RectificationSubmission",
    "Summons",
    "SupervisionOrder",
    "Transfer",
    "TransferEvidence",
    "Verification",
]
