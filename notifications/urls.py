from django.urls import path

from notifications import address_views, health_views, robot_views, views

app_name = "notifications"
urlpatterns = [
    path("", views.notice_list, name="list"),
    path("bell/", views.bell, name="bell"),
    path("health/", health_views.health_panel, name="health"),
    path("preferences/", views.own_preferences, name="preferences"),
    path("addresses/", address_views.address_panel, name="addresses"),
    path("addresses/<int:pk>/allow/", address_views.address_allow, name="address_allow"),
    path("robots/", robot_views.robot_list, name="robots"),
    path("robots/add/", robot_views.robot_add, name="robot_add"),
    path("robots/<int:pk>/", robot_views.robot, name="robot"),
    path("robots/<int:pk>/switch/", robot_views.robot_switch, name="robot_switch"),
    path("robots/<int:pk>/try/", robot_views.robot_try, name="robot_try"),
    path("read/", views.mark_read, name="mark_read"),
    path("<int:pk>/", views.open_notice, name="open"),
]
