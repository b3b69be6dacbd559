from django.urls import path

from hazards import views

app_name = "hazards"
urlpatterns = [
    path("new/", views.choose_institution, name="choose_institution"),
    path("new/<int:institution_pk>/", views.register, name="register"),
    path("of-institution/<int:pk>/", views.of_institution, name="of_institution"),
    path("closing-policy/", views.closing_policy, name="closing_policy"),
    path("photo/<int:pk>/<str:variant>/", views.photo, name="photo"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/<str:action>/", views.act, name="act"),
]
