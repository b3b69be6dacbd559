from .campaign import Campaign, CampaignEvent, InspectionTeam, VisitPlan
from .checklist import Checklist, ChecklistEvent, ChecklistItem
from .finding import Finding, FindingPhoto, FindingPhotoView
from .judgement import Judgement, MajorSituation
from .packet import Packet
from .visit import Answer, Visit, VisitEvent, VisitSignature

__all__ = [
    "Answer",
    "Campaign",
    "CampaignEvent",
    "Checklist",
    "ChecklistEvent",
    "ChecklistItem",
    "Finding",
    "FindingPhoto",
    "FindingPhotoView",
    "InspectionTeam",
    "Judgement",
    "MajorSituation",
    "Packet",
    "Visit",
    "VisitEvent",
    "VisitPlan",
    "VisitSignature",
]
