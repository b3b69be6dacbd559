"""`python -m ops.screenshots [--url http://…]`: the pictures of the README, taken from the demo.

Without --url it makes a demo of its own in .data/screenshots, takes the pictures and stops it again.
"""

import argparse
import io
import os
import re
import secrets
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from institutions.demo_accounts import DEMO_PASSWORD
from ops import assets, servers
from ops.chromium import ARGS, ENVIRONMENT, find_chromium
from ops.small_png import small_png
from ops.supervise import Program, StopFlag, Supervisor
from ops.terminal import Refusal, Stopped, run, say, step

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data" / "screenshots"
OUT = ROOT / "docs" / "screenshots"
DESKTOP, PHONE = (1366, 900), (390, 844)
MOST_BYTES = 150_000
TALLEST = 1800  # CSS pixels of a whole page


# --- ways to the pages ----------------------------------------------------------------------------------
def opened(path: str) -> Callable[[Page], None]:
    """Go to a page by its path."""
    return lambda page: page.goto(path)


def first_of(state: str, words: str) -> Callable[[Page], None]:
    """Open the first hazard under this tab of the ledger whose description has these words (or simply the first)."""

    def go(page: Page) -> None:
        page.goto(f"/ledger/?state={state}")
        links = page.locator('main a[href^="/hazards/"]:not([href*="/new/"])')
        wanted = links.filter(has_text=words)
        (wanted if wanted.count() else links).first.click()
        page.wait_for_url("**/hazards/*/")

    return go


def followed(path: str, address: str, words: str = "") -> Callable[[Page], None]:
    """Open the first link of a page whose address has `address` and whose row has these words."""

    def go(page: Page) -> None:
        page.goto(path)
        links = page.locator(f'main .rows a[href*="{address}"], main tbody a[href*="{address}"]')
        wanted = links.filter(has_text=words) if words else links
        (wanted if wanted.count() else links).first.click()
        page.wait_for_load_state()

    return go


def finished_visit(page: Page) -> None:
    """The record of a visit that found something."""
    page.goto("/inspections/visits/?tab=finished&kind=joint")
    page.locator('main .rows li:has-text("问题") a[href^="/inspections/visits/"]').first.click()
    page.wait_for_load_state()


def taken_along(page: Page) -> None:
    """The field page with two houses taken along, one of them begun without signal."""
    for n in range(2):
        page.goto("/inspections/visits/new/")
        page.locator('main a[href*="#take="]').nth(n).click()
        page.get_by_role("button", name=re.compile("开始检查：")).nth(n).wait_for()
    page.get_by_role("button", name=re.compile("开始检查：")).first.click()
    page.get_by_role("button", name="到场签到，开始检查").click()
    page.context.set_offline(True)
    page.locator("[data-item] .answers").first.get_by_text("是", exact=True).click()
    page.get_by_text("已保存在手机").first.wait_for()


def register_form(page: Page) -> None:
    """A hazard half typed in, as an official stands in the corridor."""
    page.goto("/hazards/new/?q=敬老院")
    page.locator('main a[href^="/hazards/new/"]').first.click()
    page.get_by_label("具体部位").fill("二楼东侧疏散走道")
    page.get_by_label("存在问题").fill("走道堆放轮椅和纸箱，通行宽度不足一半")


def import_dry_run(page: Page) -> None:
    """A sheet with a new institution, a changed one and a wrong row."""
    page.goto("/institutions/import/")
    response = page.request.get("/institutions/import/template.xlsx")
    book = load_workbook(io.BytesIO(response.body()))
    sheet = book.active
    columns = {cell.value: cell.column for row in sheet.iter_rows(max_row=5) for cell in row if cell.value}
    header = next(c.row for row in sheet.iter_rows(max_row=5) for c in row if c.value == "机构名称")
    rows = (
        {"机构名称": "赣县区银杏老年公寓（演示）", "机构类型": "养老机构", "所在区划": "赣县区", "床位数": 120,
         "入住人数": 76, "主要负责人": "曾冬梅", "负责人电话": "13800009001"},
        {"机构名称": "赣县区梅林镇敬老院（演示）", "床位数": 150, "地址": "梅林镇敬老路 18 号"},
        {"机构名称": "赣县区归园养老院（演示）", "机构类型": "养老院", "床位数": "八十", "入住人数": 52},
    )  # fmt: skip
    for number, row in enumerate(rows, start=header + 1):
        for cell in sheet[number]:
            cell.value = None
        for name, value in row.items():
            sheet.cell(number, columns[name], value)
    out = io.BytesIO()
    book.save(out)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    page.locator('input[type="file"]').set_input_files(
        {"name": "赣县区机构.xlsx", "mimeType": kind, "buffer": out.getvalue()}
    )
    page.get_by_role("button", name="上传并核对").click()
    page.wait_for_url("**/institutions/import/*-*/")


@dataclass(frozen=True)
class Shot:
    """One picture: of what, as whom, how large; `whole` takes the page to its end."""

    name: str
    account: str | None
    go: Callable[[Page], None]
    size: tuple[int, int] = DESKTOP
    whole: bool = False
    is_large: bool = False


SHOTS = (
    Shot("login", None, opened("/login/")),
    Shot("workbench-county", "county", opened("/")),
    Shot("ledger", "county", opened("/ledger/")),
    Shot("register-phone", "county", register_form, PHONE),
    Shot("detail-verify", "county2", first_of("awaiting_verification", "灭火器"), whole=True),
    Shot("workbench-facility-phone", "facility", opened("/"), PHONE, is_large=True),
    Shot("detail-facility-phone", "facility", first_of("rectifying", "配电箱"), PHONE, is_large=True),
    Shot("detail-close-city", "city", first_of("verified", ""), whole=True),
    Shot("ledger-phone", "city", opened("/ledger/"), PHONE),
    Shot("dashboard-province", "province", opened("/dashboard/"), whole=True),
    Shot("institution", "county", opened("/institutions/"), whole=False),
    Shot("walk-phone", "county", followed("/inspections/visits/?tab=open", "/inspections/visits/"), PHONE),
    Shot("field-phone", "county", taken_along, PHONE),
    Shot("visit-record", "county", finished_visit, whole=True),
    Shot("campaign-city", "city", followed("/inspections/campaigns/", "/campaigns/", "百日行动"), whole=True),
    Shot("appraisal-city", "city", followed("/dashboard/appraisals/", "/appraisals/", "赣州市"), whole=True),
    Shot("appraisal-phone", "city", followed("/dashboard/appraisals/", "/appraisals/", "江西省"), PHONE),
    Shot("access-province", "province", opened("/accesses/")),
    Shot("plans-county", "county", opened("/inspections/plans/")),
    Shot("import-dry-run", "county", import_dry_run),
    Shot("members", "secadmin", opened("/members/")),
)


# --- taking them ------------------------------------------------------------------------------------------
def log_in(page: Page, account: str) -> None:
    """Through the login page, like anybody. Raises Refusal when the demo does not let us in."""
    page.goto("/login/")
    page.get_by_label("登录名").fill(account)
    page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    page.locator("form button.btn-primary").first.click()
    page.wait_for_load_state()
    if "/login/" in page.url:
        raise Refusal(f"用 {account} 登录没有成功；密码若不是默认的，请设置 DEMO_PASSWORD。")


def set_display_size(page: Page, size: str) -> None:
    """Switch 大字版 of the account on or off, through its own form."""
    page.goto("/")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    form = {"csrfmiddlewaretoken": token, "size": size, "next": "/"}
    page.request.post("/me/display-size/", form=form, headers={"Referer": page.url})


def take(browser: Browser, url: str, shot: Shot) -> None:
    """One picture in a window of its own, written small to docs/screenshots."""
    width, height = shot.size
    is_phone = shot.size == PHONE
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        locale="zh-CN",
        is_mobile=is_phone,
        has_touch=is_phone,
        device_scale_factor=1.5 if is_phone else 1,
    )
    page = context.new_page()
    if shot.account:
        log_in(page, shot.account)
    if shot.is_large:
        set_display_size(page, "large")
    shot.go(page)
    page.wait_for_load_state("networkidle")
    if shot.whole:
        page.set_viewport_size({"width": width, "height": min(_height(page), TALLEST)})
        page.wait_for_load_state("networkidle")
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    if shot.is_large:
        set_display_size(page, "normal")
    context.close()
    (OUT / f"{shot.name}.png").write_bytes(small_png(image, MOST_BYTES))


def _height(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollHeight")


# --- a demo of our own --------------------------------------------------------------------------------------
@contextmanager
def own_demo(stop: StopFlag) -> Iterator[str]:
    """A fresh demo that only answers pages; stopped and deleted afterwards. Yields its address."""
    assets.ensure(stop)
    shutil.rmtree(DATA, ignore_errors=True)
    logs, port = DATA / "logs", servers.free_port()
    logs.mkdir(parents=True)
    postgres, supervisor = servers.start_postgres(DATA / "postgres"), Supervisor(ROOT, say)
    try:
        owner = os.environ | postgres.environment | _environment() | {"DATABASE_ROLE": "owner"}
        runtime = {name: value for name, value in owner.items() if name != "DATABASE_OWNER_URL"}
        runtime["DATABASE_ROLE"] = "runtime"
        for words, command, environment in (
            ("准备数据库", "prepare_database", owner),
            ("收集静态文件", "collectstatic --noinput", runtime),
            ("制作演示省份", "demo", runtime),
            ("巡检一遍", "tick", runtime),
        ):
            arguments = [sys.executable, "manage.py", *command.split()]
            run(words, arguments, environment=environment, log=logs / "manage.log", cwd=ROOT, stop=stop)
        serve = f"gunicorn config.wsgi --bind 127.0.0.1:{port} --worker-class gthread --threads 4 --no-control-socket"
        supervisor.start(
            Program("网页服务", [sys.executable, "-m", *serve.split()], runtime, logs / "web.log")
        )
        _wait_for(f"http://127.0.0.1:{port}/healthz/ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        supervisor.stop()
        postgres.stop()
        shutil.rmtree(DATA, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {
        "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody there: pages do without
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "*",
        "MEDIA_ROOT": str(DATA / "media"),
        "STATIC_ROOT": str(DATA / "static"),
        "HTTPS": "off",
        "IS_DEMO": "1",
        "SUBSCRIBER_ORIGINS": "http://127.0.0.1:9",
        "DEMO_PASSWORD": DEMO_PASSWORD,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def _wait_for(url: str, seconds: float = 30) -> None:
    direct, until = urllib.request.build_opener(urllib.request.ProxyHandler({})), time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError), direct.open(url, timeout=5):
            return
        time.sleep(0.2)
    raise Refusal(f"网页服务没有启动，记录见 {DATA / 'logs'}")


def take_all(url: str, only: list[str]) -> None:
    """Every picture (or those named) from the demo at `url`."""
    chromium = find_chromium()
    if chromium is None:
        raise Refusal(
            "没有找到 Chromium，请先安装：sudo apt-get install chromium chromium-l10n fonts-noto-cjk"
        )
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=ARGS, env=os.environ | ENVIRONMENT
        )
        for shot in SHOTS:
            if not only or shot.name in only:
                with step(f"docs/screenshots/{shot.name}.png"):
                    take(browser, url, shot)
        browser.close()


def main() -> None:
    """Read the arguments and do it. Raises Refusal with a sentence when it cannot."""
    parser = argparse.ArgumentParser(description="为 README 截图")
    parser.add_argument("--url", help="正在运行的演示，例如 http://127.0.0.1:8000；不写则自己做一个")
    parser.add_argument("only", nargs="*", metavar="名称", help="只截这几张，例如 login ledger")
    arguments = parser.parse_args()
    if arguments.url:
        take_all(arguments.url.rstrip("/"), arguments.only)
        return
    stop = StopFlag()
    stop.listen()
    with own_demo(stop) as url:
        take_all(url, arguments.only)


if __name__ == "__main__":
    try:
        main()
    except Refusal as refusal:
        say(f"✗ {refusal}")
        sys.exit(1)
    except Stopped:
        sys.exit(130)
