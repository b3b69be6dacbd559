"""交叉检查: officials whom a superior's team sends beyond their own region. What they reach there, and for how long.

Only the visit itself is reached, only at the institutions of the team, and only while its campaign runs. Everything
else - an institution's page, its hazards, lists, counts, exports - stays within `visible_to(actor)`. See ADR 0019.
"""

from datetime import date

from django.db.models import Exists, F, OuterRef, Q

from inspections.models import InspectionTeam, Visit
from institutions.actor import Actor
from institutions.enums import Capability, RegionLevel
from institutions.models import Institution

_SENT = (RegionLevel.CITY, RegionLevel.COUNTY)
_Listed = InspectionTeam.institutions.through


def teams(actor: Actor, today: date):
    """Teams of an authority above the actor's own that the person belongs to, of campaigns running `today`."""
    may_be_sent = actor is not None and actor.level in _SENT and actor.scope.column is not None
    if not may_be_sent or not actor.can(Capability.INSPECT):
        return InspectionTeam.objects.none()
    members = InspectionTeam.members.through.objects.filter(inspectionteam=OuterRef("pk"), user=actor.user)
    return InspectionTeam.objects.filter(
        Q(leader=actor.user) | Exists(members),
        authority__region__code__in=actor.authority.region.ancestor_codes[:-1],
        campaign__starts_on__lte=today,
        campaign__ends_on__gte=today,
    )


def _in_region_of(sender: str, place=F) -> Q:
    """The row lies in the region of the authority that sent the team: it may have moved since it was listed."""
    return Q(**{sender: place("province")}) | Q(**{sender: place("city")}) | Q(**{sender: place("county")})


def teams_to(actor: Actor, institution: Institution, today: date):
    """Those of the actor's teams that are to visit this institution."""
    line = [institution.province_id, institution.city_id, institution.county_id]
    return teams(actor, today).filter(institutions=institution, authority__region__in=line)


def visitable(actor: Actor, today: date):
    """Institutions where the actor can open a visit: of their scope, and those their teams are sent to."""
    own = Institution.objects.visible_to(actor)
    if actor.level not in _SENT:
        return own
    listed = _Listed.objects.filter(
        _in_region_of("inspectionteam__authority__region", OuterRef),
        institution=OuterRef("pk"),
        inspectionteam__in=teams(actor, today).values("pk"),
    )
    return own | Institution.objects.filter(Exists(listed))


def visits(actor: Actor, today: date):
    """Visits of the actor's teams, at the institutions these are sent to."""
    listed = _Listed.objects.filter(inspectionteam=OuterRef("team"), institution=OuterRef("institution"))
    return Visit.objects.filter(
        Exists(listed),
        _in_region_of("team__authority__region"),
        is_own=False,
        team__in=teams(actor, today).values("pk"),
    )


def reach(actor: Actor, today: date):
    """Visits whose own pages the actor may open: those in scope, and those a team of theirs makes elsewhere."""
    own = Visit.objects.visible_to(actor)
    return own | visits(actor, today) if actor is not None and actor.level in _SENT else own


def is_outside(actor: Actor, row) -> bool:
    """Whether an institution or a visit lies outside the actor's scope. Touches no database."""
    column = actor.scope.column
    if column == "institution_id" and isinstance(row, Institution):
        column = "pk"
    return column is None or getattr(row, column) != actor.scope.value
