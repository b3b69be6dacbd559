"""Zips that lie: nothing of them is unpacked, read whole or believed, and nothing is written."""

import io
import json
import struct
import zipfile

import pytest

from files.models import StoredFile
from inspections import packet_zip
from inspections.models import Packet, Visit
from inspections.packet_zip import Unusable, opened
from tests.factories import Cast, as_client
from tests.inspections.packing import Filled, zipped
from tests.inspections.walking import checklist

pytestmark = pytest.mark.django_db

ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def filled(media):
    checklist(1)
    cast = Cast()
    filled = Filled(cast.county, cast.home).answer("no").sign()
    filled.find(item=filled.items[0])
    return filled


def refused(filled, content: bytes) -> str:
    """The words of the refusal; fails when something was written."""
    response = filled.send(content)
    assert (response.status_code, Visit.objects.count(), StoredFile.objects.count()) == (422, 0, 0)
    assert filled.packet.last_saved is None
    return response.error


def test_names_that_lead_elsewhere_are_refused(filled):
    entries = filled.entries()
    names = [
        "../../etc/passwd", "/etc/passwd", "photos/../visit.json", "photos/", "photos/x.jpg", "visit.json/x",
        f"photos/{ZERO}.jpg/../../x", f"photos/{ZERO}", f"PHOTOS/{ZERO}.jpg", "photos\\x.jpg", "C:\\x", "说明.txt",
        f"photos/{ZERO}.jpgX.html", f"photos/{ZERO.upper()}.jpg ", "__MACOSX/visit.json",
    ]  # fmt: skip
    said = {
        name: refused(filled, zipped(entries | {name: b"x"}).replace(b"jpgX.html", b"jpg\0.html"))
        for name in names
    }
    assert {words.startswith("这个文件不是离线检查保存的 zip") for words in said.values()} == {True}


# zipfile warns the one who writes such a zip, which here is the test itself.
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning:zipfile")
def test_the_same_name_twice_is_refused(filled):
    for twice in ("visit.json", "mac.txt", next(n for n in filled.entries() if n.startswith("photos/"))):
        out = io.BytesIO(filled.zip())
        with zipfile.ZipFile(out, "a") as archive:
            archive.writestr(twice, filled.entries()[twice])
        assert refused(filled, out.getvalue()) != ""
    out = io.BytesIO(filled.zip())
    with zipfile.ZipFile(out, "a") as archive:  # the same photo under two kinds
        uid = filled.visit["photos"][0]["id"]
        archive.writestr(f"photos/{uid}.png", b"x")
    assert refused(filled, out.getvalue()) != ""


def test_a_zip_that_has_to_be_unpacked_is_refused(filled):
    bomb = filled.entries() | {f"photos/{ZERO}.jpg": b"\0" * 50_000_000}
    packed = zipped(bomb, zipfile.ZIP_DEFLATED)
    assert len(packed) < 200_000
    assert "重新压缩" in refused(filled, packed)
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "重新压缩" in refused(filled, zipped(filled.entries(), compression))


def central(content: bytes, offset: int, value: bytes) -> bytes:
    """The zip with `value` in each entry of its directory, `offset` bytes into the entry."""
    out, at = bytearray(content), content.find(b"PK\x01\x02")
    while at != -1:
        out[at + offset : at + offset + len(value)] = value
        at = out.find(b"PK\x01\x02", at + 46)
    return bytes(out)


def test_sizes_that_are_declared_are_not_believed(filled):
    whole = filled.zip()
    huge, small = struct.pack("<I", 0xFFFFFFF0), struct.pack("<I", 10)
    attempts = {
        "huge": central(central(whole, 20, huge), 24, huge),
        "huge unpacked": central(whole, 24, huge),
        "small": central(central(whole, 20, small), 24, small),
        "encrypted": central(whole, 8, b"\x01\x00"),
        "elsewhere": central(whole, 42, huge),
        "checksum": central(whole, 16, b"\0\0\0\0"),
    }
    assert {what: refused(filled, content) != "" for what, content in attempts.items()} == dict.fromkeys(
        attempts, True
    )


def test_a_directory_that_says_it_is_huge_is_not_read(filled):
    whole = filled.zip()
    end = whole.rfind(b"PK\x05\x06")
    longest = []

    class Watched(io.BytesIO):
        def read(self, size=-1):
            longest.append(size)
            return super().read(size)

    pad = whole[:end] + b"\0" * (8 * 1024 * 1024)
    lie = pad + whole[end : end + 12] + struct.pack("<II", len(pad) - 100, 100) + whole[end + 20 :]
    with pytest.raises(Unusable), opened(Watched(lie), len(lie)):
        pass
    assert 0 < max(longest) <= packet_zip.MAX_JSON_BYTES
    assert refused(filled, lie) != ""


@pytest.mark.parametrize("count", [packet_zip.MAX_PHOTOS + 1, 3000])
def test_too_many_photos_are_refused(filled, count):
    entries = filled.entries()
    for n in range(count):
        entries[f"photos/00000000-0000-0000-0000-{n:012d}.jpg"] = b"x"
    assert "超过 200 张" in refused(filled, zipped(entries))


def test_a_visit_that_is_too_long_is_refused(filled):
    assert refused(filled, filled.zip(visit__json=b" " * (packet_zip.MAX_JSON_BYTES + 1))) != ""


def test_a_photo_that_is_too_large_is_refused_before_anything_is_written(filled):
    filled.photograph(filled.visit["findings"][0]["uid"], content=b"\xff\xd8\xff" + b"0" * (20 * 1024 * 1024))
    assert "20 MB" in refused(filled, filled.zip())


def test_a_zip_over_the_limit_never_reaches_the_disk(filled, monkeypatch):
    monkeypatch.setattr("inspections.packet_zip.MAX_ZIP_BYTES", 1000)
    monkeypatch.setattr("inspections.views.packets.packet_import.longest_upload", 1000)
    assert "超过 0 MB" in refused(filled, filled.zip())


def test_more_than_one_upload_may_have_is_received_here_alone(filled):
    """The house's 20 MB a file stay what they are elsewhere; see tests/files."""
    for _ in range(2):
        filled.photograph(
            filled.visit["findings"][0]["uid"], content=b"\xff\xd8\xff" + b"0" * (12 * 1024 * 1024)
        )
    response = filled.send()
    assert response.status_code == 200
    assert [one.what for one in response.done.left] == ["照片", "照片", "完成检查"]


@pytest.mark.parametrize(
    "content", [b"", b"x", b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04", b"<html>", b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_is_refused_with_words(filled, content):
    assert refused(filled, content) != ""


def test_nothing_at_all_is_asked_for(filled):
    response = as_client(filled.actor).post("/inspections/packets/import/", {})
    assert (response.status_code, "请选择文件" in response.content.decode()) == (422, True)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"packet": 1}, {"packet": "x"}, {"visit": None}, {"saved": "1"}, {"saved": True},
        {"saved": -1}, {"saved": 2**31}, {"record": []}, {"answers": {}}, {"answers": [1]}, {"findings": None},
        {"findings": [{}]}, {"photos": [{"id": ZERO, "finding": ZERO, "sha256": "x"}]}, {"signatures": [{"id": 5}]},
        {"answers": [{}] * 2001},
    ],
)  # fmt: skip
def test_a_visit_of_another_shape_is_refused(filled, change):
    filled.visit |= change
    assert refused(filled, filled.zip()) != ""


@pytest.mark.parametrize(
    "raw", [b"[]", b"{", b"[" * 200_000, b"\xff\xfe", b"null", b'{"saved": ' + b"9" * 5000 + b"}"]
)
def test_what_is_no_json_is_refused(filled, raw):
    assert refused(filled, zipped(filled.entries(raw))) != ""


@pytest.mark.parametrize("mac", [b"", b"0" * 64, b"\xff" * 64, b"x" * 10_000, "签名".encode()])
def test_no_seal_is_no_way_in(filled, mac):
    assert "被改动过" in refused(filled, filled.zip(mac__txt=mac)) or len(mac) > 200


def test_the_same_photo_named_twice_is_no_way_around(filled):
    filled.visit["photos"].append(filled.visit["photos"][0] | {"finding": ZERO})
    response = filled.send()
    assert response.status_code == 200
    assert Visit.objects.get().findings.get().photos.count() == 1
    assert [one.what for one in response.done.left] == ["照片", "完成检查"]


def test_keys_are_in_no_page_and_no_log(filled, caplog):
    filled.send()
    key = bytes(Packet.objects.get().key)
    said = json.dumps([record.__dict__ for record in caplog.records], default=str)
    assert (key.hex() in said, repr(key) in said) == (False, False)
