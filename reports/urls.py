from django.urls import path

from reports import views
from reports.views import dashboards, imports

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
]
