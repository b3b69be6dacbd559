"""Who acts: one user in one post. Frozen, made once per request, passed to every action as `by=`."""

from dataclasses import dataclass
from functools import cached_property

from institutions.enums import Capability, Department, RegionLevel, Role
from institutions.models import Authority, Institution, Membership, User

# The column that carries an authority's scope, by the level of its region.
_COLUMN_BY_LEVEL = {
    RegionLevel.PROVINCE: "province_id",
    RegionLevel.CITY: "city_id",
    RegionLevel.COUNTY: "county_id",
    RegionLevel.TOWNSHIP: "township_id",
}


@dataclass(frozen=True)
class Scope:
    """What an actor may see, as one comparison: `column = value`. No column: nothing."""

    column: str | None
    value: int | None

    @property
    def institution_filter(self) -> dict:
        """Filter for rows of Institution."""
        if self.column is None:
            return {"pk__in": []}
        return {"pk" if self.column == "institution_id" else self.column: self.value}

    @property
    def hazard_filter(self) -> dict:
        """Filter for rows that carry institution, county, city and province themselves."""
        return {"pk__in": []} if self.column is None else {self.column: self.value}


@dataclass(frozen=True)
class Actor:
    """A user acting in one post; `membership.place` says for whom."""

    user: User
    membership: Membership

    @property
    def role(self) -> Role:
        return Role(self.membership.role)

    @property
    def authority(self) -> Authority | None:
        return self.membership.authority

    @property
    def institution(self) -> Institution | None:
        return self.membership.institution

    @property
    def level(self) -> RegionLevel | None:
        """Level of the authority; None for a post at an institution."""
        return self.authority.level if self.authority else None

    @property
    def place_name(self) -> str:
        return self.membership.place.name

    @cached_property
    def scope(self) -> Scope:
        if self.institution:
            return Scope("institution_id", self.institution.pk)
        if self.authority.department != Department.CIVIL_AFFAIRS:
            return Scope(None, None)  # other departments see only what is transferred to them
        column = _COLUMN_BY_LEVEL.get(self.level)
        return Scope(column, self.authority.region_id if column else None)

    def can(self, capability: Capability) -> bool:
        return capability in self.role.facts.capabilities

    @property
    def may_view_institutions(self) -> bool:
        return self.can(Capability.VIEW_INSTITUTIONS)

    @property
    def may_view_hazards(self) -> bool:
        return self.can(Capability.VIEW_HAZARDS)

    @property
    def may_view_accesses(self) -> bool:
        return self.can(Capability.VIEW_ACCESSES)

    @property
    def may_inspect(self) -> bool:
        return self.can(Capability.INSPECT)


def actor_in(post_id: int) -> Actor | None:
    """The person in a post, which may have been noted long ago, as both are now; None when either has ended."""
    post = Membership.objects.active().with_places().filter(pk=post_id).first()
    return Actor(post.user, post) if post else None
