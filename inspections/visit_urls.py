"""URLs of visits and their findings; included by inspections.urls."""

from django.urls import path

from inspections.views import findings, visit_fragments, visits

_VISIT = "visits/<uuid:uid>/"

visit_urlpatterns = [
    path("visits/", visits.visit_list, name="visits"),
    path("visits/new/", visits.visit_choose, name="visit_choose"),
    path("visits/new/<int:institution_pk>/", visits.visit_new, name="visit_new"),
    path(
        "visits/of-institution/<int:pk>/", visit_fragments.visits_of_institution, name="visits_of_institution"
    ),
    path("visits/of-hazard/<int:pk>/", visit_fragments.visits_of_hazard, name="visits_of_hazard"),
    path("visits/due/", visit_fragments.due, name="due"),
    path(_VISIT, visits.visit, name="visit"),
    path(_VISIT + "check-in/", visits.visit_check_in, name="check_in"),
    path(_VISIT + "cancel/", visits.visit_cancel, name="cancel"),
    path(_VISIT + "answers/", visits.visit_answers, name="answers"),
    path(_VISIT + "record/", visits.visit_record, name="record"),
    path(_VISIT + "sign/", visits.visit_sign, name="sign"),
    path(_VISIT + "finish/", visits.visit_finish, name="finish"),
    path(_VISIT + "print/", visits.visit_print, name="print"),
    path(_VISIT + "findings/new/", findings.finding_new, name="finding_new"),
    path(_VISIT + "findings/<uuid:finding_uid>/", findings.finding, name="finding"),
    path(_VISIT + "findings/<uuid:finding_uid>/remove/", findings.finding_remove, name="finding_remove"),
    path("photos/<int:pk>/<str:variant>/", findings.photo, name="photo"),
]
