"""Any two conditions together leave over exactly what each leaves over alone: no filter undoes or widens another."""

from datetime import timedelta
from itertools import combinations

import pytest
from django.utils import timezone

from hazards.models import Hazard
from reports.asked import Asked
from reports.filters import LedgerFilter
from reports.models import ImportedRow
from tests.factories import Cast, LedgerImportFactory, make_place
from tests.inspections.factories import CampaignFactory
from tests.reports.made import put

pytestmark = pytest.mark.django_db


def test_every_pair_of_conditions_is_the_intersection_of_the_two():
    today = timezone.localdate()
    cast = Cast(name="青山敬老院")
    near = Cast(make_place(city=cast.place.city), name="青山公墓", kind="cemetery")
    far = Cast(make_place(province=cast.place.province), name="东湖敬老院")
    for n, one in enumerate((cast, near, far)):
        late, early = today - timedelta(days=1), today - timedelta(days=20 + n)
        put(one, "rectifying", due_on=late, domain="food", severity="major", found_on=early,
            supervising_officer=cast.province.user)  # fmt: skip
        put(one, "rectifying", due_on=late, source="report", description="天窗漏雨")
        put(one, "closed", domain="food", found_on=early, description="天窗漏雨")
        put(one, "registered", severity="major", source="report")
        put(one, "closed", source="report", closed_at=timezone.now() - timedelta(days=5))
        put(one, "voided", domain="food", description="天窗破损")
    campaign = CampaignFactory(authority=cast.place.province.authorities.get(), created_by=cast.province.user)
    campaign.regions.add(cast.place.province)
    brought = LedgerImportFactory(asked_as=cast.county.membership)
    for row, pk in enumerate(Hazard.objects.order_by("pk").values_list("pk", flat=True)[:9], start=2):
        ImportedRow.objects.create(hazard_id=pk, of=brought, row=row)
    conditions = {
        "q": ["天窗", "qingshan"], "city": [cast.place.city.code], "county": [near.place.county.code],
        "township": [], "institution": [str(cast.home.pk), str(near.home.pk)], "kind": ["cemetery", "nursing_home"],
        "domain": ["food", "fire"], "severity": ["major"], "source": ["report"], "campaign": [str(campaign.pk)],
        "officer": ["mine"], "overdue": ["on"], "found_from": [str(today - timedelta(days=3))], "found_to": [str(today - timedelta(days=3))],
        "closed_from": [str(today)], "closed_to": [str(today - timedelta(days=2))], "sort": [],
        "state": ["open", "overdue", "valid", "closed", "registered", "voided"], "import": [str(brought.pk)],
    }  # fmt: skip
    assert set(conditions) == set(LedgerFilter.base_filters)
    places = {"city", "county", "institution"}

    def found(*chosen: tuple[str, str]) -> set[int]:
        asked = Asked(dict(chosen), cast.province, today)
        assert asked.is_valid, (chosen, asked.filters.errors)
        return set(asked.rows.values_list("pk", flat=True))

    single = [(name, value) for name, values in conditions.items() for value in values]
    alone = {one: found(one) for one in single}
    # campaign aside, which has no visits, each condition leaves over some rows and not all of them
    assert [one for one in single if not 0 < len(alone[one]) < Hazard.objects.count()] == [
        ("campaign", str(campaign.pk))
    ]
    for one, other in combinations(single, 2):
        if one[0] == other[0] or {one[0], other[0]} <= places:
            continue  # one value a name; of two places the upper one decides, which the tests of places tell
        if {one[0], other[0]} in ({"found_from", "found_to"}, {"closed_from", "closed_to"}):
            continue  # the later day before the earlier one is refused in words
        assert found(one, other) == alone[one] & alone[other], (one, other)
