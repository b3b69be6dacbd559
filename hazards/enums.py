"""The fixed vocabularies of a hazard (隐患)."""

from django.db import models


class HazardStatus(models.TextChoices):
    """Six statuses. Everything else (overdue, void asked for, recurring) is a fact beside the status."""

    REGISTERED = "registered", "待下发"
    RECTIFYING = "rectifying", "整改中"
    AWAITING_VERIFICATION = "awaiting_verification", "待验收"
    VERIFIED = "verified", "待销号"
    CLOSED = "closed", "已销号"
    VOIDED = "voided", "已作废"


S = HazardStatus
OPEN_STATUSES = frozenset({S.REGISTERED, S.RECTIFYING, S.AWAITING_VERIFICATION, S.VERIFIED})


class HazardAction(models.TextChoices):
    """Every act on a hazard; the label is the button's word."""

    REGISTER = "register", "登记隐患"
    FIX_ON_THE_SPOT = "fix_on_the_spot", "立行立改"
    ISSUE = "issue", "下发整改"
    PLAN = "plan", "填报整改方案"
    SUBMIT = "submit", "提交整改"
    REJECT = "reject", "退回整改"
    ACCEPT = "accept", "验收通过"
    CLOSE = "close", "销号"
    RETURN = "return", "不予销号"
    REQUEST_VOID = "request_void", "申请作废"
    REFUSE_VOID = "refuse_void", "不同意作废"
    VOID = "void", "作废"


class Severity(models.TextChoices):
    """一般/重大, the two national grades; not the risk grade of an institution."""

    GENERAL = "general", "一般"
    MAJOR = "major", "重大"


class Domain(models.TextChoices):
    """安全领域, as the national checklists group their items."""

    FIRE = "fire", "消防安全"
    ENERGY = "energy", "用气用电"
    BUILDING = "building", "建筑与设施安全"
    FOOD = "food", "食品安全"
    HEALTH = "health", "公共卫生/疫情防控"
    CARE = "care", "照护服务安全"
    EMERGENCY = "emergency", "应急预案与演练"
    DUTY = "duty", "安全管理责任"
    CROWD = "crowd", "祭扫与公众秩序"


class Source(models.TextChoices):
    """Who found it: 市督查、县排查、镇巡检、机构自查, and what comes from elsewhere."""

    OVERSIGHT = "oversight", "督查"
    SCREENING = "screening", "排查"
    PATROL = "patrol", "巡检"
    SELF_CHECK = "self_check", "自查"
    LOOK_BACK = "look_back", "回头看"
    SUPERIOR = "superior", "上级交办"
    REPORT = "report", "举报投诉"


class EvidenceStage(models.TextChoices):
    FOUND = "found", "整改前"
    RECTIFIED = "rectified", "整改后"
    VERIFIED = "verified", "验收"


class VerificationOutcome(models.TextChoices):
    ACCEPTED = "accepted", "验收通过"
    REJECTED = "rejected", "退回整改"


class ClosureOutcome(models.TextChoices):
    CLOSED = "closed", "销号"
    RETURNED = "returned", "不予销号"


class ClosingLevel(models.TextChoices):
    """Which level closes out (销号). COUNTY means the verifying authority itself, by another person."""

    COUNTY = "county", "县级"
    CITY = "city", "市级"
    PROVINCE = "province", "省级"
