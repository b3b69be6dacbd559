"""The product's addresses and the bare dashboard: the same tuned statements, rendered as plain tables, without login."""

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils import timezone

from reports import open_work, summary
from reports.periods import ALL_TIME

_TEMPLATE = """<!doctype html><title>bare</title>{% for table in tables %}<table>{% for row in table %}<tr>{% for value in row %}
<td><a href="/ledger/?state=open&amp;q={{ value }}">{{ value }}</a></td>{% endfor %}</tr>{% endfor %}</table>{% endfor %}"""
_about: list = []


def bare_for(actor, territory) -> None:
    """Whose figures the bare page shows."""
    _about[:] = [actor, territory]


def bare_dashboard(request):
    """Both statements and as many cells as the real page has, as plain values."""
    actor, territory = _about
    found = summary.read(actor, territory, ALL_TIME)
    work = open_work.read(actor, territory, ALL_TIME, timezone.localdate())
    groups = [found.found, found.parts, found.facets]
    rows = [
        [[key, *(s.n for s in list(tally.values())[:6])] for key, tally in group.items()][-40:]
        for group in groups
    ]
    tables = [*rows, [work.ages, work.lateness, work.waits]]
    return HttpResponse(engines["django"].from_string(_TEMPLATE).render({"tables": tables}))


urlpatterns = [path("bare/dashboard/", bare_dashboard), path("", include("config.urls"))]
