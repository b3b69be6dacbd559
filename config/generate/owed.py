"""Clocks of what is open beside the hazards' own deadlines: as hazards.actions.dues starts them one by one."""

from collections.abc import Iterator
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone

from clocks import running
from clocks.enums import ClockKind
from clocks.models import Clock
from hazards.actions import dues
from hazards.models import ExtensionRequest, Hazard, SupervisionOrder, Transfer
from institutions.enums import Department
from institutions.models import Authority


def start_clocks() -> None:
    """Start those that are missing; safe to repeat."""
    running.start_many(_of_extensions())
    running.start_many(_of_orders())
    running.start_many(_of_transfers())


def _clock(
    kind: ClockKind, subject: int, hazard: Hazard, due_on: date, since: datetime, title: str, url: str, authority=None
) -> Clock:  # fmt: skip
    started_on = timezone.localdate(since)
    return Clock(
        kind=kind, subject_id=subject, institution_id=None if authority else hazard.institution_id,
        authority_id=authority, ladder_key=kind.value, due_on=due_on, started_on=started_on, next_look_on=started_on,
        title=f"{title}：{hazard.description}"[:200], url=url, is_major=hazard.is_major,
    )  # fmt: skip


def _of_extensions() -> Iterator[Clock]:
    civil_affairs = Authority.objects.filter(department=Department.CIVIL_AFFAIRS)
    deciders = dict(civil_affairs.values_list("region", "pk"))
    for request in ExtensionRequest.objects.filter(outcome="").select_related("hazard__institution"):
        hazard = request.hazard
        title, url = f"延期申请待决定：{hazard.institution.name}", reverse("hazards:detail", args=[hazard.pk])
        decider = deciders[hazard.extension_region_id]
        yield _clock(
            ClockKind.EXTENSION,
            request.pk,
            hazard,
            request.decide_by,
            request.requested_at,
            title,
            url,
            decider,
        )


def _of_orders() -> Iterator[Clock]:
    for order in SupervisionOrder.objects.open().select_related("hazard").prefetch_related("reports"):
        url = dues.order_url(order)
        since = max((report.reported_at for report in order.reports.all()), default=order.placed_at)
        yield _clock(
            ClockKind.SUPERVISION,
            order.pk,
            order.hazard,
            order.due_on,
            order.placed_at,
            "挂牌督办限期治理",
            url,
        )
        yield _clock(
            ClockKind.PROGRESS, order.pk, order.hazard, order.next_report_on, since, "挂牌督办进展报告", url
        )


def _of_transfers() -> Iterator[Clock]:
    for sent in Transfer.objects.unanswered().select_related("hazard"):
        url = dues.transfer_url(sent)
        yield _clock(
            ClockKind.TRANSFER, sent.pk, sent.hazard, sent.due_on, sent.sent_at, "移送事项待回执", url
        )
