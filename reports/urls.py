from django.urls import path

from reports import views
from reports.views import appraisals, dashboards, imports

app_name = "reports"
urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("search/", views.search, name="search"),
    path("exports/", views.exports, name="exports"),
    path("exports/new/", views.new_export, name="new_export"),
    path("exports/<uuid:pk>/", views.export, name="export"),
    path("exports/<uuid:pk>/cancel/", views.cancel, name="cancel_export"),
    path("exports/<uuid:pk>/file/", views.export_file, name="export_file"),
    path("imports/", imports.imports, name="imports"),
    path("imports/past/", imports.past_hazards, name="past_hazards"),
    path("imports/<uuid:pk>/", imports.import_, name="import"),
    path("imports/<uuid:pk>/columns/", imports.match_import, name="match_import"),
    path("imports/<uuid:pk>/confirm/", imports.confirm_import, name="confirm_import"),
    path("imports/<uuid:pk>/cancel/", imports.cancel_import, name="cancel_import"),
    path("imports/<uuid:pk>/marked/", imports.marked_import, name="marked_import"),
    path("filters/", views.filters, name="filters"),
    path("filters/keep/", views.keep_filter, name="keep_filter"),
    path("filters/<int:pk>/", views.open_filter, name="open_filter"),
    path("filters/<int:pk>/change/", views.change_filter, name="change_filter"),
    path("dashboard/", dashboards.dashboard, name="dashboard"),
    path("dashboard/institutions/<int:pk>/", dashboards.institution, name="institution"),
    path("dashboard/target/", dashboards.target, name="target"),
    path("dashboard/rows/", dashboards.figure_rows, name="figure_rows"),
    path("dashboard/past/", dashboards.past_day, name="past"),
    path("dashboard/measures/", dashboards.measures, name="measures"),
    path(
        "dashboard/institutions/<int:pk>/measures/",
        dashboards.institution_measures,
        name="institution_measures",
    ),
    path("dashboard/appraisals/", appraisals.appraisals, name="appraisals"),
    path("dashboard/appraisals/new/", appraisals.appraisal_new, name="appraisal_new"),
    path("dashboard/appraisals/<int:pk>/", appraisals.appraisal, name="appraisal"),
    path("dashboard/appraisals/<int:pk>/print/", appraisals.appraisal_print, name="appraisal_print"),
    path("dashboard/appraisals/<int:pk>/file/", appraisals.appraisal_file, name="appraisal_file"),
    path("dashboard/appraisals/<int:pk>/rules/", appraisals.appraisal_rules, name="appraisal_rules"),
    path("dashboard/appraisals/<int:pk>/veto/", appraisals.appraisal_veto, name="appraisal_veto"),
    path("dashboard/appraisals/<int:pk>/publish/", appraisals.appraisal_publish, name="appraisal_publish"),
    path("dashboard/appraisals/<int:pk>/drop/", appraisals.appraisal_drop, name="appraisal_drop"),
    path("dashboard/appraisals/<int:pk>/revise/", appraisals.appraisal_revise, name="appraisal_revise"),
]
