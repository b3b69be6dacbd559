"""The one-file packet, opened from a file address: filled, saved as a zip, brought back, and nothing else gets in or out."""

import hashlib
import hmac
import json
import sys
import zipfile

import pytest

from files.models import StoredFile
from hazards.models import Hazard
from inspections import kits
from inspections.enums import PacketForm
from inspections.models import Packet, Visit
from inspections.packet_file import one_file
from tests.browser.conftest import CUT, DESKTOP, PHONE
from tests.browser.phone import FIELD, answer, begin, check, problem, rows, sign_off, take_along
from tests.browser.test_visits import nursing_checklist

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMPORT = "/inspections/packets/import/"


def read(path) -> tuple[dict, dict[str, bytes]]:
    """visit.json and the other entries, as the server's zipfile reads them."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(entries["visit.json"]), entries


def is_sealed(entries: dict[str, bytes]) -> bool:
    """Whether the seal is the kit's, and every photo has the hash that visit.json gives it."""
    visit, packet = json.loads(entries["visit.json"]), Packet.objects.get()
    mac = hmac.new(bytes(packet.key), entries["visit.json"], "sha256").hexdigest().encode()
    photos = {
        name.split("/")[1].split(".")[0]: c for name, c in entries.items() if name.startswith("photos/")
    }
    return entries["mac.txt"] == mac and {p["id"]: p["sha256"] for p in visit["photos"]} == {
        uid: hashlib.sha256(content).hexdigest() for uid, content in photos.items()
    }


def bring_in(page, path):
    page.goto(IMPORT)
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="上传").click()
    page.wait_for_load_state()


def download(page, press, path):
    with page.expect_download() as started:
        press()
    started.value.save_as(path)
    return path


def test_a_packet_filled_from_a_file_and_brought_back_twice(
    window, chromium, media, cast, tmp_path, faults
):  # fmt: skip
    items = list(nursing_checklist(4).items.order_by("order"))
    office = window(cast.county, DESKTOP)
    office.goto(f"/inspections/packets/new/{cast.home.pk}/")
    path = download(office, office.get_by_role("button", name="下载检查包").click, tmp_path / "packet.html")

    context = chromium.new_context(viewport=PHONE, locale="zh-CN", accept_downloads=True)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda m: m.type == "error" and faults.append(f"packet: {m.text}"))
    page.on("pageerror", lambda error: faults.append(f"packet: {error}"))
    page.goto(path.as_uri())
    page.get_by_role("button", name="到场签到，开始检查").wait_for()
    check(page, "packet-open")
    begin(page, cast.home, is_packet=True)
    answer(page, items[0], "是").get_by_text("已保存在手机").wait_for()
    problem(page, items[1], photos=2)
    check(page, "packet-walk")
    page.set_viewport_size(DESKTOP)
    check(page, "packet-walk")
    page.set_viewport_size(PHONE)
    sign_off(page)
    # Closed and opened again: all of it is still there.
    page.close()
    page = context.new_page()
    page.goto(path.as_uri())
    page.get_by_text("已查 2 / 4 项，问题 1 个").wait_for()
    page.get_by_role("link", name="完成", exact=True).click()
    check(page, "packet-finish")
    saved = download(
        page, page.get_by_role("button", name="检查完了，保存检查数据").click, tmp_path / "saved.zip"
    )
    check(page, "packet-finished")
    # It asked nobody for anything but itself.
    assert {url for url in asked if not url.startswith(("blob:", "data:"))} == {path.as_uri()}
    context.close()

    visit, entries = read(saved)
    assert is_sealed(entries)
    assert (len(visit["answers"]), len(visit["findings"]), len(visit["photos"])) == (2, 1, 2)
    broken = tmp_path / "broken.zip"
    content = saved.read_bytes()
    photo = entries[next(name for name in entries if name.startswith("photos/"))]
    at = content.index(photo) + len(photo) // 2
    broken.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    bring_in(office, broken)
    assert rows()["Visit"] == 0
    once = {"Visit": 1, "Answer": 2, "Finding": 1, "FindingPhoto": 2, "VisitSignature": 1}
    for words in ("已全部登记，检查已完成", "这份检查已上传过，没有重复登记"):
        bring_in(office, saved)
        office.get_by_text(words).wait_for()
        assert rows() == once
    assert {p["sha256"] for p in visit["photos"]} == set(
        StoredFile.objects.values_list("original_sha256", flat=True)
    )
    assert (Visit.objects.get().status, Hazard.objects.count()) == ("finished", 1)
    faults[:] = [fault for fault in faults if not CUT.search(fault)]


def test_a_stuck_draft_is_exported_brought_in_elsewhere_and_deleted(phone, line, window, cast, tmp_path):
    items = list(nursing_checklist(4).items.order_by("order"))
    page = phone(cast.county)
    take_along(page, cast.home)
    line.cut()
    begin(page, cast.home)
    answer(page, items[0], "是").get_by_text("已保存在手机").wait_for()
    problem(page, items[1])
    page.goto(FIELD)
    saved = download(page, page.get_by_role("button", name="导出到文件").click, tmp_path / "saved.zip")
    page.get_by_text("已导出").wait_for()
    check(page, "exported")
    assert is_sealed(read(saved)[1])
    office = window(cast.county, DESKTOP)
    for words in ("已全部登记，检查还没有结束", "这份检查已上传过，没有重复登记"):
        bring_in(office, saved)
        office.get_by_text(words).wait_for()
    there = {"Visit": 1, "Answer": 2, "Finding": 1, "FindingPhoto": 1, "VisitSignature": 0}
    assert rows() == there

    # Sent after all, the phone finds everything there and doubles nothing.
    line.mend()
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    page.get_by_text("到现在为止都已送达系统").wait_for()
    assert rows() == there
    page.get_by_role("button", name="删除").click()
    check(page, "delete")
    page.locator("dialog").get_by_role("button", name="删除").click()
    page.get_by_text("手机里还没有要检查的机构").wait_for()
    left = page.evaluate("""() => new Promise((resolve) => {
      const request = indexedDB.open('field');
      request.onsuccess = () => {
        const names = [...request.result.objectStoreNames];
        const count = (name) => new Promise((done) => {
          request.result.transaction(name).objectStore(name).count().onsuccess = ({target}) => done(target.result);
        });
        Promise.all(names.map(count)).then(resolve);
      };
    })""")
    assert left == [0, 0, 0]


def test_where_nothing_can_be_kept_the_packet_says_so_and_still_saves(
    window, chromium, media, cast, tmp_path
):
    items = list(nursing_checklist(2).items.order_by("order"))
    office = window(cast.county, DESKTOP)
    office.goto(f"/inspections/packets/new/{cast.home.pk}/")
    path = download(office, office.get_by_role("button", name="下载检查包").click, tmp_path / "packet.html")
    context = chromium.new_context(viewport=PHONE, locale="zh-CN", accept_downloads=True)
    # As in a file that another app opens: no storage, no digest.
    context.add_init_script(
        "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }});"
        "Object.defineProperty(crypto, 'subtle', {value: undefined});"
    )
    page = context.new_page()
    page.goto(path.as_uri())
    page.get_by_text("关闭这个页面，填写的内容就会丢失").wait_for()
    check(page, "packet-memory")
    begin(page, cast.home, is_packet=True)
    answer(page, items[0], "是").get_by_text("已记下").wait_for()
    problem(page, items[1])
    saved = download(page, page.get_by_role("button", name="保存检查数据").click, tmp_path / "saved.zip")
    context.close()
    assert is_sealed(read(saved)[1])
    bring_in(office, saved)
    office.get_by_text("已全部登记，检查还没有结束").wait_for()
    assert rows()["FindingPhoto"] == 1


def test_the_file_is_small_enough_to_be_passed_on(cast):
    nursing_checklist()
    page = one_file(kits.take(cast.county, cast.home, form=PacketForm.FILE))
    sys.stdout.write(f"packet of 93 items: {len(page) // 1024} KB\n")
    assert len(page) < 700_000
