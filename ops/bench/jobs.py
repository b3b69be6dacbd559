"""The names of what is measured, for whoever asks; the work itself is known only to a process with the product loaded."""

# As `--only` names them: the bars, measured on the largest province.
JOBS = (
    "statements", "ledger", "dashboards", "search", "sweep", "register", "upkeep", "photo", "export", "crowd",
)  # fmt: skip
GROWTH = "growth"

GENERATING, EXPORTING, SWEEPING = "制作数据", "导出 全县", "巡查一日"
PAGE_OF_PROVINCE = "台账 全省"
# The jobs whose growth is measured, at every size.
GROWTH_JOBS = (
    PAGE_OF_PROVINCE, "台账 全县", "统计 全省", "统计 全县", "查找 少见的词", SWEEPING, "登记并下发", "工作台 县级", "工作台 省级",
    "机构统计页", "上月底的数", EXPORTING,
)  # fmt: skip
# These grow by their nature: all there is is written, or read.
MAY_GROW = (GENERATING, EXPORTING)
