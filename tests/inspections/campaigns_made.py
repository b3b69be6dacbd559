"""Campaigns of one province, and finished visits by the dozen: rows as the actions leave them."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from hazards.models import Hazard
from inspections.enums import VisitStatus
from inspections.models import Campaign, Visit
from institutions.enums import RegionLevel
from institutions.models import Institution
from tests.factories import Cast, InstitutionFactory, RegionFactory, make_place
from tests.inspections import factories as make
from tests.reports.made import put


def visited(home: Institution, *campaigns: Campaign, hazards=(), on: date | None = None, **fields) -> Visit:
    """A finished visit (on a day at noon, or now) that found these hazards (ids)."""
    at = datetime.combine(on, time(12), timezone.get_default_timezone()) if on else timezone.now()
    visit = make.VisitFactory(institution=home, created_at=at, **fields)
    visit.campaigns.add(*campaigns)
    for hazard in Hazard.objects.filter(pk__in=hazards):
        make.FindingFactory(visit=visit, hazard=hazard)
    visit.status, visit.finished_at, visit.finished_by = VisitStatus.FINISHED, at, visit.checked_in_by
    visit.save(update_fields=["status", "finished_at", "finished_by"])
    return visit


def homes(place_or_county, count: int, **fields) -> list[Institution]:
    county = getattr(place_or_county, "county", place_or_county)
    return InstitutionFactory.create_batch(count, county=county, **fields)


class Land:
    """A province with two cities, three counties, a county of its own and institutions of a city itself.

    Institutions: 2 in the east county, 3 in the west county (same city), 5 in the south county (other city),
    7 in the county without a city, 11 of the first city itself.
    """

    def __init__(self):
        self.cast = Cast()
        place = self.cast.place
        self.province, self.city = place.province, place.city
        self.east = place.county
        self.west = make_place(city=place.city).county
        self.south = make_place(province=place.province).county
        self.lone = RegionFactory(parent=self.province, level=RegionLevel.COUNTY)
        self.homes = {
            "east": [self.cast.home, *homes(self.east, 1)],
            "west": homes(self.west, 3),
            "south": homes(self.south, 5),
            "lone": homes(self.lone, 7, city=self.province, province=self.province),
            "city": homes(self.city, 11, city=self.city, province=self.province),
        }

    def campaign(self, actor=None, **fields) -> Campaign:
        """A running campaign of the actor's authority, the province's by default."""
        actor = actor or self.cast.province
        return make.CampaignFactory(authority=actor.authority, created_by=actor.user, **fields)

    def found_in(self, key: str, campaign: Campaign, status="rectifying", count=1, **fields) -> Visit:
        """A visit of the first institution there that found `count` hazards."""
        home = self.homes[key][0]
        return visited(home, campaign, hazards=put(self.cast, status, count, home=home, **fields))


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)
