"""Who closes out (销号) by policy: data per region and severity, decided at acceptance and kept on the hazard."""

from django.utils.crypto import salted_hmac

from hazards.enums import ClosingLevel, Severity
from hazards.models import ClosingPolicy, Hazard
from institutions.models import Region


def policy_for(hazard: Hazard) -> ClosingPolicy:
    """The policy of the nearest region from the county upward; 市级销号 when there is none."""
    places = [hazard.county_id, hazard.city_id, hazard.province_id]
    rows = {
        p.region_id: p for p in ClosingPolicy.objects.filter(region_id__in=places, severity=hazard.severity)
    }
    return next((rows[place] for place in places if place in rows), ClosingPolicy(level=ClosingLevel.CITY))


def is_spot_checked(hazard: Hazard, percent: int) -> bool:
    """Whether this hazard falls in the city's share: fixed by its uid, which the browser makes up, and a secret.

    So nobody can choose to escape, and asking twice gives the same answer.
    """
    digest = salted_hmac("hazards.spot-check", hazard.uid.hex, algorithm="sha256").hexdigest()
    return int(digest, 16) % 100 < percent


def levels(hazard: Hazard) -> tuple[list[Region], int]:
    """The regions over a hazard from its county up, each once, and where among them it is supervised."""
    places = list(dict.fromkeys([hazard.county_id, hazard.city_id, hazard.province_id]))
    regions, supervised_in = Region.objects.in_bulk(places), hazard.supervising_authority.region_id
    chain = [regions[place] for place in places]
    return chain, places.index(supervised_in) if supervised_in in places else 0


def closing_region(hazard: Hazard, policy: ClosingPolicy) -> Region:
    """The region whose civil-affairs authority closes out: by policy, but always above the one that verified.

    Where a level is missing (省直辖县) or the city itself verified, the next level up that exists; at the top the
    same authority, by another person.
    """
    level = ClosingLevel(policy.level)
    if level is ClosingLevel.COUNTY and hazard.severity == Severity.GENERAL:
        # 立行立改 by officials has used up two of their people already; the third is a level above.
        is_own_work = hazard.is_fixed_on_the_spot and not hazard.is_self_reported
        if not is_own_work and not is_spot_checked(hazard, policy.spot_check_percent):
            return hazard.supervising_authority.region
        level = ClosingLevel.CITY
    chain, position = levels(hazard)
    wanted = hazard.province_id if level is ClosingLevel.PROVINCE else hazard.city_id
    named = next(i for i, region in enumerate(chain) if region.pk == wanted)
    return chain[min(max(named, position + 1), len(chain) - 1)]
