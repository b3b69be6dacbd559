"""`python -m ops.measure_pages --url http://127.0.0.1:8000`: how fast the demo feels on a poor phone.

Largest contentful paint and layout shift of the main pages, each the median of several visits with an empty cache:
a phone's screen, a processor 4 times slower, a mobile network of 1.6 Mbit/s with 150 ms delay. Prints a table; a
figure over its budget is marked, but nothing fails: what is measured here depends on the machine that measures.
"""

import argparse
import statistics
import sys

from playwright.sync_api import Browser, Error, Page, sync_playwright

from institutions.demo_accounts import DEMO_PASSWORD
from ops.chromium import ARGS, find_chromium
from ops.terminal import Refusal, say

PHONE = {"width": 390, "height": 844}
SLOW_MOBILE = {
    "offline": False,
    "latency": 150,  # ms
    "downloadThroughput": 1_600_000 / 8,  # bytes a second
    "uploadThroughput": 750_000 / 8,
}
SLOWER_PROCESSOR = 4
LCP_BUDGET, SHIFT_BUDGET = 1.8, 0.05  # seconds; share of the screen
PAGES = {
    "工作台": "/",
    "隐患台账": "/ledger/",
    "隐患详情": "",  # the first of the ledger
    "选择机构": "/hazards/new/",
    "机构档案": "/institutions/",
    "统计分析": "/dashboard/",
    "消息": "/notices/?show=all",
}
READ = """() => new Promise((resolve) => {
  let painted = 0, shifted = 0;
  new PerformanceObserver((list) => { for (const e of list.getEntries()) painted = e.startTime; })
    .observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) shifted += e.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve([painted / 1000, shifted]), 300);
})"""


def log_in(page: Page, username: str) -> None:
    """Log in on the login page. Raises Refusal when the demo does not know the account."""
    page.goto("/login/")
    page.get_by_label("登录名").fill(username)
    page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_load_state()
    if "/login/" in page.url:
        raise Refusal(f"演示账号 {username} 没有登录成功：这里运行的是演示吗？密码见 DEMO_PASSWORD。")


def visit(browser: Browser, url: str, cookies: list, path: str) -> tuple[float, float]:
    """Seconds to the largest paint, and the share of the screen that jumped, of one visit with an empty cache."""
    context = browser.new_context(base_url=url, viewport=PHONE, is_mobile=True, has_touch=True)
    try:
        context.add_cookies(cookies)
        page = context.new_page()
        chromium = context.new_cdp_session(page)
        chromium.send("Network.enable")
        chromium.send("Network.emulateNetworkConditions", SLOW_MOBILE)
        chromium.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_PROCESSOR})
        page.goto(path, wait_until="networkidle")
        painted, shifted = page.evaluate(READ)
        return painted, shifted
    finally:
        context.close()


def measure(url: str, username: str, times: int) -> None:
    """Print one line a page. Raises Refusal without a browser or a demo to measure."""
    path = find_chromium()
    if path is None:
        raise Refusal("没有找到 Chromium，请先安装：sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        context = browser.new_context(base_url=url)
        page = context.new_page()
        log_in(page, username)
        page.goto("/ledger/")
        hazard = page.locator("a.row-link").first.get_attribute("href")
        say(
            f"{'LCP 秒':>8} {'位移':>6}  页面（手机，慢速 4G，处理器慢 {SLOWER_PROCESSOR} 倍，{times} 次的中位数）"
        )
        for name, address in PAGES.items():
            visits = [visit(browser, url, context.cookies(), address or hazard) for _ in range(times)]
            painted, shifted = (statistics.median(values) for values in zip(*visits, strict=True))
            over = "  超出预算" if painted > LCP_BUDGET or shifted > SHIFT_BUDGET else ""
            say(f"{painted:>8.2f} {shifted:>6.3f}  {name}{over}")
        browser.close()


def main() -> None:
    """Read the arguments and measure. Raises Refusal with a sentence when it cannot."""
    parser = argparse.ArgumentParser(description="主要页面在慢手机上的打开速度")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="正在运行的演示")
    parser.add_argument("--account", default="county", help="用哪个演示账号")
    parser.add_argument("--times", type=int, default=3, help="每页打开几次，取中位数")
    arguments = parser.parse_args()
    try:
        measure(arguments.url.rstrip("/"), arguments.account, arguments.times)
    except Error as error:
        raise Refusal(f"打不开 {arguments.url}：{error.message.splitlines()[0]}") from None


if __name__ == "__main__":
    try:
        main()
    except Refusal as refusal:
        say(f"✗ {refusal}")
        sys.exit(1)
