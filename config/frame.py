"""What the frame around every page must know now, asked in one statement whatever it is."""

from datetime import date
from typing import NamedTuple

from common.database import ask
from config import calendar_watch
from institutions.actor import Actor
from institutions.models import User
from notifications import health
from notifications.queries import unread_columns
from workdays import dependents


class Frame(NamedTuple):
    """How many notices wait (up to notifications.queries.COUNT_CAP), and what stands above the page: tone and words."""

    unread: int
    banners: list[dict]


def look(user: User, actor: Actor | None, today: date) -> Frame:
    """The bell of everybody, and for staff of civil affairs what is wrong with the machine or the calendar."""
    if not (actor and actor.authority and not actor.role.facts.is_of_other_department):
        ((unread,),) = ask(unread_columns(user))
        return Frame(unread, [])
    (unread,), vitals, calendar = ask(
        unread_columns(user), health.vitals_columns(), dependents.missing_columns(today)
    )
    banners = [{"tone": "danger", "text": text} for text in health.problems(health.vitals_of(vitals))]
    if text := calendar_watch.banner(dependents.missing_ahead(today, calendar)):
        banners.append({"tone": "warning", "text": text})
    return Frame(unread, banners)
