"""Telling other systems of an act: what changed, in ids and codes, never in words that anybody typed."""

from django.utils import timezone

from hazards.models import Hazard, HazardEvent
from notifications.publishing import publish


def tell_systems(hazard: Hazard, event: HazardEvent) -> int:
    """Write the messages for whoever hears of this hazard's region, in the transaction of the act; how many."""
    return publish(
        change_of(hazard, event),
        province=hazard.province_id,
        city=hazard.city_id,
        county=hazard.county_id,
    )


def change_of(hazard: Hazard, event: HazardEvent) -> dict:
    """What is said of an act; `version` grows with each act on the hazard, so that whoever hears late can tell."""
    return {
        "event": event.action,
        "hazard": hazard.pk,
        "number": hazard.number,
        "institution": hazard.institution_id,
        "from": event.from_status,
        "to": event.to_status,
        "at": timezone.localtime(event.at).isoformat(),
        "version": event.seq,
    }
