"""The accounts of the demo province, named in the README and on the demo's login page. They exist only there."""

import os
from dataclasses import dataclass

from institutions.enums import Role

DEMO_PASSWORD = os.environ.get("DEMO_PASSWORD") or "Xiaohao-2026"


@dataclass(frozen=True)
class DemoAccount:
    """Somebody made up: login name, name, role, where (a region's code, or None for the demo facility), and who that is."""

    username: str
    name: str
    role: Role
    region_code: str | None
    sentence: str


DEMO_ACCOUNTS = (
    DemoAccount("county", "陈晓明", Role.COUNTY_OFFICIAL, "360704", "赣县区民政局，检查、登记、下发整改"),
    DemoAccount("facility", "刘桂英", Role.MANAGER, None, "赣县区一家养老机构的负责人，填报整改"),
    DemoAccount("county2", "李建国", Role.COUNTY_OFFICIAL, "360704", "赣县区民政局另一位，验收整改结果"),
    DemoAccount("city", "王海燕", Role.CITY_OFFICIAL, "360700", "赣州市民政局，销号"),
    DemoAccount("province", "赵文斌", Role.PROVINCE_OFFICIAL, "360000", "江西省民政厅，看全省进度"),
    DemoAccount("city2", "周敏", Role.CITY_OFFICIAL, "360700", "赣州市民政局另一位"),
    DemoAccount("county_other", "吴志强", Role.COUNTY_OFFICIAL, "360121", "另一个市的南昌县民政局"),
    DemoAccount("township", "谢小兰", Role.TOWNSHIP_PATROL, "360704106", "赣县区茅店镇，镇巡检发现隐患"),
    DemoAccount("facility2", "黄志平", Role.SAFETY_OFFICER, None, "赣县区另一家机构的安全员，日常自查"),
    DemoAccount(
        "fire", "邓海军", Role.LIAISON, "360704", "赣县区消防救援大队的联络员，只看移送给本部门的事项"
    ),
    DemoAccount("auditor", "郑国华", Role.AUDITOR, "360000", "审计员，只读"),
    DemoAccount("sysadmin", "孙伟", Role.SYSTEM_ADMIN, "360000", "系统管理员，看不到业务数据"),
    DemoAccount("secadmin", "何静", Role.SECURITY_ADMIN, "360000", "安全管理员，管理成员和角色"),
)
