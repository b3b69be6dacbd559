from django.urls import path

from inspections.campaign_urls import campaign_urlpatterns
from inspections.field_urls import field_urlpatterns
from inspections.views import checklists
from inspections.visit_urls import visit_urlpatterns

app_name = "inspections"
urlpatterns = [
    path("checklists/", checklists.checklist_list, name="checklists"),
    path("checklists/new/", checklists.checklist_add, name="checklist_add"),
    path("checklists/<int:pk>/", checklists.checklist, name="checklist"),
    path("checklists/<int:pk>/print/", checklists.checklist_print, name="checklist_print"),
    path("checklists/<int:pk>/draft/", checklists.checklist_draft, name="checklist_draft"),
    path("checklists/<int:pk>/edit/", checklists.checklist_edit, name="checklist_edit"),
    path("checklists/<int:pk>/facts/", checklists.checklist_facts, name="checklist_facts"),
    path("checklists/<int:pk>/items/new/", checklists.item_add, name="item_add"),
    path("checklists/<int:pk>/items/<int:item_pk>/", checklists.item_edit, name="item_edit"),
    path("checklists/<int:pk>/items/<int:item_pk>/remove/", checklists.item_remove, name="item_remove"),
    path("checklists/<int:pk>/publish/", checklists.checklist_publish, name="checklist_publish"),
    path("checklists/<int:pk>/withdraw/", checklists.checklist_withdraw, name="checklist_withdraw"),
    *visit_urlpatterns,
    *field_urlpatterns,
    *campaign_urlpatterns,
]
