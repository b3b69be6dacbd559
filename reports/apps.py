from django.apps import AppConfig

from notifications.duties import Duty, watch


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "统计"

    def ready(self):
        from clocks import riders  # noqa: PLC0415  (models are not loaded when this module is)
        from reports import saved_filters  # noqa: PLC0415  (likewise)

        watch(Duty("exports", "导出和常用条件的巡检", "导出文件可能没有生成"))
        watch(Duty("summary", "统计汇总的并入", "统计页面会变慢，数字仍然准确"))
        riders.ride(saved_filters.TOPIC, "常用条件新增")
