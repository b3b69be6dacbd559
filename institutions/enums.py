"""The fixed vocabularies of regions, authorities, institutions and roles."""

from dataclasses import dataclass

from django.db import models


class RegionLevel(models.TextChoices):
    """Levels of GB/T 2260 and its extensions; `rank` counts from the top."""

    PROVINCE = "province", "省级"
    CITY = "city", "市级"
    COUNTY = "county", "县级"
    TOWNSHIP = "township", "乡镇级"
    VILLAGE = "village", "村级"

    @property
    def rank(self) -> int:
        return list(RegionLevel).index(self)


class Department(models.TextChoices):
    CIVIL_AFFAIRS = "civil_affairs", "民政"
    FIRE_RESCUE = "fire_rescue", "消防救援"
    HOUSING = "housing", "住房城乡建设"
    MARKET_REGULATION = "market_regulation", "市场监督管理"
    HEALTH = "health", "卫生健康"
    EMERGENCY = "emergency", "应急管理"


class InstitutionKind(models.TextChoices):
    NURSING_HOME = "nursing_home", "养老机构"
    WELFARE_HOME = "welfare_home", "社会福利院"
    CHILD_WELFARE = "child_welfare", "儿童福利机构"
    RESCUE_STATION = "rescue_station", "救助管理机构"
    FUNERAL_HOME = "funeral_home", "殡仪馆"
    CEMETERY = "cemetery", "公墓（骨灰堂）"
    MARRIAGE_OFFICE = "marriage_office", "婚姻登记处"


# Photos from these houses can show children or people under protection: each viewing is logged.
PROTECTED_KINDS = frozenset({InstitutionKind.CHILD_WELFARE, InstitutionKind.RESCUE_STATION})

# Nobody lives there: no beds, no residents.
KINDS_WITHOUT_RESIDENTS = frozenset(
    {InstitutionKind.FUNERAL_HOME, InstitutionKind.CEMETERY, InstitutionKind.MARRIAGE_OFFICE}
)


class Operation(models.TextChoices):
    """运营性质."""

    PUBLIC = "public", "公办公营"
    PUBLIC_PRIVATE = "public_private", "公建民营"
    PRIVATE = "private", "民办"
    UNREGISTERED = "unregistered", "未登记备案"


class RiskGrade(models.TextChoices):
    """风险等级 of an institution (风险分级管控); not the severity of a hazard."""

    RED = "red", "红（重大风险）"
    ORANGE = "orange", "橙（较大风险）"
    YELLOW = "yellow", "黄（一般风险）"
    BLUE = "blue", "蓝（低风险）"


class LicenceKind(models.TextChoices):
    FIRE_ACCEPTANCE = "fire_acceptance", "消防验收或备案"
    FIRE_TEST = "fire_test", "消防设施年度检测"
    FOOD = "food", "食品经营许可证"
    MEDICAL = "medical", "医疗机构执业许可或备案"
    LIFT = "lift", "电梯等特种设备检验"
    BUILDING = "building", "房屋安全鉴定"
    FILING = "filing", "养老机构备案回执"
    INSURANCE = "insurance", "机构责任保险"


class DrillKind(models.TextChoices):
    """What an emergency drill practised."""

    FIRE = "fire", "灭火疏散"
    FOOD_POISONING = "food_poisoning", "食物中毒"
    MISSING_PERSON = "missing_person", "走失"
    NATURAL_DISASTER = "natural_disaster", "自然灾害"
    OTHER = "other", "其他"


class SafetyGap(models.TextChoices):
    """What the list of institutions can be narrowed to: who lacks a pledge or a drill."""

    NO_PLEDGE = "no_pledge", "缺责任书"
    PLEDGE_ENDS_SOON = "pledge_ends_soon", "责任书将到期"
    DRILL_LATE = "drill_late", "逾期未演练"


class InstitutionAct(models.TextChoices):
    """What happened to an institution's record (InstitutionEvent.act)."""

    CREATED = "created", "建档"
    EDITED = "edited", "修改信息"
    LICENCES = "licences", "维护证照"
    PERSONS = "persons", "维护责任人"
    PLEDGE = "pledge", "登记责任书"
    DRILL = "drill", "登记演练"
    IMPORTED = "imported", "表格导入"


class Capability(models.TextChoices):
    """What a role may do at all; who may do it to one hazard is decided by hazards.workflow."""

    VIEW_HAZARDS = "view_hazards", "查看隐患"
    REGISTER = "register", "登记隐患"
    ISSUE = "issue", "下发整改"
    RECTIFY = "rectify", "填报整改"
    VERIFY = "verify", "验收"
    CLOSE = "close", "销号"
    SET_POLICY = "set_policy", "设定销号规则"
    EDIT_CALENDAR = "edit_calendar", "维护工作日历"
    VIEW_DASHBOARD = "view_dashboard", "查看统计"
    VIEW_INSTITUTIONS = "view_institutions", "查看机构"
    IMPORT_INSTITUTIONS = "import_institutions", "导入机构"
    EDIT_INSTITUTION = "edit_institution", "维护机构信息"
    GRANT_ROLES = "grant_roles", "成员管理"
    INSPECT = "inspect", "开展检查"
    EDIT_CHECKLISTS = "edit_checklists", "维护检查表"
    MANAGE_CAMPAIGNS = "manage_campaigns", "组织专项行动"
    MANAGE_SYSTEM = "manage_system", "系统管理"
    DECIDE_EXTENSION = "decide_extension", "审批延期"
    SUPERVISE = "supervise", "挂牌督办和摘牌"
    TRANSFER = "transfer", "移送其他部门"
    SUMMON = "summon", "约谈和通报"
    VIEW_ORDERS = "view_orders", "查看督办、移送和约谈"
    ANSWER_TRANSFER = "answer_transfer", "办理移送"
    NUDGE = "nudge", "催办"
    REASSIGN = "reassign", "改派监管责任人"
    VIEW_ACCESSES = "view_accesses", "查看数据接入"
    ISSUE_TOKENS = "issue_tokens", "签发数据接口令牌"


C = Capability
_READS = frozenset({C.VIEW_HAZARDS, C.VIEW_INSTITUTIONS})
_OFFICIAL = _READS | {
    C.REGISTER,
    C.ISSUE,
    C.VERIFY,
    C.VIEW_DASHBOARD,
    C.IMPORT_INSTITUTIONS,
    C.EDIT_INSTITUTION,
    C.INSPECT,
    C.EDIT_CHECKLISTS,
    C.MANAGE_CAMPAIGNS,
    C.CLOSE,
    C.DECIDE_EXTENSION,
    C.SUPERVISE,
    C.TRANSFER,
    C.VIEW_ORDERS,
    C.VIEW_ACCESSES,
    C.ISSUE_TOKENS,
    C.NUDGE,
    C.REASSIGN,
}


@dataclass(frozen=True)
class RoleFacts:
    """Where a role is held (levels of the authority, empty: at an institution), what it may do, in one sentence.

    `is_of_other_department`: held at an authority other than 民政 only.
    """

    levels: frozenset[RegionLevel]
    capabilities: frozenset[Capability]
    sentence: str
    is_of_other_department: bool = False

    @property
    def is_held_at_institution(self) -> bool:
        return not self.levels


class Role(models.TextChoices):
    """Roles are code; who holds which is data (Membership). 三员分立: the last three never operate."""

    PROVINCE_OFFICIAL = "province_official", "省级监管人员"
    CITY_OFFICIAL = "city_official", "市级监管人员"
    COUNTY_OFFICIAL = "county_official", "县级监管人员"
    TOWNSHIP_PATROL = "township_patrol", "乡镇巡检员"
    MANAGER = "manager", "机构负责人"
    SAFETY_OFFICER = "safety_officer", "机构安全员"
    LIAISON = "liaison", "部门联络员"
    AUDITOR = "auditor", "审计员"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"

    @property
    def facts(self) -> RoleFacts:
        return ROLE_FACTS[self]


_L = RegionLevel
_AUTHORITY_LEVELS = frozenset({_L.PROVINCE, _L.CITY, _L.COUNTY})
ROLE_FACTS = {
    Role.PROVINCE_OFFICIAL: RoleFacts(
        frozenset({_L.PROVINCE}),
        _OFFICIAL | {C.SUMMON, C.SET_POLICY, C.EDIT_CALENDAR},
        "查看全省隐患和统计，对应由省级销号的隐患销号，设定各地销号规则，维护工作日历。",
    ),
    Role.CITY_OFFICIAL: RoleFacts(
        frozenset({_L.CITY}), _OFFICIAL | {C.SUMMON}, "开展市督查，对县级验收通过的隐患销号或不予销号。"
    ),
    Role.COUNTY_OFFICIAL: RoleFacts(
        frozenset({_L.COUNTY}), _OFFICIAL, "现场检查并登记隐患，下发整改，验收整改结果。"
    ),
    Role.TOWNSHIP_PATROL: RoleFacts(
        frozenset({_L.TOWNSHIP}),
        _READS | {C.REGISTER, C.INSPECT},
        "镇巡检发现隐患后登记，由县级民政部门下发整改。",
    ),
    Role.MANAGER: RoleFacts(
        frozenset(),
        _READS | {C.REGISTER, C.RECTIFY, C.INSPECT, C.EDIT_INSTITUTION},
        "查看本机构隐患，填报整改并上传照片。",
    ),
    Role.SAFETY_OFFICER: RoleFacts(
        frozenset(),
        _READS | {C.REGISTER, C.RECTIFY, C.INSPECT},
        "开展日巡查、月检查，登记自查隐患，填报整改。",
    ),
    Role.LIAISON: RoleFacts(
        _AUTHORITY_LEVELS,
        frozenset({C.ANSWER_TRANSFER}),
        "消防、住建、市场监管、卫健等部门的联络员，只看移送给本部门的事项并回执。",
        is_of_other_department=True,
    ),
    Role.AUDITOR: RoleFacts(
        _AUTHORITY_LEVELS,
        _READS | {C.VIEW_DASHBOARD, C.VIEW_ORDERS, C.VIEW_ACCESSES},
        "只读查看辖区内的隐患、记录和统计，不能办理。",
    ),
    Role.SYSTEM_ADMIN: RoleFacts(
        _AUTHORITY_LEVELS,
        frozenset({C.MANAGE_SYSTEM, C.VIEW_ACCESSES}),
        "维护账号和系统运行状态，看不到业务数据。",
    ),
    Role.SECURITY_ADMIN: RoleFacts(
        _AUTHORITY_LEVELS, frozenset({C.GRANT_ROLES}), "在辖区内授予和收回角色，不能办理业务。"
    ),
}
