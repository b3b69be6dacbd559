"""Rows and stored content in step, both ways; nothing that is used is ever deleted."""

import os
import threading
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone

from files import blobs
from files.claims import discard
from files.janitor import Tidied, tidy
from files.models import StoredFile
from files.tasks import tidy as tidy_task
from tests.factories import UserFactory
from tests.files import made

CLEAN = Tidied(expired=0, orphans=0, leftovers=0, missing=0)


def age(name: str, **ago) -> None:
    moment = time.time() - timedelta(**ago).total_seconds()
    os.utime(default_storage.path(name), (moment, moment))


def age_row(file: StoredFile, **ago) -> None:
    StoredFile.objects.filter(pk=file.pk).update(uploaded_at=timezone.now() - timedelta(**ago))
    age(file.name, **ago)
    age(file.thumb_name, **ago)


def stored_names(file: StoredFile) -> list[bool]:
    return [default_storage.exists(name) for name in (file.name, file.thumb_name)]


def test_a_tidy_house_stays_as_it_is(user):
    file = made.stored(made.jpeg(), user, is_attached=True)
    age_row(file, days=400)
    assert tidy() == CLEAN
    assert stored_names(file) == [True, True]


def test_content_without_a_row_is_deleted_after_a_day(user, settings):
    settings.KEEP_ORIGINALS = True
    file = made.stored(made.jpeg(), user)
    discard(file.pk, by=user)
    assert tidy() == CLEAN
    for name in (file.name, file.thumb_name, file.original_name):
        age(name, hours=25)
    assert tidy() == Tidied(expired=0, orphans=3, leftovers=0, missing=0)
    assert stored_names(file) == [False, False]


def test_content_that_another_row_uses_is_kept(user, official):
    mine, theirs = made.stored(made.jpeg(), user), made.stored(made.jpeg(), official.user)
    discard(mine.pk, by=user)
    age(theirs.name, days=3)
    age(theirs.thumb_name, days=3)
    assert tidy() == CLEAN
    assert stored_names(theirs) == [True, True]


def test_a_file_nobody_used_within_a_week_goes_with_its_content(user):
    old, young, used = (made.stored(made.jpeg(seed), user, is_attached=seed == 3) for seed in (1, 2, 3))
    age_row(old, days=7, hours=1)
    age_row(young, days=6)
    age_row(used, days=30)
    assert tidy() == Tidied(expired=1, orphans=2, leftovers=0, missing=0)
    assert set(StoredFile.objects.all()) == {young, used}
    assert (stored_names(old), stored_names(young), stored_names(used)) == (
        [False] * 2,
        [True] * 2,
        [True] * 2,
    )


def test_broken_off_uploads_are_deleted_after_a_day(db):
    for name in ("old", "young"):
        (blobs.incoming() / name).mkdir()
        (blobs.incoming() / name / "source.part").write_bytes(b"x")
    (blobs.incoming() / "loose.part").write_bytes(b"x")
    age("incoming/old", hours=25)
    age("incoming/loose.part", hours=25)
    assert tidy() == Tidied(expired=0, orphans=0, leftovers=2, missing=0)
    assert default_storage.listdir("incoming") == (["young"], [])


def test_a_row_whose_content_is_gone_is_an_alarm(user, caplog):
    file = made.stored(made.jpeg(), user, is_attached=True)
    made.stored(made.pdf(), user, is_attached=True)
    default_storage.delete(file.thumb_name)
    assert tidy() == Tidied(expired=0, orphans=0, leftovers=0, missing=1)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("ERROR", f"file missing: row {file.pk}, content {file.thumb_name}")
    ]
    assert StoredFile.objects.count() == 2


def test_other_things_in_the_storage_are_left_alone(db):
    others = [
        "templates/import.xlsx",
        "ab/cd/readme.txt",
        "ab/notes.txt",
        "backup.tar",
        f"ab/cd/{'0' * 64}.exe",
    ]
    for name in others:
        default_storage.save(name, ContentFile(b"x"))
        age(name, days=30)
    assert tidy() == CLEAN
    assert [default_storage.exists(name) for name in others] == [True] * len(others)


def test_the_command_says_what_it_did_and_fails_when_content_is_missing(user):
    out = StringIO()
    call_command("tidy_files", stdout=out)
    assert out.getvalue() == "过期未使用：0；无记录的文件：0；中断的上传：0；文件缺失：0\n"
    default_storage.delete(made.stored(made.jpeg(), user).name)
    with pytest.raises(SystemExit):
        call_command("tidy_files", stdout=out)


def test_the_task_tidies(user):
    file = made.stored(made.jpeg(), user)
    age_row(file, days=8)
    tidy_task()
    assert StoredFile.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_content_used_again_while_the_janitor_works_is_kept():
    """The upload has seen that the content is there, and not yet written its row: the janitor waits for it."""
    user = UserFactory()
    file = made.stored(made.jpeg(), user)
    discard(file.pk, by=user)
    age(file.name, days=2)
    age(file.thumb_name, days=2)
    done = []

    def clean():
        done.append(tidy())
        connections.close_all()

    with transaction.atomic():
        blobs.use()
        janitor = threading.Thread(target=clean)
        janitor.start()
        time.sleep(0.3)
        file.save(force_insert=True)
    janitor.join()
    assert done == [CLEAN]
    assert stored_names(file) == [True, True]
