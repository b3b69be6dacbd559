"""Signs of life of recurring duties, kept in PostgreSQL so that the web process can see them."""

from django.db.models.functions import Now

from notifications.models import Heartbeat

SWEEP = "sweep"


def beat(name: str) -> None:
    """Record that the duty `name` was done just now (database clock). Any number of copies may beat."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, beat_at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at"],
    )
