"""Evidence claims uploads: one's own, unused, all or none, once."""

import threading
import uuid

import pytest
from django.db import connections, transaction

from files.claims import Unclaimable, claim, discard
from files.models import StoredFile
from tests.factories import UserFactory
from tests.files import made


def test_files_are_claimed_in_the_order_given(user):
    files = [made.stored(made.jpeg(seed), user) for seed in (1, 2, 3)]
    order = [str(files[2].pk), files[0].pk, files[1].pk, files[0].pk]
    assert claim(order, by=user) == [files[2], files[0], files[1]]
    assert list(StoredFile.objects.values_list("is_attached", flat=True)) == [True] * 3


def test_claiming_nothing_gives_nothing(user):
    assert claim([], by=user) == []


@pytest.mark.parametrize("bad", ["other person's", "already used", "unknown", "not an id"])
def test_one_file_that_cannot_be_claimed_leaves_all_unclaimed(user, official, bad):
    good = made.stored(made.jpeg(1), user)
    bad_id = {
        "other person's": lambda: made.stored(made.jpeg(2), official.user).pk,
        "already used": lambda: made.stored(made.jpeg(2), user, is_attached=True).pk,
        "unknown": uuid.uuid4,
        "not an id": lambda: "1; DROP TABLE",
    }[bad]()
    with pytest.raises(Unclaimable) as caught:
        claim([good.pk, bad_id], by=user)
    assert caught.value.message == "有 1 个文件已被移除、已经使用或不是您上传的，请重新上传后再提交。"
    good.refresh_from_db()
    assert good.is_attached is False


def test_a_claimed_file_cannot_be_discarded(user):
    file = made.stored(made.jpeg(), user)
    claim([file.pk], by=user)
    assert discard(file.pk, by=user) is False
    assert StoredFile.objects.get() == file


@pytest.mark.django_db(transaction=True)
def test_of_ten_claims_on_one_file_and_ten_removals_exactly_one_succeeds():
    user = UserFactory()
    for seed in range(5):
        file = made.stored(made.jpeg(seed, size=(80, 60)), user)
        barrier, won = threading.Barrier(20), []

        def work(number, file=file, barrier=barrier, won=won):
            barrier.wait()
            try:
                with transaction.atomic():
                    done = claim([file.pk], by=user) if number % 2 else discard(file.pk, by=user)
                if done:
                    won.append(number)
            except Unclaimable:
                pass
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work, args=[number]) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        kept = StoredFile.objects.filter(pk=file.pk, is_attached=True).count()
        assert kept == won[0] % 2
