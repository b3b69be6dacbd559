"""Packets on the web page: what I took along, making one file, and the result of bringing one back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_walk import look
from tests.factories import Cast
from tests.inspections import factories as make
from tests.inspections.packing import Filled
from tests.inspections.walking import checklist

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "青云谱区三家店街道社会福利院老年人照护服务中心（东区）"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_packets_are_taken_brought_back_and_read(window, media, viewport):
    cast = Cast(name=LONG)
    checklist(3)
    for days in (0, 8, 31):
        made = timezone.now() - timedelta(days=days)
        make.PacketFactory(institution=cast.home, made_by=cast.county.user, made_at=made, form="file")
    filled = Filled(cast.county, cast.home).answer("no", "yes").sign()
    filled.find(item=filled.items[0])
    filled.find(description="住户 36010219560101123X 房间的插座" + "烧焦" * 40, location="三楼" + "东" * 60)
    saved = {"name": "检查数据.zip", "mimeType": "application/zip", "buffer": filled.zip()}
    page = window(cast.county, viewport)
    page.goto("/inspections/packets/")
    wrong = look(page, "list")
    page.get_by_role("link", name="上传检查数据").click()
    wrong += look(page, "import")
    page.get_by_label("检查数据").set_input_files(saved)
    page.get_by_role("button", name="上传").click()
    page.get_by_role("heading", name="没有登记的内容").wait_for()
    wrong += look(page, "result")
    page.goto(f"/inspections/packets/new/{cast.home.pk}/")
    wrong += look(page, "new")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载检查包").click()
    text = download.value.path().read_text()
    assert (LONG in text, wrong) == (True, [])
