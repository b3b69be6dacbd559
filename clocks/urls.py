from django.urls import path

from clocks.views import ladders, pages

app_name = "clocks"
urlpatterns = [
    path("tomorrow/", pages.tomorrow, name="tomorrow"),
    path("coming/", pages.coming, name="coming"),
    path("of/<str:kind>/<int:subject_id>/", pages.of_matter, name="of_matter"),
    path("digest/<str:on>/", pages.digest, name="digest"),
    path("drafts/", pages.draft_list, name="drafts"),
    path("drafts/<int:pk>/", pages.draft, name="draft"),
    path("drafts/<int:pk>/issue/", pages.draft_issue, name="draft_issue"),
    path("drafts/<int:pk>/drop/", pages.draft_drop, name="draft_drop"),
    path("ladders/", ladders.ladder_list, name="ladders"),
    path("ladders/<str:key>/", ladders.ladder, name="ladder"),
    path("ladders/<str:key>/draft/", ladders.ladder_draft, name="ladder_draft"),
    path("ladders/<str:key>/edit/", ladders.ladder_edit, name="ladder_edit"),
    path("ladders/<str:key>/publish/", ladders.ladder_publish, name="ladder_publish"),
    path("ladders/<str:key>/discard/", ladders.ladder_discard, name="ladder_discard"),
]
