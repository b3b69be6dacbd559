"""数据接入: one system that may read, and one that waits to be let in. Nothing leaves the machine.

The token goes where it was issued: nowhere; only its beginning is kept. Pushes would go to a port of this machine that
nobody listens at (ops/demo.py allows that one address), and until somebody issues the second access there are none.
"""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from api import accesses
from api.admission import admit
from api.enums import Scope
from config.demo import clock
from config.demo.calendar import back
from config.demo.cast import Cast
from institutions.actor import Actor
from institutions.models import Region, User

NOBODY_LISTENS = "http://127.0.0.1:9"
_ASKED_DAYS_AGO, _ISSUED_AFTER, _WAITS_SINCE = 70, timedelta(hours=26), 3


def let_in(cast: Cast, now: datetime) -> None:
    """The provincial data platform reads since some weeks; a city's platform was registered some days ago."""
    administrator = User.objects.get(username="sysadmin")
    by = Actor(administrator, administrator.memberships.get())
    province, city = (Region.objects.get(code=code).pk for code in ("360000", "360700"))
    asked_at, waits_since = (_morning(now, days) for days in (_ASKED_DAYS_AGO, _WAITS_SINCE))
    with clock.at(asked_at):
        access = accesses.request_access(
            by=by, authority=cast.authorities[province], name="省民政数据共享平台（演示）", operator="省民政厅信息中心",
            purpose="每天汇总隐患整改情况，供全省民政一张图使用。", scopes=[Scope.HAZARDS, Scope.SUMMARY],
            last_day=asked_at.date() + timedelta(days=360),
        )  # fmt: skip
    with clock.at(asked_at + _ISSUED_AFTER):
        issued = accesses.issue_token(access, by=cast.officials[province][0], issue_count=0)
    admit(issued.token)  # read once, now
    with clock.at(waits_since):
        accesses.request_access(
            by=by, authority=cast.authorities[city], name="市城市运行平台（演示）", operator="赣州市大数据中心",
            purpose="养老机构重大隐患变动时提示值班人员；推送地址是本机没有程序接收的端口，签发后也不会发到外面。",
            scopes=[Scope.HAZARDS, Scope.INSTITUTIONS], last_day=waits_since.date() + timedelta(days=180),
            push_url=push_address(),
        )  # fmt: skip


def push_address() -> str:
    """Where nobody listens, if the environment allows that; else none: an operator's own systems are never taken."""
    return f"{NOBODY_LISTENS}/yinhuan" if NOBODY_LISTENS in settings.SUBSCRIBER_ORIGINS else ""


def _morning(now: datetime, days_ago: int) -> datetime:
    day = back(timezone.localdate(now) - timedelta(days=days_ago))
    return timezone.make_aware(datetime.combine(day, time(9, 30)))
