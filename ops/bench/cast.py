"""Who measures: officials of the county with most hazards, of its city and its province, and their browsers."""

from functools import cache
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count
from django.test import Client

from hazards.models import Hazard
from institutions.actor import Actor
from institutions.enums import Role
from institutions.models import Membership, Region
from institutions.territories import Territory, territory_below

SCOPES = {"全省": Role.PROVINCE_OFFICIAL, "全市": Role.CITY_OFFICIAL, "全县": Role.COUNTY_OFFICIAL}
BACKEND = "institutions.backends.PersonBackend"


@cache
def busiest_county() -> Region:
    """The county with most hazards."""
    top = Hazard.objects.order_by().values("county").annotate(n=Count("pk")).order_by("-n", "county")
    return Region.objects.select_related("parent__parent").get(pk=top[0]["county"])


def posts(role: Role) -> list[Membership]:
    """The posts of a role at the busiest county, its city or its province."""
    county = busiest_county()
    above = {Role.COUNTY_OFFICIAL: county, Role.CITY_OFFICIAL: county.parent}
    region = above.get(role) or county.parent.parent or county.parent
    rows = Membership.objects.active().with_places().filter(role=role, authority__region=region)
    return list(rows.order_by("pk"))


@cache
def actor_of(role: Role) -> Actor:
    """The first of them as an actor."""
    post = posts(role)[0]
    return Actor(post.user, post)


def territory_of(actor: Actor) -> Territory:
    return territory_below(actor.authority.region, "")


class Browser:
    """A logged-in person in this process, through the whole stack of middleware; one without a person is a stranger."""

    def __init__(self, actor: Actor | None = None):
        self._client = Client(SERVER_NAME="localhost")
        if actor:
            self._client.force_login(actor.user, backend=BACKEND)

    @property
    def cookies(self) -> str:
        """As a header."""
        return "; ".join(f"{name}={morsel.value}" for name, morsel in self._client.cookies.items())

    def get(self, path: str, **query) -> bytes:
        """The page's content. Raises ValueError for anything but 200."""
        response = self._client.get(f"{path}?{urlencode(query)}" if query else path)
        if response.status_code != 200:
            raise ValueError(f"{path} {query}: {response.status_code}")
        return response.content


def answer(sql: str, parameters=()) -> list[tuple]:
    """The rows of one statement without a limit of time."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(sql, parameters)
        return cursor.fetchall()
