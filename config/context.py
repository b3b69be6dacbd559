"""What every page knows: who acts, where they can go, what they must be told."""

from django.utils import timezone

from common.addresses import address
from config import frame
from institutions.enums import Capability as C

# label, URL name, icon, capability needed (None: everybody), whether it fits the phone's bottom bar
_NAV = [
    ("工作台", "workbench", "home", None, True),
    ("隐患台账", "reports:ledger", "alert-triangle", C.VIEW_HAZARDS, True),
    ("检查", "inspections:visits", "clipboard-check", C.VIEW_HAZARDS, True),
    ("机构档案", "institutions:list", "building", C.VIEW_INSTITUTIONS, True),
    ("统计分析", "reports:dashboard", "chart-bar", C.VIEW_DASHBOARD, True),
    ("移送办理", "hazards:transfers", "send", C.ANSWER_TRANSFER, True),
    ("督办移送", "hazards:orders", "gavel", C.VIEW_ORDERS, False),
    ("办理规则", "hazards:closing_policy", "settings", C.SET_POLICY, False),
    ("工作日历", "workdays:calendar", "calendar", C.EDIT_CALENDAR, False),
    ("成员管理", "members:list", "users", C.GRANT_ROLES, True),
    ("系统状态", "members:system", "server", C.MANAGE_SYSTEM, True),
    ("数据接入", "accesses:list", "plug", C.MANAGE_SYSTEM, True),
]

# Where a section is larger than the page its entry leads to.
_SECTION = {
    "inspections:visits": ("/inspections/",),
    "hazards:orders": (
        "/hazards/orders/",
        "/hazards/extensions/",
        "/hazards/transfers/",
        "/hazards/records/",
    ),
    "hazards:closing_policy": (
        "/hazards/closing-policy/",
        "/hazards/extension-policy/",
        "/hazards/drafting-rules/",
    ),
}
TABS_ON_PHONES = 4  # and 我的; the rest is on that page


def _nav(request) -> list[dict]:
    actor, items = request.actor, []
    for label, name, icon, capability, is_short in _NAV:
        if capability is None or (actor and actor.can(capability)):
            url = address(name)
            is_current = request.path == url or (
                url != "/" and request.path.startswith(_SECTION.get(name, (url,)))
            )
            items.append(
                {"label": label, "url": url, "icon": icon, "is_current": is_current, "is_short": is_short}
            )
    return items


def house(request):
    """Context of base.html. Costs one statement (config.frame); nothing for a fragment."""
    actor = getattr(request, "actor", None)
    if not getattr(request, "user", None) or not request.user.is_authenticated or request.htmx:
        return {"actor": actor}
    nav = _nav(request)
    short = [item for item in nav if item["is_short"]]
    me = {
        "label": "我的",
        "url": address("me"),
        "icon": "user",
        "is_current": request.path == address("me"),
        "is_short": True,
    }
    unread, banners = frame.look(request.user, actor, timezone.localdate())
    return {
        "actor": actor,
        "posts": request.posts,
        "nav": nav,
        "bottom_nav": [*short[:TABS_ON_PHONES], me],
        "more_nav": [item for item in nav if item not in short[:TABS_ON_PHONES]],
        "unread": unread,
        "banners": banners,
    }
