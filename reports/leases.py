"""Work that waits in rows of a table, done by any number of workers: one claims a row with a lease, and commits that.

A worker that dies loses nothing: its lease ends, and another goes on or begins anew. Which claim of a row is the last one is
told by its number of attempts, so that of two workers only one can write what it did. The clock is the database's alone.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Now

logger = logging.getLogger("house.work")

MAX_ATTEMPTS = 3
RETRY_AFTER = timedelta(seconds=20)
# Nothing new is begun after this; the largest piece of work then still fits into the time limit of its task.
ROUND = timedelta(seconds=40)


class Lost(Exception):
    """The work was cancelled meanwhile, or another worker has it."""


@dataclass(frozen=True)
class Queue:
    """The rows of `model` (with `leased_until` and `attempts`) that are `waiting`, taken in this order.

    `refused` are the exceptions whose words are for a person, `worn_out` the words after MAX_ATTEMPTS.
    """

    model: type[Model]
    waiting: Q
    order: tuple[str, ...]
    lease: timedelta
    refused: tuple[type[Exception], ...]
    worn_out: str
    begun_with: dict = field(default_factory=dict)

    def claim(self) -> "Claim | None":
        """The first row that nobody works at, ours from now on; None without any. Must not run inside a transaction."""
        free = self.model.objects.filter(self.waiting, Q(leased_until=None) | Q(leased_until__lt=Now()))
        # durable: inside a caller's transaction the lease would stay unseen and the row locked while we work.
        with transaction.atomic(durable=True):
            # A row that is locked is being written in one transaction: whoever died let go of it.
            found = (
                free.order_by(*self.order).select_for_update(skip_locked=True).values_list("pk", "attempts")
            )
            if (first := found.first()) is None:
                return None
            claim = Claim(self, first[0], first[1] + 1)
            rows = self.model.objects.filter(pk=claim.id)
            rows.update(leased_until=Now() + self.lease, attempts=F("attempts") + 1, **self.begun_with)
        return claim

    def work_all(self, do: Callable[["Claim"], None], give_up: Callable[["Claim", str], None]) -> int:
        """Work until nothing waits or ROUND is over; how many rows were handled. Must not run inside a transaction.

        `give_up` gets the words of what was refused, or of what failed too often; what fails otherwise is tried again.
        """
        handled, stop_at = 0, time.monotonic() + ROUND.total_seconds()
        while time.monotonic() < stop_at and (claim := self.claim()):
            self._handle(claim, do, give_up)
            handled += 1
        return handled

    def _handle(self, claim: "Claim", do, give_up) -> None:
        if claim.attempts > MAX_ATTEMPTS:
            give_up(claim, self.worn_out)
            return
        what = self.model._meta.model_name
        try:
            do(claim)
        except Lost:
            logger.info("%s %s was cancelled or is done elsewhere", what, claim.id)
        except self.refused as refused:
            give_up(claim, str(refused))
        except Exception:  # whatever it is, the others in the queue go on; this one is tried again
            logger.exception("%s %s failed (attempt %d)", what, claim.id, claim.attempts)
            claim.ours.update(leased_until=Now() + RETRY_AFTER)


@dataclass(frozen=True)
class Claim:
    """A row that is ours as long as nobody has claimed it after us."""

    queue: Queue
    id: UUID
    attempts: int  # this one included

    @property
    def ours(self) -> QuerySet:
        return self.queue.model.objects.filter(self.queue.waiting, pk=self.id, attempts=self.attempts)

    def renew(self, **facts) -> None:
        """Write down how far we are, and keep the claim. Raises Lost."""
        if not self.ours.update(leased_until=Now() + self.queue.lease, **facts):
            raise Lost

    def hold(self) -> None:
        """Lock the row until the transaction ends: nobody claims it meanwhile, however long that takes. Raises Lost."""
        if not self.ours.select_for_update(no_key=True).exists():
            raise Lost

    def end(self, **facts) -> None:
        """Done: the row waits no more, by these facts. Raises Lost."""
        if not self.ours.update(leased_until=None, **facts):
            raise Lost
