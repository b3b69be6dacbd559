from django.apps import AppConfig

from notifications.duties import Duty, watch


class ClocksConfig(AppConfig):
    name = "clocks"
    verbose_name = "期限与升级"

    def ready(self):
        watch(Duty("clocks", "期限提醒", "到期提醒和逾期升级可能没有发出"))
        from clocks import calendar  # noqa: PLC0415  (models are not loaded when this module is)

        calendar.depend()
