"""The fixed vocabularies of checklists (检查表), campaigns (专项行动) and visits (检查)."""

from django.db import models

from hazards.enums import Source


class ChecklistStatus(models.TextChoices):
    """A draft can be edited; from the day it is published a checklist never changes."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "使用中"
    WITHDRAWN = "withdrawn", "已停用"


class ChecklistAct(models.TextChoices):
    LOADED = "loaded", "载入"
    DRAFTED = "drafted", "建立草稿"
    EDITED = "edited", "修改草稿"
    PUBLISHED = "published", "发布"
    WITHDRAWN = "withdrawn", "停用"


class SituationStatus(models.TextChoices):
    """How well the text of a listed situation (重大事故隐患情形) is known; only VERIFIED may be shown as law."""

    VERIFIED = "verified", "条文已核对"
    PARTIAL = "partial", "情形已核对，条款号待核"
    INFERRED = "inferred", "推定，待核"


class InspectionKind(models.TextChoices):
    """市督查、县排查、镇巡检、机构自查, 回头看 after close-out, and the yearly joint inspection."""

    OVERSIGHT = "oversight", "督查"
    SCREENING = "screening", "排查"
    PATROL = "patrol", "巡检"
    SELF_CHECK = "self_check", "自查"
    LOOK_BACK = "look_back", "回头看"
    JOINT = "joint", "联合检查"

    @property
    def source(self) -> Source:
        """What the hazards found in such a visit say of where they come from."""
        return Source.SCREENING if self is InspectionKind.JOINT else Source(self.value)


# What an institution does itself: 日巡查、月检查.
OWN_KINDS = frozenset({InspectionKind.PATROL, InspectionKind.SELF_CHECK})


class VisitStatus(models.TextChoices):
    PLANNED = "planned", "待检查"
    OPEN = "open", "检查中"
    FINISHED = "finished", "已完成"
    CANCELLED = "cancelled", "已取消"


class VisitAct(models.TextChoices):
    """Every act on a visit that is kept in its trace."""

    PLAN = "plan", "安排检查"
    CHECK_IN = "check_in", "到场签到"
    EDIT = "edit", "填写检查记录"
    FINDING = "finding", "记录问题"
    REMOVE_FINDING = "remove_finding", "删除问题"
    SIGN = "sign", "签名"
    REFUSE = "refuse", "拒签"
    FINISH = "finish", "完成检查"
    CANCEL = "cancel", "取消检查"
    IMPORT = "import", "导入离线检查包"


class AnswerValue(models.TextChoices):
    """As on the official sheet: whether the requirement is met."""

    YES = "yes", "是"
    NO = "no", "否"
    NOT_APPLICABLE = "not_applicable", "不涉及"


class FindingHandling(models.TextChoices):
    """What happens to a finding when the visit is finished."""

    ISSUE = "issue", "下发限期整改"
    FIXED = "fixed", "立行立改（已当场整改）"
    REGISTER = "register", "登记，由县级下发"
    SAME = "same", "与已有隐患相同"


class FindingStage(models.TextChoices):
    FOUND = "found", "整改前"
    RECTIFIED = "rectified", "整改后"


class SignerRole(models.TextChoices):
    INSPECTOR = "inspector", "检查人员"
    IN_CHARGE = "in_charge", "被检查单位负责人"


class CampaignKind(models.TextChoices):
    SPECIAL = "special", "专项行动"
    HUNDRED_DAYS = "hundred_days", "百日行动"
    SAFETY_MONTH = "safety_month", "安全管理月"
    JOINT = "joint", "联合检查"


class CampaignAct(models.TextChoices):
    CREATED = "created", "新建"
    EDITED = "edited", "修改"
    TEAM = "team", "维护督导组"
    PLANNED = "planned", "安排检查"
    EXPORTED = "exported", "导出未检查机构清单"


class PlanKind(models.TextChoices):
    MONTHLY = "monthly", "月度检查"
    QUARTERLY = "quarterly", "季度检查"
    HALF_YEARLY = "half_yearly", "半年检查"
    YEARLY = "yearly", "年度检查"
    LOOK_BACK = "look_back", "回头看"


class PacketForm(models.TextChoices):
    """How a kit (检查包) travels to where there is no signal."""

    PHONE = "phone", "带到手机"
    FILE = "file", "单文件离线检查包"
