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
    REQUEST_EXTENSION = "request_extension", "申请延期"
    APPROVE_EXTENSION = "approve_extension", "批准延期"
    REFUSE_EXTENSION = "refuse_extension", "不予延期"
    WITHDRAW_EXTENSION = "withdraw_extension", "撤回延期申请"
    PLACE_UNDER_SUPERVISION = "place_under_supervision", "挂牌督办"
    REPORT_PROGRESS = "report_progress", "报告进展"
    LIFT_SUPERVISION = "lift_supervision", "摘牌"
    REVOKE_SUPERVISION = "revoke_supervision", "撤销督办"
    TRANSFER = "transfer", "移送部门"
    WITHDRAW_TRANSFER = "withdraw_transfer", "撤回移送"
    ANSWER_TRANSFER = "answer_transfer", "部门回执"
    RECORD_ANSWER = "record_answer", "代录回执"
    NUDGE = "nudge", "催办"
    REASSIGN = "reassign", "改派监管责任人"


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
    PROGRESS = "progress", "整改中"


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


class ExtensionCase(models.TextChoices):
    """Which limits govern an extension: those of the grade, or of 挂牌督办 whatever the grade."""

    GENERAL = "general", "一般隐患"
    MAJOR = "major", "重大隐患"
    SUPERVISED = "supervised", "挂牌督办的隐患"


class ExtensionDecider(models.TextChoices):
    SUPERVISOR = "supervisor", "主管民政部门"
    ABOVE = "above", "上一级民政部门"


class ExtensionOutcome(models.TextChoices):
    """LAPSED: the institution submitted, or the hazard ended, before anybody decided."""

    APPROVED = "approved", "已批准"
    REFUSED = "refused", "不予延期"
    LAPSED = "lapsed", "已失效"
    WITHDRAWN = "withdrawn", "已撤回"


class SupervisionState(models.TextChoices):
    """RAISED: a higher level placed an order of its own. REVOKED: placed by mistake, or no hazard at all."""

    OPEN = "open", "督办中"
    RAISED = "raised", "已升级督办"
    LIFTED = "lifted", "已摘牌"
    REVOKED = "revoked", "已撤销"


class TransferState(models.TextChoices):
    """ENDED: the hazard was closed or voided before an answer came."""

    SENT = "sent", "待部门"
    ANSWERED = "answered", "已回执"
    WITHDRAWN = "withdrawn", "已撤回"
    ENDED = "ended", "已办结"


class TransferOutcome(models.TextChoices):
    HANDLED = "handled", "已依法处理"
    IN_HAND = "in_hand", "已受理，正在办理"
    DECLINED = "declined", "不属于本部门职责"


class RecordKind(models.TextChoices):
    """What is said to a county or an institution as an official act."""

    CIRCULAR = "circular", "通报"
    SUMMONS = "summons", "约谈"


class RecordAction(models.TextChoices):
    """What is done to a 通报 or 约谈; the label is the button's word."""

    ISSUE = "issue", "确认发出"
    DROP = "drop", "不予发出"
    MINUTE = "minute", "记录约谈"
    ANSWER = "answer", "书面反馈"


class RecordState(models.TextChoices):
    DRAFT = "draft", "待确认"
    ISSUED = "issued", "待反馈"
    ANSWERED = "answered", "已反馈"
    DROPPED = "dropped", "不予发出"


class DraftingCause(models.TextChoices):
    """The rules by which a record is drafted; their thresholds are data (DraftingRule)."""

    COUNTY_OVERDUE = "county_overdue", "同一县逾期隐患达到条数"
    LONG_OVERDUE = "long_overdue", "一般隐患逾期达到天数"
    MAJOR_LONG_OVERDUE = "major_long_overdue", "重大隐患逾期达到天数"
    SUPERVISION_LATE = "supervision_late", "同一县挂牌督办到期未果达到件数"


class BulkOutcome(models.TextChoices):
    """What became of one row of a bulk act."""

    DONE = "done", "已办理"
    REFUSED = "refused", "没有办理"
    CHANGED = "changed", "已有新的办理"
