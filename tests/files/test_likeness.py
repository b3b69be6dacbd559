"""The same photo, and nearly the same, is found again; a different one is not."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from files import likeness
from files.likeness import same_or_near, same_or_near_many
from tests.files import made


@pytest.fixture
def used(user):
    """A photo that is evidence somewhere."""
    return made.stored(made.jpeg(1), user, is_attached=True)


def test_the_same_bytes_sent_by_another_person_are_found(used, official):
    assert same_or_near(made.stored(made.jpeg(1), official.user)) == [used]


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(made.jpeg(1, quality=30), id="recompressed"),
        pytest.param(made.encoded(made.scene(1).resize((400, 300))), id="made smaller"),
        pytest.param(
            made.encoded(made.scene(1).resize((1200, 900)), "WEBP"), id="made larger, another format"
        ),
        pytest.param(made.encoded(made.scene(1).point(lambda v: min(255, v + 20))), id="made brighter"),
        pytest.param(made.encoded(made.scene(1).crop((6, 6, 794, 594))), id="cropped at the edges"),
        pytest.param(made.heic(1), id="as HEIC"),
    ],
)
def test_nearly_the_same_photo_is_found(used, official, again):
    assert same_or_near(made.stored(again, official.user)) == [used]


@pytest.mark.parametrize("seed", range(2, 8))
def test_a_different_photo_is_not_found(used, official, seed):
    assert same_or_near(made.stored(made.jpeg(seed), official.user)) == []


def test_an_upload_that_is_not_evidence_is_not_found(user, official):
    made.stored(made.jpeg(1), user)
    assert same_or_near(made.stored(made.jpeg(1), official.user)) == []


def test_a_file_is_not_found_as_its_own_likeness(used):
    assert same_or_near(used) == []


def test_pictures_without_features_are_not_taken_for_each_other(user, official):
    black, dark = (made.encoded(made.Image.new("RGB", (400, 300), c)) for c in ("black", (3, 3, 3)))
    made.stored(black, user, is_attached=True)
    assert same_or_near(made.stored(dark, official.user)) == []


def test_a_pdf_is_found_by_its_content(user, official):
    used = made.stored(made.pdf(pages=2), user, is_attached=True)
    assert same_or_near(made.stored(made.pdf(pages=2), official.user)) == [used]
    assert same_or_near(made.stored(made.pdf(pages=3), official.user)) == []


def test_the_closest_come_first_and_at_most_ten(used, user, official):
    exact = used.pk
    for distance in range(12):
        used.pk, used.client_id = uuid.uuid4(), uuid.uuid4()
        used.original_sha256 = f"{distance:064x}"
        used.dhash ^= 1 << distance if distance < 6 else 0
        used.save(force_insert=True)
    found = same_or_near(made.stored(made.jpeg(1), official.user))
    assert (len(found), found[0].pk) == (10, exact)


@pytest.mark.parametrize("bits", [6, 7])
def test_up_to_six_bits_apart_is_near_also_across_the_sign(used, official, bits):
    file = made.stored(made.jpeg(2), official.user)
    file.dhash, used.dhash = -1, (1 << 63) - 1  # the top bit apart
    for at in range(bits - 1):
        used.dhash ^= 1 << at * 9
    file.save(update_fields=["dhash"])
    used.save(update_fields=["dhash"])
    assert same_or_near(file) == ([used] if bits == 6 else [])


def test_beyond_the_window_only_the_same_bytes_are_found(used, official, monkeypatch):
    monkeypatch.setattr(likeness, "NEAR_WINDOW", 1)
    made.stored(made.jpeg(9), official.user, is_attached=True)
    assert same_or_near(made.stored(made.jpeg(1, quality=30), official.user)) == []
    assert same_or_near(made.stored(made.jpeg(1), official.user)) == [used]


def test_any_number_of_photos_takes_two_statements(used, official):
    files = [
        made.stored(content, official.user)
        for content in (made.jpeg(1), made.jpeg(2), made.jpeg(1, quality=40))
    ]
    with CaptureQueriesContext(
        connection,
    ) as statements:
        found = same_or_near_many(files)
    assert len(statements) == 2
    assert found == {files[0].pk: [used], files[1].pk: [], files[2].pk: [used]}
    assert same_or_near_many([]) == {}
