"""Honest photos: what is kept of them, and what is not."""

import io
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone as django_timezone
from PIL import Image

from files import limits
from files.enums import TakenFrom
from files.intake import receive
from files.models import StoredFile
from tests.files import made

BEIJING = timezone(timedelta(hours=8))


def opened(name: str) -> Image.Image:
    with default_storage.open(name) as file:
        return Image.open(io.BytesIO(file.read()))


def exif(**tags) -> Image.Exif:
    """EXIF with a place, a camera and an owner, and what else is given."""
    made_exif = Image.Exif()
    made_exif[0x010F] = "秘密相机"
    made_exif[0x8825] = {1: "N", 2: (28.0, 41.0, 0.0), 3: "E", 4: (115.0, 54.0, 0.0)}
    made_exif[0x0112] = tags.get("orientation", 1)
    made_exif[0x8769] = {0x9003: tags.get("taken", "2026:03:05 09:30:00"), 0xA430: "某人"}
    if "offset" in tags:
        made_exif[0x8769] |= {0x9011: tags["offset"]}
    return made_exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_served_as_a_clean_jpeg_with_a_small_thumbnail(user, kind):
    file = receive(made.upload(made.encoded(made.scene(), kind), f"走廊.{kind.lower()}"), by=user)
    full, thumb = opened(file.name), opened(file.thumb_name)
    assert (full.format, full.mode, full.size, thumb.size) == ("JPEG", "RGB", (800, 600), (480, 360))
    assert (file.width, file.height, file.size) == (800, 600, default_storage.size(file.name))
    assert default_storage.size(file.thumb_name) <= 25 * 1024
    assert file.name == f"{file.sha256[:2]}/{file.sha256[2:4]}/{file.sha256}.jpg"


def test_a_heic_photo_of_a_phone_is_accepted(user):
    file = receive(made.upload(made.heic(), "IMG_0001.HEIC", "image/heic"), by=user)
    assert (opened(file.name).size, file.download_name) == ((800, 600), "IMG_0001.jpg")


def test_an_mpo_photo_is_accepted_as_the_jpeg_it_starts_with(user):
    content = made.encoded(made.scene(1), "MPO", save_all=True, append_images=[made.scene(2)])
    file = receive(made.upload(content), by=user)
    assert file.dhash == receive(made.upload(made.jpeg(1)), by=user).dhash
    assert getattr(opened(file.name), "n_frames", 1) == 1


def test_place_camera_and_owner_are_gone_and_the_capture_time_is_kept(user):
    file = receive(made.upload(made.jpeg(exif=exif())), by=user)
    for name in (file.name, file.thumb_name):
        assert dict(opened(name).getexif()) == {}
        assert set(opened(name).info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert (file.taken_at, file.taken_from) == (datetime(2026, 3, 5, 9, 30, tzinfo=BEIJING), TakenFrom.EXIF)


def test_the_capture_time_minds_the_offset_the_camera_wrote(user):
    file = receive(made.upload(made.jpeg(exif=exif(offset="+00:00"))), by=user)
    assert file.taken_at == datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


def test_the_senders_claim_counts_only_where_the_photo_says_nothing(user):
    claim = datetime(2026, 2, 1, 8, 0, tzinfo=BEIJING)
    told = receive(made.upload(made.jpeg(1)), by=user, taken_at=claim)
    own = receive(made.upload(made.jpeg(2, exif=exif())), by=user, taken_at=claim)
    assert (told.taken_at, told.taken_from) == (claim, TakenFrom.CLIENT)
    assert own.taken_from == TakenFrom.EXIF


@pytest.mark.parametrize(
    "taken", ["1980:01:01 00:00:00", "2099:01:01 00:00:00", "0000:00:00 00:00:00", "昨天", ""]
)
def test_a_clock_that_is_plainly_wrong_is_not_believed(user, taken):
    file = receive(made.upload(made.jpeg(exif=exif(taken=taken))), by=user)
    assert (file.taken_at, file.taken_from) == (None, TakenFrom.NONE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_the_way_the_camera_was_held(user, orientation):
    image = Image.new("RGB", (80, 40), "white")
    image.paste("red", (0, 0, 20, 20))  # top left of the sensor
    file = receive(made.upload(made.encoded(image, exif=exif(orientation=orientation))), by=user)
    shown = opened(file.name)
    w, h = shown.size
    corners = {(x, y): shown.getpixel((x, y))[1] < 100 for x in (3, w - 4) for y in (3, h - 4)}
    upright = orientation < 5
    left, top = orientation in (1, 4, 5, 8), orientation in (1, 2, 5, 6)
    red = (3 if left else w - 4, 3 if top else h - 4)
    assert (w, h) == ((80, 40) if upright else (40, 80))
    assert [at for at, is_red in corners.items() if is_red] == [red]


def test_a_large_photo_is_made_smaller(user):
    file = receive(made.upload(made.jpeg(size=(6000, 3000))), by=user)
    assert (file.width, file.height) == (4096, 2048)


def test_the_thumbnail_of_the_noisiest_picture_stays_within_25_kilobytes(user):
    noise = Image.effect_noise((1200, 900), 255).convert("RGB")
    file = receive(made.upload(made.encoded(noise, quality=60)), by=user)
    assert default_storage.size(file.thumb_name) <= limits.THUMB_BYTES


@pytest.mark.parametrize(
    ("mode", "colour", "kind"),
    [
        ("RGBA", (255, 0, 0, 0), "PNG"),
        ("LA", (0, 0), "PNG"),
        ("I;16", 65535, "PNG"),
        ("CMYK", (0, 0, 0, 0), "JPEG"),
    ],
)
def test_every_kind_of_white_is_served_white(user, mode, colour, kind):
    file = receive(made.upload(made.encoded(Image.new(mode, (60, 40), colour), kind)), by=user)
    assert opened(file.name).getpixel((30, 20)) == (255, 255, 255)
    assert file.dhash is None


def test_the_original_is_kept_only_when_the_setting_says_so(user, settings):
    dropped = receive(made.upload(made.jpeg(1)), by=user)
    settings.KEEP_ORIGINALS = True
    kept = receive(made.upload(made.jpeg(2)), by=user)
    assert dropped.original_name == ""
    assert (
        kept.original_name
        == f"originals/{kept.original_sha256[:2]}/{kept.original_sha256[2:4]}/{kept.original_sha256}.bin"
    )
    with default_storage.open(kept.original_name) as file:
        assert file.read() == made.jpeg(2)


def test_equal_content_of_two_people_is_stored_once(user, official):
    one, two = (receive(made.upload(made.jpeg()), by=by) for by in (user, official.user))
    assert (one.name, one.thumb_name) == (two.name, two.thumb_name)
    assert one.pk != two.pk


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "exe"},
        {"width": None},
        {"height": 0},
        {"width": 5000},
        {"pages": 1},
        {"thumb_name": ""},
        {"name": ""},
        {"display_name": ""},
        {"size": 0},
        {"sha256": "A" * 64},
        {"original_sha256": "0" * 63},
        {"taken_from": "exif"},
        {"taken_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"kind": "pdf"},
        {"kind": "pdf", "width": None, "height": None, "dhash": None, "thumb_name": ""},
    ],
)
def test_the_database_refuses_facts_that_do_not_fit_together(user, fields):
    file = receive(made.upload(made.jpeg()), by=user)
    with pytest.raises(IntegrityError), transaction.atomic():
        StoredFile.objects.filter(pk=file.pk).update(**fields)


def test_a_person_uses_a_client_id_once(user):
    file = receive(made.upload(made.jpeg()), by=user, client_id=uuid.uuid4())
    file.pk = uuid.uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        file.save(force_insert=True)


def test_the_time_of_upload_is_now(user):
    before = django_timezone.now()
    assert before <= receive(made.upload(made.jpeg()), by=user).uploaded_at <= django_timezone.now()
