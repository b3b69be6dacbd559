"""Appraisals for tests: rule sets, regions to rank, a published table."""

import random
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from institutions.actor import Actor
from reports.appraisals import drawing_up, publishing, terms
from reports.appraisals.drawing_up import RuleSet
from reports.appraisals.indicators import Item
from reports.models import Appraisal, Indicator
from reports.periods import month_of, months_later
from tests.factories import Cast, InstitutionFactory, RegionFactory, make_place
from tests.reports.made import put


def last_month(today: date) -> str:
    """The code of the last month that is over."""
    return f"{months_later(month_of(today), -1):%Y-%m}"


def day_in(code: str, day: int = 10) -> date:
    """A day of the period's first month."""
    return terms.term(code).first.replace(day=day)


def rules(**weights: int) -> RuleSet:
    """Of these weights, from 0 to 100 %, one case is enough; no 一票否决."""
    items = [
        Item(key, weight, Decimal(0 if key in ("recurrence", "late_days") else 100),
             Decimal(100 if key in ("recurrence", "late_days") else 0), 1)
        for key, weight in weights.items()
    ]  # fmt: skip
    return RuleSet(items, {})


EVERYTHING = rules(**dict(zip(Indicator.values, (13, 13, 13, 13, 12, 12, 12, 12), strict=True)))


def drafted(by: Actor, code: str, rule_set: RuleSet) -> Appraisal:
    """A draft with exactly these rules."""
    return drawing_up.edit(drawing_up.start(by=by, period=code), by=by, rules=rule_set)


def published(by: Actor, code: str, rule_set: RuleSet, number: str = "民安通〔2026〕1号") -> Appraisal:
    """A table in force."""
    return publishing.publish(drafted(by, code, rule_set), by=by, document_number=number)


def random_world(seed: int, today: date) -> tuple[Cast, Cast]:
    """Two cities of a province, a county directly under it, homes of city and province; hazards of four months."""
    dice, first = random.Random(seed), Cast()
    second = Cast(make_place(province=first.place.province))
    top, city = first.place.province, first.place.city
    direct = RegionFactory(parent=top, level="county", name="直管县")
    homes = [
        first.home, second.home, InstitutionFactory(county=make_place(city=city).county),
        InstitutionFactory(county=direct, city=top, province=top),
        InstitutionFactory(county=city, region=city, city=city, township=city),
        InstitutionFactory(county=top, region=top, city=top, province=top, township=top),
    ]  # fmt: skip
    closed = []
    for _ in range(60):
        status = dice.choice(["registered", "rectifying", "rectifying", "awaiting_verification", "verified",
                              "closed", "closed", "closed", "voided"])  # fmt: skip
        found = today - timedelta(days=dice.randrange(120))
        facts = {
            "found_on": found, "severity": "general" if status == "voided" else dice.choice(["general", "general", "major"]),
            "is_self_reported": dice.random() < 0.3, "round": dice.choice([1, 1, 1, 2]),
        }  # fmt: skip
        if status not in ("registered", "voided"):
            facts["due_on"] = today + timedelta(days=dice.randrange(-60, 20))
            if status != "rectifying":
                facts["submitted_at"] = timezone.now() - timedelta(days=dice.randrange(50))
        if status == "closed":
            days = (today - facts["found_on"]).days
            facts["closed_at"] = timezone.now() - timedelta(days=dice.randrange(days + 1))
        if closed and dice.random() < 0.25:
            facts["recurrence_of_id"] = dice.choice(closed)
        made = put(first, status, home=dice.choice(homes), **facts)
        closed += made if status == "closed" else []
    return first, second
