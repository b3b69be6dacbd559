from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "config"
    verbose_name = "整套系统"

    def ready(self):
        from config import calendar_watch  # noqa: PLC0415  (models are not loaded at import time)

        calendar_watch.watch()
