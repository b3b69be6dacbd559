"""What PostgreSQL finds hazards by: each index costs every act and every plan, so each says who asks for it."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce, Least

from hazards.enums import OPEN_STATUSES

OPEN = Q(status__in=sorted(OPEN_STATUSES))
MAJOR = Q(severity="major")


def _of_level(level: str, *above: str) -> list[models.Index]:
    """What the ledger needs for one level of scope: its orders, and its counts from an index alone.

    Under a filter by place the columns of the levels above are compared, too (visible_to), so counts need them.
    """
    covered = ["status", "domain", "severity", "source", *above]
    return [
        models.Index(
            level, F("found_on").desc(), F("id").desc(), include=covered, name=f"hazard_{level}_found"
        ),
        models.Index(level, "due_on", "id", name=f"hazard_{level}_due"),
        models.Index(level, "status_changed_at", "id", name=f"hazard_{level}_changed"),
        models.Index(
            level,
            *above,
            "domain",
            "source",
            "severity",
            "status",
            "institution_kind",
            name=f"hazard_{level}_facets",
        ),
        models.Index(  # three of a hundred, asked for by every leader
            level,
            F("found_on").desc(),
            F("id").desc(),
            include=["status", "domain", "source", "institution_kind", *above],
            condition=MAJOR,
            name=f"hazard_major_{level}_found",
        ),
        models.Index(level, "due_on", "id", condition=OPEN, name=f"hazard_open_{level}_due"),
        models.Index(
            level, F("found_on").desc(), F("id").desc(), condition=OPEN, name=f"hazard_open_{level}_found"
        ),
    ]


def _open_with(name: str) -> Q:
    """Open, and for questions that name this column alone: for others PostgreSQL takes such an index for a second filter."""
    return OPEN & Q(**{f"{name}__isnull": False})


INDEXES = [
    *_of_level("province"),
    *_of_level("city", "province"),
    *_of_level("county", "city", "province"),
    models.Index("township", F("found_on").desc(), F("id").desc(), name="hazard_township_found"),
    models.Index("institution", F("found_on").desc(), F("id").desc(), name="hazard_institution_found"),
    models.Index(
        "institution",
        "county",
        "city",
        "province",
        "domain",
        "source",
        "severity",
        "status",
        name="hazard_institution_facets",
    ),
    models.Index("institution", "due_on", "id", condition=OPEN, name="hazard_open_institution_due"),
    # What waits for an authority, and what a person had in hand: among open work alone, so few.
    models.Index(
        "supervising_authority",
        "status",
        condition=_open_with("supervising_authority"),
        name="hazard_open_authority",
    ),
    *(
        models.Index(name, condition=_open_with(name), name=f"hazard_open_{name}")
        for name in ("registered_by", "issued_by", "submitted_by", "verified_by")
    ),
    models.Index(
        "supervising_officer", condition=_open_with("supervising_officer"), name="hazard_open_officer"
    ),
    GistIndex(  # who was open at a past moment (reports/past.py)
        Func(
            Least("registered_at", "closed_at", "voided_at"),
            Coalesce("closed_at", "voided_at"),
            function="tstzrange",
            output_field=DateTimeRangeField(),
        ),
        name="hazard_open_span",
    ),
    models.Index(
        "closing_region",
        "status_changed_at",
        "id",
        condition=Q(status="verified"),
        name="hazard_to_close",
    ),
    *(
        models.Index(name, condition=Q(**{f"{name}__isnull": False}), name=f"hazard_{name}")
        for name in ("recurrence_of", "duplicate_of")
    ),
    models.Index(
        "extension_region", "id", condition=Q(extension_region__isnull=False), name="hazard_to_extend"
    ),
    models.Index(
        "supervised_region",
        "id",
        condition=Q(supervised_region__isnull=False),
        name="hazard_supervised",
    ),
]
