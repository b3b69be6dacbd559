"""The product's addresses, and the bare pages: the tuned statements, rendered as plain tables, without login."""

from django.db import connection
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils import timezone

from institutions.actor import Actor
from ops.bench.cast import territory_of
from reports import open_work, summary
from reports.periods import ALL_TIME

_ROWS = 50
_LEDGER = engines["django"].from_string("""<!doctype html><title>bare</title><table>{% for row in rows %}<tr>
<td><a href="/hazards/{{ row.id }}/">{{ row.id }}</a></td><td>{{ row.found_on }}</td><td>{{ row.description }}</td>
<td>{{ row.location }}</td><td>{{ row.institution }}</td><td>{{ row.kind }}</td><td>{{ row.city }}</td><td>{{ row.county }}</td>
<td>{{ row.township }}</td><td>{{ row.domain }}</td><td>{{ row.severity }}</td><td>{{ row.status }}</td><td>{{ row.due_on }}</td>
</tr>{% endfor %}</table>""")
_TABLES = engines["django"].from_string("""<!doctype html><title>bare</title>{% for table in tables %}<table>{% for row in table %}<tr>
{% for value in row %}<td><a href="/ledger/?state=open&amp;q={{ value }}">{{ value }}</a></td>{% endfor %}</tr>{% endfor %}</table>
{% endfor %}""")
# The page is found in the index of the scope; only its rows meet the other tables.
_PAGE = """
SELECT h.id, h.found_on, h.description, h.location, h.domain, h.severity, h.status, h.due_on, h.status_changed_at,
       h.void_requested_at, h.recurrence_of_id, h.extension_region_id, h.supervised_region_id, h.awaits_department,
       i.name AS institution, i.kind, city.name AS city, county.name AS county, township.name AS township
FROM (SELECT * FROM hazards_hazard WHERE {column} = %s ORDER BY found_on DESC, id DESC LIMIT %s) h
JOIN institutions_institution i ON i.id = h.institution_id
JOIN institutions_region city ON city.id = h.city_id
JOIN institutions_region county ON county.id = h.county_id
JOIN institutions_region township ON township.id = h.township_id
ORDER BY h.found_on DESC, h.id DESC
"""
_about: list[Actor] = []


def bare_for(actor: Actor) -> None:
    """Whose rows and figures the bare pages show from now on."""
    _about[:] = [actor]


def bare_ledger(request):
    """Fifty rows as dictionaries from one statement."""
    scope = _about[0].scope
    with connection.cursor() as cursor:
        cursor.execute(_PAGE.format(column=scope.column), [scope.value, _ROWS])
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return HttpResponse(_LEDGER.render({"rows": rows}))


def bare_dashboard(request):
    """Both statements and about as many cells as the real page has, as plain values."""
    actor, territory = _about[0], territory_of(_about[0])
    found = summary.read(actor, territory, ALL_TIME)
    work = open_work.read(actor, territory, ALL_TIME, timezone.localdate())
    groups = [found.found, found.parts, found.facets]
    rows = [
        [[key, *(s.n for s in list(tally.values())[:6])] for key, tally in group.items()][-40:]
        for group in groups
    ]
    return HttpResponse(_TABLES.render({"tables": [*rows, [work.ages, work.lateness, work.waits]]}))


urlpatterns = [
    path("bare/ledger/", bare_ledger),
    path("bare/dashboard/", bare_dashboard),
    path("", include("config.urls")),
]
