from django.urls import path

from hazards import views

app_name = "hazards"
urlpatterns = [
    path("new/", views.choose_institution, name="choose_institution"),
    path("new/<int:institution_pk>/", views.register, name="register"),
    path("of-institution/<int:pk>/", views.of_institution, name="of_institution"),
    path("closing-policy/", views.closing_policy, name="closing_policy"),
    path("extension-policy/", views.extension_policy, name="extension_policy"),
    path("drafting-rules/", views.drafting_rules, name="drafting_rules"),
    path("orders/", views.orders, name="orders"),
    path("orders/<int:pk>/", views.order, name="order"),
    path("orders/<int:pk>/print/", views.order_print, name="order_print"),
    path("extensions/", views.extensions, name="extensions"),
    path("extensions/<int:pk>/print/", views.extension_print, name="extension_print"),
    path("transfers/", views.transfers, name="transfers"),
    path("transfers/<int:pk>/", views.transfer, name="transfer"),
    path("transfers/<int:pk>/answer/", views.answer_transfer, name="answer_transfer"),
    path("transfers/<int:pk>/print/", views.transfer_print, name="transfer_print"),
    path("transfers/photo/<int:pk>/<str:variant>/", views.transfer_photo, name="transfer_photo"),
    path("records/", views.records, name="records"),
    path("records/new/", views.draft, name="draft"),
    path("records/of-draft/<int:pk>/", views.take_up, name="take_up"),
    path("records/look/", views.look_for_drafts, name="look_for_drafts"),
    path("records/<str:kind>/<int:pk>/", views.record, name="record"),
    path("records/<str:kind>/<int:pk>/<str:action>/", views.record_act, name="record_act"),
    path("photo/<int:pk>/<str:variant>/", views.photo, name="photo"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/<str:action>/", views.act, name="act"),
]
