"""The fixed vocabularies of access by other systems."""

from django.db import models


class Scope(models.TextChoices):
    """What a token may read, of its authority's region."""

    HAZARDS = "hazards:read", "隐患"
    INSTITUTIONS = "institutions:read", "机构"
    SUMMARY = "summary:read", "汇总数字"


class AccessAct(models.TextChoices):
    """What happened to an access (AccessEvent.act)."""

    REQUESTED = "requested", "登记接入"
    ISSUED = "issued", "签发令牌"
    REVOKED = "revoked", "吊销"
    TRIED = "tried", "发送测试消息"
