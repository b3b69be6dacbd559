"""What pages ask of extensions, supervision, transfers and records. Everything starts from `visible_to(actor)`."""

from django.db.models import Prefetch

from hazards.models import (
    Circular,
    Evidence,
    ExtensionRequest,
    Hazard,
    ProgressReport,
    Summons,
    SupervisionOrder,
    Transfer,
    TransferEvidence,
)
from hazards.models.supervision import SupervisionQuerySet
from institutions.actor import Actor

RECORDS = {model.kind.value: model for model in (Circular, Summons)}


def for_hazards() -> list[Prefetch]:
    """What the page of a hazard shows of its open and past matters: a fixed number of statements."""
    return [
        Prefetch("extensions", ExtensionRequest.objects.select_related("requested_by", "decided_by")),
        Prefetch(
            "supervisions", SupervisionOrder.objects.select_related("authority", "placed_by", "ended_by")
        ),
        Prefetch("transfers", Transfer.objects.order_by("id")),
    ]


def of_hazard(hazard: Hazard) -> dict:
    """The matters of a hazard fetched with for_hazards(), each with what is still open."""
    requests, orders = list(hazard.extensions.all()), list(hazard.supervisions.all())
    return {
        "extensions": requests,
        "extension": next((r for r in requests if not r.outcome), None),
        "orders": orders,
        "order": next((o for o in orders if o.is_open), None),
        "transfers": list(hazard.transfers.all()),
    }


def order_rows(actor: Actor) -> SupervisionQuerySet:
    """Orders in scope for a list, the open ones with the nearest deadline first."""
    return SupervisionOrder.objects.visible_to(actor).select_related(
        "hazard__institution", "hazard__county", "authority"
    )


def for_order(actor: Actor):
    """Orders in scope with what their page and their printed notice show."""
    reports = ProgressReport.objects.select_related("reported_by").prefetch_related(
        Prefetch("evidence", Evidence.objects.select_related("file", "added_by"))
    )
    return (
        order_rows(actor)
        .select_related(
            "hazard__institution", "hazard__county", "authority__region", "placed_by", "ended_by",
            "raised_from__authority", "hazard__plan",
        )
        .prefetch_related(Prefetch("reports", reports))
    )  # fmt: skip


def for_extension(actor: Actor):
    """Requests over hazards in scope with what the printed application shows."""
    return ExtensionRequest.objects.filter(hazard__in=Hazard.objects.visible_to(actor)).select_related(
        "hazard__institution", "hazard__supervising_authority", "region", "decided_by"
    )


def waiting_extensions(actor: Actor):
    """Undecided requests over hazards in scope, in the order they must be decided."""
    return (
        ExtensionRequest.objects.filter(hazard__in=Hazard.objects.visible_to(actor), outcome="")
        .select_related("hazard__institution", "hazard__county", "hazard__extension_region", "requested_by")
        .order_by("decide_by", "id")
    )


def for_transfer(actor: Actor):
    """Transfers the actor may see, with the letter's page; of the hazard only the institution's name and address."""
    chosen = TransferEvidence.objects.select_related("evidence__file").order_by("id")
    return (
        Transfer.objects.visible_to(actor)
        .select_related("hazard__institution", "authority", "from_authority", "sent_by", "ended_by")
        .prefetch_related(Prefetch("attachments", chosen))
    )


def record_rows(actor: Actor, kind: str):
    """通报 or 约谈 the actor may see, latest first."""
    return (
        RECORDS[kind].objects.visible_to(actor)
        .select_related("authority__region", "addressee", "institution", "author")
        .order_by("-id")
    )  # fmt: skip
