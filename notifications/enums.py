"""The fixed vocabularies of notices and their delivery."""

from django.db import models


class Channel(models.TextChoices):
    """Ways out of the house. The in-app notice is a row, not a channel: it needs no delivery."""

    EMAIL = "email", "邮件"
    SMS = "sms", "短信"
    WECOM = "wecom", "企业微信群"
    DINGTALK = "dingtalk", "钉钉群"
    WEBHOOK = "webhook", "变更推送"


# To one person, at an address of theirs.
PERSONAL_CHANNELS = (Channel.EMAIL, Channel.SMS)
# To everybody in a group chat, through the robot of an authority.
ROBOT_CHANNELS = (Channel.WECOM, Channel.DINGTALK)
# Each of these goes to a server of its own, which rests and fails for itself.
CHANNELS_OF_MANY_SERVERS = (*ROBOT_CHANNELS, Channel.WEBHOOK)
RobotKind = models.TextChoices("RobotKind", [(c.name, (c.value, c.label)) for c in ROBOT_CHANNELS])


class RobotAct(models.TextChoices):
    """What happened to a group robot (RobotEvent.act)."""

    ADDED = "added", "新增"
    EDITED = "edited", "修改"
    SWITCHED_OFF = "switched_off", "停用"
    SWITCHED_ON = "switched_on", "启用"
    TRIED = "tried", "发送测试消息"
