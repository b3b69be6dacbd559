from django.urls import path

from notifications import health_views, views

app_name = "notifications"
urlpatterns = [
    path("", views.notice_list, name="list"),
    path("bell/", views.bell, name="bell"),
    path("health/", health_views.health_panel, name="health"),
    path("read/", views.mark_read, name="mark_read"),
    path("<int:pk>/", views.open_notice, name="open"),
]
