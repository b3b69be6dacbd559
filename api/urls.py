"""Two addresses: what other systems read, and the pages of people who let them."""

from django.urls import path

from api import views
from api.reading import api, guarded

_found, app_name, _ = api.urls


def _guard(pattern):
    pattern.callback = guarded(pattern.callback)
    return pattern


# Without the library's own root, which only serves its pages.
reading_urlpatterns = [_guard(pattern) for pattern in _found if pattern.name != "api-root"]

access_urlpatterns = [
    path("", views.access_list, name="list"),
    path("new/", views.access_new, name="new"),
    path("openapi.json", views.openapi, name="openapi"),
    path("<int:pk>/", views.access, name="detail"),
    path("<int:pk>/issue/", views.access_issue, name="issue"),
    path("<int:pk>/revoke/", views.access_revoke, name="revoke"),
    path("<int:pk>/try/", views.access_try, name="try"),
]
