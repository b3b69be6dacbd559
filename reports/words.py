"""What a fact of a hazard is called, once for the screen and the file. All take a row of values()."""

from datetime import date

from hazards import deadlines
from hazards.enums import Domain, HazardStatus, Severity, Source
from hazards.numbers import number_of
from hazards.workflow import LABEL_FOR_INSTITUTION
from institutions.actor import Actor
from institutions.enums import InstitutionKind
from institutions.regions import place_seen_from

_KINDS = {kind.value: kind.label for kind in InstitutionKind}
_DOMAINS = {domain.value: domain.label for domain in Domain}
_SEVERITIES = {severity.value: severity.label for severity in Severity}
_SOURCES = {source.value: source.label for source in Source}
_STATUSES = {status.value: status.label for status in HazardStatus}


def number(row: dict) -> str:
    return number_of(row["found_on"], row["id"])


def kind(row: dict) -> str:
    return _KINDS[row["institution__kind"]]


def domain(row: dict) -> str:
    return _DOMAINS[row["domain"]]


def severity(row: dict) -> str:
    return _SEVERITIES[row["severity"]]


def source(row: dict) -> str:
    return _SOURCES[row["source"]]


def status(row: dict, actor: Actor) -> str:
    """An institution reads its own words for a status."""
    return LABEL_FOR_INSTITUTION[row["status"]] if actor.institution else _STATUSES[row["status"]]


def place(row: dict, actor: Actor) -> str:
    """Where it lies, without what the actor knows anyway."""
    return place_seen_from(actor.level, row["city__name"], row["county__name"], row["township__name"])


def whole_place(row: dict) -> str:
    """City, county and township; a level that another stands in for is left out."""
    return " ".join(dict.fromkeys((row["city__name"], row["county__name"], row["township__name"])))


def clock_runs(row: dict, today: date) -> bool:
    """Whether the institution still owes a rectification by a day."""
    return deadlines.days_left(row["due_on"], row["status"], today) is not None


def is_late(row: dict, today: date) -> bool:
    """Overdue now, or submitted last after the deadline that was ordered."""
    if clock_runs(row, today):
        return row["due_on"] < today
    done = row["submitted_on"]
    return bool(done and row["due_on"] and done > row["due_on"])


def waits_on(row: dict) -> str:
    """Whose move it is, from names alone; empty when nobody's. The words of hazards.queries.waits_on for a row."""
    status = row["status"]
    if status == HazardStatus.VERIFIED and row["supervised_region__name"]:
        return f"{row['supervised_region__name']}民政部门摘牌"
    return {
        HazardStatus.REGISTERED: f"{row['supervising_authority__name']}下发",
        HazardStatus.RECTIFYING: f"{row['institution__name']}整改",
        HazardStatus.AWAITING_VERIFICATION: f"{row['supervising_authority__name']}验收",
        HazardStatus.VERIFIED: f"{row['closing_region__name'] or ''}民政部门销号",
    }.get(status, "")
