from django.urls import path

from reports import dashboard_views, views

app_name = "reports"
urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("dashboard/", dashboard_views.dashboard, name="dashboard"),
    path("dashboard/institutions/<int:pk>/", dashboard_views.institution, name="institution"),
    path("dashboard/target/", dashboard_views.target, name="target"),
    path("dashboard/rows/", dashboard_views.figure_rows, name="figure_rows"),
    path("dashboard/past/", dashboard_views.past_day, name="past"),
]
