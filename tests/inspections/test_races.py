"""Several editors at the same moment, with real threads."""

import threading

import pytest
from django.db import connection

from inspections.actions import checklists as actions
from inspections.models import Checklist
from tests.factories import Cast
from tests.inspections import factories as make

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts) -> list:
    """Run each act in a thread of its own, all beginning together; results or exceptions in order."""
    start, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number, act):
        start.wait()
        try:
            results[number] = act()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_who_begin_a_draft_together_get_the_same_one():
    cast, checklist = Cast(), make.ChecklistFactory(items=3, published=True)
    drafts = at_once(*[lambda: actions.copy_to_draft(checklist, by=cast.province)] * 4)
    assert len({draft.pk for draft in drafts}) == 1
    assert Checklist.objects.get(status="draft").items.count() == 3


def test_an_edit_and_a_publication_at_once_leave_one_whole_version():
    cast = Cast()
    for number in range(5):
        draft = make.ChecklistFactory(items=2, code=f"R-{number}")
        item = draft.items.first()
        edited, published = at_once(
            lambda draft=draft, item=item: actions.save_item(
                draft, by=cast.province, item=item, revision=0, text="改"
            ),
            lambda draft=draft: actions.publish(draft, by=cast.province, revision=0),
        )
        kinds = {type(edited).__name__, type(published).__name__}
        assert kinds in ({"Conflict", "Checklist"}, {"ChecklistItem", "Conflict"})
        draft.refresh_from_db()
        item.refresh_from_db()
        assert (draft.status, item.text == "改") in {("published", False), ("draft", True)}
