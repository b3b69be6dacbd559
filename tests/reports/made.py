"""Hazards by the dozen: put straight into their status along the legal pairs, with the facts each needs."""

import uuid
from datetime import timedelta

from django.utils import timezone

from hazards.enums import HazardStatus
from hazards.models import Hazard
from institutions.actor import Actor
from tests.factories import Cast

S = HazardStatus
ROAD = [S.RECTIFYING, S.AWAITING_VERIFICATION, S.VERIFIED, S.CLOSED]


def put(cast: Cast, status: str = "registered", count: int = 1, *, home=None, **fields) -> list[int]:
    """Ids of `count` hazards at the cast's home (or `home`) in `status`; `fields` are set last, on all of them."""
    now, home = timezone.now(), home or cast.home
    facts = {
        "description": "疏散通道堆放杂物",
        "location": "二楼东侧",
        "domain": "fire",
        "severity": "general",
        "source": "screening",
        "found_on": timezone.localdate(min(now, fields.get("closed_at", now))),  # found before it is closed
    }
    facts |= {name: fields.pop(name) for name in list(fields) if name in facts}
    made = Hazard.objects.bulk_create(
        Hazard(
            uid=uuid.uuid4(),
            institution=home,
            **{
                f"{level}_id": getattr(home, f"{level}_id")
                for level in ("province", "city", "county", "township")
            },
            supervising_authority_id=home.authority_id,
            registered_at=now,
            registered_by=cast.county.user,
            status_changed_at=now,
            **facts,
        )
        for _ in range(count)
    )
    ids = [hazard.pk for hazard in made]
    these = Hazard.objects.filter(pk__in=ids)
    steps = {
        S.RECTIFYING: {
            "issued_at": now,
            "issued_by": cast.county.user,
            "due_on": timezone.localdate(now) + timedelta(days=7),
            "responsible_person": "张三",
        },
        S.AWAITING_VERIFICATION: {"submitted_at": now, "submitted_by": cast.manager.user},
        S.VERIFIED: {
            "verified_at": now,
            "verified_by": cast.county.user,
            "closing_region_id": home.city_id,
        },
        S.CLOSED: {"closed_at": now, "closed_by": cast.city.user},
    }
    if status == S.VOIDED:
        these.update(status=S.VOIDED, voided_at=now, voided_by=cast.county.user, void_reason="误报")
    else:
        for step in ROAD[: ROAD.index(status) + 1 if status in ROAD else 0]:
            these.update(status=step, **steps[step])
    if fields:
        these.update(**fields)
    return ids


def ids(response) -> list[int]:
    """Ids of the rows a ledger page shows, in order."""
    assert response.status_code == 200
    return [int(row["url"].strip("/").split("/")[-1]) for row in response.context["rows"]]


def ledger(client, actor: Actor | None = None, /, **parameters):
    """The ledger as `actor` (or whoever is logged in) with these parameters."""
    if actor:
        client.force_login(actor.user)
    return client.get("/ledger/", parameters)


def fragment(client, actor: Actor | None = None, /, **parameters) -> str:
    """The part of the ledger htmx swaps in, without the token that differs each time."""
    if actor:
        client.force_login(actor.user)
    response = client.get("/ledger/", parameters, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()


def dashboard(client, actor: Actor, **parameters):
    """The dashboard as `actor`, which must be one they may see."""
    client.force_login(actor.user)
    response = client.get("/dashboard/", parameters)
    assert response.status_code == 200
    return response
