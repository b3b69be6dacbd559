from django.urls import path

from workdays import views

app_name = "workdays"
urlpatterns = [
    path("", views.calendar_year, name="calendar"),
    path("notice/", views.notice, name="notice"),
    path("days/<str:on>/", views.day, name="day"),
]
