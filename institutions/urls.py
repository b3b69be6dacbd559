"""URLs of this app in three groups; config.urls gives the last two their namespaces."""

from django.urls import path

from institutions.views import imports, institutions, members, safety, session, system

session_urlpatterns = [
    path("login/", session.login, name="login"),
    path("logout/", session.logout, name="logout"),
    path("me/", session.me, name="me"),
    path("me/password/", session.password_change, name="password_change"),
    path("me/post/", session.post_switch, name="post_switch"),
    path("me/display-size/", session.display_size, name="display_size"),
]

institution_urlpatterns = [
    path("", institutions.institution_list, name="list"),
    path("new/", institutions.add, name="add"),
    path("import/", imports.upload, name="import"),
    path("import/template.xlsx", imports.template, name="import_template"),
    path("import/<uuid:pk>/", imports.dry_run, name="import_dry_run"),
    path("import/<uuid:pk>/errors.xlsx", imports.annotated, name="import_annotated"),
    path("import/<uuid:pk>/confirm/", imports.confirm, name="import_confirm"),
    path("<int:pk>/", institutions.detail, name="detail"),
    path("<int:pk>/edit/", institutions.edit, name="edit"),
    path("<int:pk>/licences/", institutions.licences, name="licences"),
    path("<int:pk>/persons/", institutions.persons, name="persons"),
    path("<int:pk>/pledges/<int:year>/", safety.pledge, name="pledge"),
    path("<int:pk>/drills/new/", safety.drill, name="drill_add"),
    path("<int:pk>/drills/<int:drill_pk>/", safety.drill, name="drill"),
]

member_urlpatterns = [
    path("", members.member_list, name="list"),
    path("system/", system.status, name="system"),
    path("add/", members.add, name="add"),
    path("<int:pk>/", members.detail, name="detail"),
    path("<int:pk>/grant/", members.grant, name="grant"),
    path("<int:pk>/disable/", members.disable, name="disable"),
    path("<int:pk>/enable/", members.enable, name="enable"),
    path("<int:pk>/reset-password/", members.reset_password, name="reset_password"),
    path("<int:pk>/unlock/", members.unlock, name="unlock"),
    path("posts/<int:pk>/revoke/", members.revoke, name="revoke"),
]
