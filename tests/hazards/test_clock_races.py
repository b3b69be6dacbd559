"""Real acts racing the sweep: once both have committed, nothing of the date that is over is left to be said.

10 races here, 200 with CLOCKS_BARS=full.
"""

import os
from datetime import timedelta

import pytest
from django.core import mail

from clocks.models import Digest, Draft, PendingLine, Reminder
from clocks.sweep import sweep
from hazards.actions import extending, lifecycle
from notifications.delivery import deliver_due
from notifications.enums import Channel
from notifications.models import Notice
from tests.clocks.made import at, seed
from tests.clocks.test_races import at_once
from tests.factories import CONFIRMED, Cast, extension_asked, hazard_in, long_hazard, photos_of, transferred
from tests.notifications.conftest import let_back_offs_end

RACES = 200 if os.environ.get("CLOCKS_BARS") == "full" else 10


@pytest.fixture
def cast(transactional_db, settings):
    settings.EMAIL_ENABLED = True
    seed()
    cast = Cast()
    for actor in (cast.manager, cast.county, cast.city):
        actor.user.email = f"{actor.user.username}@example.com"
        actor.user.save(update_fields=["email"])
    return cast


def approval(cast, severity: str) -> tuple:
    """An undecided extension: the date it will end, and the approval."""
    hazard = extension_asked(cast, long_hazard(cast, severity=severity))
    new, by = hazard.extensions.get().proposed_due_on, cast.city if severity == "major" else cast.county2
    return hazard.due_on, lambda: extending.approve_extension(hazard, by=by, due_on=new)


def submission(cast, severity: str) -> tuple:
    """A hazard being rectified with an undecided extension: its date, and the submission that ends both."""
    hazard, photos = long_hazard(cast, severity="general"), photos_of(cast.manager)
    if severity == "major":
        hazard = extension_asked(cast, hazard)
    return hazard.due_on, lambda: lifecycle.submit(
        hazard, by=cast.manager, measures="已改好", evidence=photos
    )


def close(cast, severity: str) -> tuple:
    """A verified hazard whose transfer nobody answered: the date of the answer, and the close-out that ends it."""
    sent = transferred(hazard_in(cast, "awaiting_verification"), cast.county)
    hazard = lifecycle.accept(sent.hazard, by=cast.county, opinion="属实", **CONFIRMED)
    return sent.due_on, lambda: lifecycle.close(hazard, by=cast.city, opinion="同意")


def left_to_say(old) -> tuple:
    """What of the date `old` still waits anywhere: notices, lines, drafts, and mails that left after all."""
    told = Reminder.objects.filter(due_on__lte=old).values_list("pk", flat=True)
    return (
        Notice.objects.filter(dedupe_key__in=[f"reminder:{pk}" for pk in told]).unread().count(),
        PendingLine.objects.filter(reminder__in=told).count(),
        Draft.objects.waiting().filter(reminder__in=told).count(),
        sum("逾期" in m.subject + m.body for m in mail.outbox),
    )


def test_nothing_is_said_of_a_date_that_an_act_ended_while_the_sweep_ran(cast):
    wrong = []
    for race in range(RACES):
        make, severity = (
            (approval, "general"), (approval, "major"), (submission, "general"), (submission, "major"),
            (close, "general"),
        )[race % 5]  # fmt: skip
        old, act = make(cast, severity)
        late = at(old + timedelta(days=4))
        Digest.objects.all().delete()
        Notice.objects.filter(dedupe_key__startswith="digest:").update(dedupe_key="")
        at_once(lambda late=late: sweep(late), act)
        mail.outbox = []
        sweep(late)
        let_back_offs_end()
        deliver_due(Channel.EMAIL)
        if any(left := left_to_say(old)):
            wrong.append((race, left))
    assert wrong == []


def test_what_no_act_ended_is_said(cast):
    hazard = long_hazard(cast)
    sweep(at(hazard.due_on + timedelta(days=4)))
    let_back_offs_end()
    mail.outbox = []
    deliver_due(Channel.EMAIL)
    assert sum("逾期" in m.body for m in mail.outbox) == 2
