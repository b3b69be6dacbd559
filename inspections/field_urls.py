"""URLs of capture without signal: the field page, what a phone sends, and packets; included by inspections.urls."""

from django.urls import path

from inspections.views import field, packets, sync

_SYNC = "sync/visits/<uuid:uid>/"

field_urlpatterns = [
    path("field/", field.shell, name="field"),
    path("packets/", packets.packets, name="packets"),
    path("packets/new/<int:institution_pk>/", packets.packet_new, name="packet_new"),
    path("packets/import/", packets.packet_import, name="packet_import"),
    path("sync/session/", sync.session, name="sync_session"),
    path("sync/prepare/", sync.prepare, name="sync_prepare"),
    path(_SYNC, sync.visit, name="sync_visit"),
    path(_SYNC + "findings/<uuid:finding_uid>/", sync.finding, name="sync_finding"),
    path(_SYNC + "photos/<uuid:photo_uid>/", sync.photo, name="sync_photo"),
    path(_SYNC + "signatures/<uuid:signature_uid>/", sync.signature, name="sync_signature"),
    path(_SYNC + "finish/", sync.finish, name="sync_finish"),
]
