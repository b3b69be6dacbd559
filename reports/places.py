"""Where: the regions and institutions somebody may filter by, from city to county to township to institution.

And the campaigns, for no other reason than that one statement brings them all.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from django.db import connection
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast

from common.prepared import planned
from inspections.models import Campaign
from institutions.actor import Actor, Scope
from institutions.enums import RegionLevel, Role
from institutions.models import Institution, Region
from institutions.territories import OF_ITSELF, is_code

L = RegionLevel
LEVELS = (L.CITY, L.COUNTY, L.TOWNSHIP)
INSTITUTION, CAMPAIGN, BROUGHT = "institution", "campaign", "import"


@dataclass(frozen=True)
class Place:
    """A region by its code, or an institution by its id, with the code of the region it lies in.

    Or a campaign by its id, with the day it starts as `parent`.
    """

    kind: str
    value: str
    pk: int
    name: str
    parent: str
    path: str


@dataclass
class Places:
    """What can be chosen where, and what was chosen: `data` put in order, `notices` for what was dropped."""

    data: dict[str, str]
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    pks: dict[str, int] = field(default_factory=dict)


def is_number(text: str) -> bool:
    """Whether `text` can be a primary key."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def places_for(actor: Actor, data: dict[str, str]) -> Places:
    """The choices for `actor` given what is chosen in `data`; one statement, none for a post at an institution.

    A place below another that was chosen is dropped when it lies elsewhere: the upper one was changed after it.
    What isn't in the actor's scope is left in `data`, where it matches no choice, whether it exists or not.
    """
    result = Places(dict(data))
    if actor.institution:
        _drop_own(result, INSTITUTION, {str(actor.institution.pk)})
        return result
    own = actor.authority.region
    known = _known(actor, own, data)
    regions = {p.value: p for p in known if p.kind not in (INSTITUTION, CAMPAIGN)}
    result.pks = {code: p.pk for code, p in regions.items()}
    _fill_upwards(result.data, regions)
    for level in LEVELS:
        if level.rank <= L(own.level).rank:
            _drop_own(result, level, {own.code} if level == own.level else set(own.ancestor_codes))
    for level, upper in zip(LEVELS, (L.PROVINCE, *LEVELS), strict=False):
        if L(own.level).rank < level.rank:
            above = own.code if own.level == upper else result.data.get(upper)
            if above is None and level == L.COUNTY:
                above = own.code  # 省直辖县 have no city above them
            _choose(result, level, regions.get(above or ""), regions)
    _choose_institution(result, own, known)
    campaigns = sorted((p for p in known if p.kind == CAMPAIGN), key=lambda p: (p.parent, p.pk), reverse=True)
    result.choices[CAMPAIGN] = [(p.value, p.name) for p in campaigns]
    return result


def _drop_own(result: Places, name: str, own: set[str]) -> None:
    """A link from somebody with a wider scope may name where one is anyway: nothing to choose, nothing wrong."""
    if result.data.get(name) in own:
        del result.data[name]


@dataclass(frozen=True)
class _Question:
    """What `_known` asks, and all its statement depends on, with nothing in it but codes and numbers."""

    role: Role
    scope: Scope
    level: str
    path: str
    chosen: tuple[tuple[str, str], ...]
    actor: Actor = field(compare=False)


def _known(actor: Actor, own: Region, data: dict[str, str]) -> list[Place]:
    """Cities and counties of the scope, the townships and institutions of the chosen county, all campaigns in sight."""
    chosen = [(level, data[level]) for level in LEVELS if is_code(data.get(level, ""))]
    if is_number(data.get(INSTITUTION, "")):
        chosen.append((INSTITUTION, data[INSTITUTION]))
    sql, parameters = _statement(
        _Question(actor.role, actor.scope, own.level, own.path, tuple(chosen), actor)
    )
    with connection.cursor() as cursor:
        cursor.execute(*planned(sql, parameters))
        found = cursor.fetchall()
    return sorted((Place(*row) for row in found), key=lambda p: (p.path, p.name, p.pk))


@lru_cache(maxsize=1024)
def _statement(asked: _Question) -> tuple[str, tuple]:
    """SQL and parameters, not what they find: writing it down takes Django longer than PostgreSQL to answer."""
    actor, data = asked.actor, dict(asked.chosen)
    own = actor.authority.region
    codes, county = {data[level] for level in LEVELS if level in data}, data.get(L.COUNTY)
    regions = (
        Region.objects.within(own)
        .filter(
            Q(level__in=[L.PROVINCE, L.CITY, L.COUNTY])
            | Q(level=L.TOWNSHIP, parent__code=own.code)
            | Q(level=L.TOWNSHIP, parent__code=county)
            | Q(code__in=codes)
        )
        .order_by()
        .values_list("level", "code", "id", "name", "parent__code", "path")
    )
    here = Q(pk=data[INSTITUTION]) if INSTITUTION in data else Q(pk__in=[])
    if L(own.level).rank >= L.COUNTY.rank:
        here = Q()
    elif county:
        here |= Q(county__code=county)
    institutions = (
        Institution.objects.visible_to(actor)
        .filter(here)
        .order_by()
        .values_list(
            Value(INSTITUTION), Cast("id", CharField()), "id", "name", F("county__code"), F("county__path")
        )
    )
    campaigns = (
        Campaign.objects.visible_to(actor)
        .order_by()
        .values_list(
            Value(CAMPAIGN), Cast("id", CharField()), "id", "name", Cast("starts_on", CharField()), Value("")
        )
    )
    return regions.union(institutions, campaigns, all=True).query.sql_with_params()


def _fill_upwards(data: dict[str, str], regions: dict[str, Place]) -> None:
    """A link may name the county alone: its city is chosen with it."""
    for lower, upper in ((L.TOWNSHIP, L.COUNTY), (L.COUNTY, L.CITY)):
        place = regions.get(data.get(lower, ""))
        if place is None or data.get(upper):
            continue
        if place.kind == upper:  # 市本级 as county, 未分乡镇 as township
            data[upper] = place.value
        elif place.parent in regions and regions[place.parent].kind == upper:
            data[upper] = place.parent


def _choose(result: Places, level: RegionLevel, above: Place | None, regions: dict[str, Place]) -> None:
    """Sets the choices of one level: the regions below `above`, and `above` itself where it stands in."""
    options = [
        (p.value, p.name) for p in regions.values() if above and p.kind == level and p.parent == above.value
    ]
    if above and level != L.CITY:
        options.append((above.value, "未分乡镇" if level == L.TOWNSHIP else OF_ITSELF[L(above.kind)]))
    result.choices[level] = options
    value = result.data.get(level, "")
    if value in regions and value not in dict(options):
        del result.data[level]
        result.notices.append(f"“{regions[value].name}”不在所选地区内，已不按它筛选。")


def _choose_institution(result: Places, own: Region, known: list[Place]) -> None:
    """The institutions of the chosen county; all those in scope for a county or township."""
    found = [p for p in known if p.kind == INSTITUTION]
    county = result.data.get(L.COUNTY)
    if county and L(own.level).rank < L.COUNTY.rank:
        elsewhere = {p.value for p in found if p.parent != county}
        found = [p for p in found if p.parent == county]
        if result.data.get(INSTITUTION) in elsewhere:
            del result.data[INSTITUTION]
            result.notices.append("所选机构不在这个县，已不按机构筛选。")
    result.choices[INSTITUTION] = [(p.value, p.name) for p in found]


def import_choice(key: str, rows: QuerySet) -> list[tuple[str, str]]:
    """The import `key` as a choice by its file's name, if one of `rows` (with `of`, in scope) came with it."""
    try:
        came = rows.filter(of=UUID(key)).order_by()
    except ValueError:
        return []
    return [(key, name) for name in came.values_list("of__filename", flat=True)[:1]]
