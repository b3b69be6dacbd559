"""检查计划: made from risk grades and close-outs, settled by finished visits. Safe to run at any time, any number of
times; the daily task calls `make_due_plans`, finishing a visit calls `settle`.
"""

from datetime import date, timedelta

from django.db import connection, transaction
from django.db.models import Case, CharField, DateField, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import MD5, Cast, Collate, Left

from hazards.enums import HazardStatus, Severity
from hazards.models import Hazard
from inspections.enums import PlanKind, VisitStatus
from inspections.models import Visit, VisitPlan
from inspections.plan_rules import (
    AHEAD_DAYS,
    LOOK_BACK_DAYS,
    LOOK_BACK_SHARE,
    PERIODIC,
    PLAN_RULES,
    RULE_OF_KIND,
    SETTLED_BY,
)
from institutions.models import Institution

LOCK = 7_310_001  # advisory: one run at a time


@transaction.atomic
def make_due_plans(today: date) -> int:
    """Make the plans due within AHEAD_DAYS that are not there yet; returns how many. First settles what was visited.

    An institution has one open plan of its grade at a time: an overdue one waits for its visit, no second is added.
    A run while another is under way does nothing. A constant number of statements.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
    _settle(VisitPlan.objects.all())
    plans = [*_periodic(today), *_look_backs(today)]
    before = VisitPlan.objects.count()
    VisitPlan.objects.bulk_create(plans, ignore_conflicts=True)
    return VisitPlan.objects.count() - before


def settle(visit: Visit) -> None:
    """Link a visit that has just been finished to the open plan it settles, if there is one. Call in its transaction.

    Of several it is the one due first. A patrol by the township and what the institution does itself settle none.
    """
    _settle(VisitPlan.objects.filter(institution=visit.institution_id))


def _settle(plans) -> None:
    """One statement to find the pairs, and one for each of them (there are few: only what was not settled at once)."""
    settled, used = set(), set()
    for kinds in (PERIODIC, {PlanKind.LOOK_BACK}):
        pairs = (
            plans.open()
            .filter(kind__in=kinds)
            .annotate(begins_on=_begins_on())
            .filter(
                institution__visits__status=VisitStatus.FINISHED,
                institution__visits__is_own=False,
                institution__visits__kind__in=set().union(*(SETTLED_BY[kind] for kind in kinds)),
                institution__visits__plan=None,
                institution__visits__finished_at__date__gte=F("begins_on"),
            )
            .order_by("due_on", "pk", "institution__visits__finished_at", "institution__visits__pk")
            .values_list("pk", "institution__visits__pk")
        )
        for plan, visit in pairs:
            if plan not in settled and visit not in used:
                VisitPlan.objects.filter(pk=plan).open().update(visit=visit)
                settled.add(plan)
                used.add(visit)


class _Before(Func):
    """The day on which a period of some months that ends on a day begins."""

    template = "(%(expressions)s))::date"
    arg_joiner = " + 1 - make_interval(months => "
    output_field = DateField()


def _begins_on():
    """First day on which a visit counts: of the plan's period; the close-out's for 回头看."""
    months = [When(kind=kind, then=Value(rule.months)) for kind, rule in RULE_OF_KIND.items()]
    return Case(
        When(kind=PlanKind.LOOK_BACK, then=F("source_hazard__closed_at__date")),
        default=_Before(F("due_on"), Case(*months, default=Value(12))),
        output_field=DateField(),
    )


def _waiting():
    """Plans without a visit, or whose visit is not finished yet."""
    return VisitPlan.objects.filter(Q(visit=None) | ~Q(visit__status=VisitStatus.FINISHED))


def _periodic(today: date) -> list[VisitPlan]:
    """For each grade whose period ends soon: the institutions not visited in it and without an open plan."""
    plans = []
    for grade, rule in PLAN_RULES.items():
        first, last = rule.period(today)
        if last > today + timedelta(days=AHEAD_DAYS):
            continue
        visited = Visit.objects.finished().filter(
            institution=OuterRef("pk"),
            is_own=False,
            kind__in=SETTLED_BY[rule.kind],
            finished_at__date__gte=first,
        )
        planned = _waiting().filter(institution=OuterRef("pk"), kind__in=PERIODIC, due_on__lte=last)
        rows = Institution.objects.in_use().filter(~Exists(visited), ~Exists(planned), risk_grade=grade)
        plans += [
            VisitPlan(institution_id=pk, authority_id=authority, due_on=last, kind=rule.kind)
            for pk, authority in rows.order_by("pk").values_list("pk", "authority_id")
        ]
    return plans


def _look_backs(today: date) -> list[VisitPlan]:
    """One for each institution where a major hazard, or one drawn for the sample, was closed and nobody looked since.

    Drawn by a digest of the hazard: the same every day, and not to be seen from its number. Only what falls due
    around today, so that the first run does not plan for years gone by.
    """
    window = timedelta(days=LOOK_BACK_DAYS)
    share = f"{round(LOOK_BACK_SHARE * 256):02x}"
    digest = Collate(Left(MD5(Cast("uid", CharField())), 2), "C")
    looked = Visit.objects.finished().filter(
        institution=OuterRef("institution"),
        is_own=False,
        kind__in=SETTLED_BY[PlanKind.LOOK_BACK],
        finished_at__gte=OuterRef("closed_at"),
    )
    waiting = _waiting().filter(institution=OuterRef("institution"), kind=PlanKind.LOOK_BACK)
    closed = (
        Hazard.objects.filter(status=HazardStatus.CLOSED, institution__is_active=True)
        .filter(closed_at__date__range=(today - 2 * window, today))
        .annotate(digest=digest)
        .filter(Q(severity=Severity.MAJOR) | Q(digest__lt=share))
        .filter(
            ~Exists(looked), ~Exists(waiting), ~Exists(VisitPlan.objects.filter(source_hazard=OuterRef("pk")))
        )
        .annotate(is_general=Case(When(severity=Severity.MAJOR, then=0), default=1))
        .order_by("institution", "is_general", "closed_at", "pk")
        .distinct("institution")
        .values_list("pk", "institution", "institution__authority", "closed_at__date")
    )
    return [
        VisitPlan(
            institution_id=institution,
            authority_id=authority,
            due_on=closed_on + window,
            kind=PlanKind.LOOK_BACK,
            source_hazard_id=pk,
        )
        for pk, institution, authority, closed_on in closed
    ]
