"""All URLs. Every one has a policy in tests/access; a new one without a policy fails there."""

from django.urls import include, path

from api import unreached
from api import urls as api
from hazards.views import public_orders, workbench
from inspections.views.field import service_worker
from institutions import urls as institutions

urlpatterns = [
    path("", workbench, name="workbench"),
    path("", include(institutions.session_urlpatterns)),
    path("institutions/", include((institutions.institution_urlpatterns, "institutions"))),
    path("members/", include((institutions.member_urlpatterns, "members"))),
    path("public/orders/", public_orders, name="public_orders"),
    path("hazards/", include("hazards.urls")),
    path("clocks/", include("clocks.urls")),
    path("inspections/", include("inspections.urls")),
    path("files/", include("files.urls")),
    path("notices/", include("notifications.urls")),
    path("workdays/", include("workdays.urls")),
    path("", include("reports.urls")),
    path("api/v1/", include((api.reading_urlpatterns, "api"))),
    path("accesses/", include((api.access_urlpatterns, "accesses"))),
    # At the top: a service worker answers for what lies below its own address.
    path("sw.js", service_worker, name="service_worker"),
    path("healthz/", include("notifications.health_urls")),
]

# Below /api/ errors are JSON, whether or not the address exists; elsewhere they are pages.
handler400, handler403 = unreached.bad_request, unreached.forbidden
handler404, handler500 = unreached.not_found, unreached.broken
