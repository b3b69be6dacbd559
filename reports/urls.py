from django.urls import path

from reports import views
from reports.views import dashboards

app_name = "reports"
urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("ledger/columns/", views.columns, name="columns"),
    path("ledger/lists/<str:name>/", views.four_list, name="list"),
    path("ledger/bulk/result/<uuid:pk>/", views.bulk_result, name="bulk_result"),
    path("ledger/bulk/<str:action>/", views.bulk_act, name="bulk"),
    path("search/", views.search, name="search"),
    path("search/suggest/", views.suggest, name="suggest"),
    path("exports/", views.exports, name="exports"),
    path("exports/new/", views.new_export, name="new_export"),
    path("exports/<uuid:pk>/", views.export, name="export"),
    path("exports/<uuid:pk>/cancel/", views.cancel, name="cancel_export"),
    path("exports/<uuid:pk>/file/", views.export_file, name="export_file"),
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
