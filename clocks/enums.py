"""The fixed vocabularies of deadlines: what a clock is of, which ladder it climbs, who hears of it and as what."""

from django.db import models


class ClockKind(models.TextChoices):
    """What owes something by a date. One clock a matter: (kind, id of the matter)."""

    HAZARD = "hazard", "隐患整改"
    SUPERVISION = "supervision", "挂牌督办"
    TRANSFER = "transfer", "移送"
    FEEDBACK = "feedback", "书面反馈"
    EXTENSION = "extension", "延期审批"
    PROGRESS = "progress", "督办进展报告"
    LICENCE = "licence", "证照到期"
    PLEDGE = "pledge", "安全责任书"
    DRILL = "drill", "应急演练"

    @property
    def undone(self) -> str:
        """What is said of it when the day has passed and nothing was done: 如到…仍未整改."""
        return _UNDONE[self]


_UNDONE = {
    ClockKind.HAZARD: "仍未整改",
    ClockKind.SUPERVISION: "仍未治理完毕",
    ClockKind.TRANSFER: "仍未答复",
    ClockKind.FEEDBACK: "仍未书面反馈",
    ClockKind.EXTENSION: "仍未决定",
    ClockKind.PROGRESS: "仍未报告进展",
    ClockKind.LICENCE: "仍未更新证照",
    ClockKind.PLEDGE: "仍未重新签订",
    ClockKind.DRILL: "仍未开展演练",
}


class LadderKey(models.TextChoices):
    """Each has one ladder in force; hazards have two, by severity."""

    HAZARD_GENERAL = "hazard_general", "一般隐患"
    HAZARD_MAJOR = "hazard_major", "重大隐患"
    SUPERVISION = "supervision", "挂牌督办"
    TRANSFER = "transfer", "移送其他部门"
    FEEDBACK = "feedback", "通报约谈书面反馈"
    EXTENSION = "extension", "延期审批"
    PROGRESS = "progress", "督办进展报告"
    LICENCE = "licence", "证照到期"
    PLEDGE = "pledge", "安全责任书"
    DRILL = "drill", "应急演练"


class LadderStatus(models.TextChoices):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "现行"
    SUPERSEDED = "superseded", "已被替代"


class Unit(models.TextChoices):
    CALENDAR = "calendar", "自然日"
    WORKDAY = "workday", "工作日"


class Audience(models.TextChoices):
    """Who hears of a rung. Where a level has nobody, the next level up that has (clocks.people).

    What an authority owes reaches that authority in the first three, whatever its level, then those above it.
    """

    INSTITUTION = "institution", "机构"
    COUNTY_OFFICER = "county_officer", "县级经办人员"
    COUNTY_LEADER = "county_leader", "县级分管领导"
    CITY = "city", "市级民政部门"
    PROVINCE = "province", "省级民政部门"


class RungKind(models.TextChoices):
    """From a reminder up to official acts, in rising order of weight."""

    REMIND = "remind", "提醒"
    YELLOW = "yellow", "黄色预警"
    RED = "red", "红色预警"
    SUPERVISE = "supervise", "督办"
    CIRCULAR = "circular", "通报"
    SUMMON = "summon", "约谈"
    PLACARD = "placard", "挂牌督办"

    @property
    def is_act(self) -> bool:
        """Whether it is an official act: the machine drafts it, a person issues it."""
        return self in ACTS

    @property
    def tone(self) -> str:
        """Tone of its tag."""
        return {RungKind.REMIND: "blue", RungKind.YELLOW: "amber", RungKind.RED: "red"}.get(self, "violet")


ACTS = frozenset({RungKind.SUPERVISE, RungKind.CIRCULAR, RungKind.SUMMON, RungKind.PLACARD})
ESCALATIONS = frozenset(RungKind) - {RungKind.REMIND}


class Outcome(models.TextChoices):
    """What became of a reminder when it was recorded. DRAFT: an official act waits to be issued."""

    DELIVERED = "delivered", "已提醒"
    SUPERSEDED = "superseded", "由更高一级代替"
    DRAFT = "draft", "待签发"


class BulletinHeading(models.TextChoices):
    """What a group chat is told about."""

    DAILY = "daily", "今日逾期情况"


class BulletinCount(models.TextChoices):
    """What is counted for a group chat."""

    LATE = "late", "逾期未办结"
    MAJOR = "major", "其中重大"
    ESCALATED = "escalated", "新升级"
