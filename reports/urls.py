from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("search/", views.search, name="search"),
    path("dashboard/", views.dashboard, name="dashboard"),
]
