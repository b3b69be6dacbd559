from django.urls import path

from notifications import health_views

urlpatterns = [
    path("live", health_views.health_live, name="health_live"),
    path("ready", health_views.health_ready, name="health_ready"),
    path("deep", health_views.health_deep, name="health_deep"),
]
