from django.apps import AppConfig


class HazardsConfig(AppConfig):
    name = "hazards"
    verbose_name = "隐患"

    def ready(self):
        from clocks import acts  # noqa: PLC0415  (models are not loaded when this module is)
        from hazards.actions import taking_up  # noqa: PLC0415  (likewise)

        acts.register("hazards", acts.Office(taking_up.form_of, taking_up.waiting))
