from django.urls import path

from files import views

app_name = "files"
urlpatterns = [
    path("", views.upload, name="upload"),
    path("<uuid:file_id>/remove/", views.remove, name="remove"),
    path("<uuid:file_id>/thumb/", views.thumb, name="thumb"),
]
