"""Every page of the product as everybody who may read it: fits its screen, readable by all, without a fault.

The pages come from the URL policies, which name every URL there is: a new page is walked without being named here.
"""

import uuid
from collections.abc import Container

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.policy import POLICIES
from tests.browser.conftest import DESKTOP, PHONE, axe_violations, overflow
from tests.browser.world import World
from tests.factories import as_client

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROWER = {PHONE["width"]: 320, DESKTOP["width"]: 768}
READERS = [
    "county", "manager", "city", "province", "township", "auditor", "liaison", "system_admin",
    "security_admin",
]  # fmt: skip
# Who sees the county's pages with less on them, and who sees some of them: known ones need not be read by axe again.
SEE_LESS = ("township", "auditor")
OTHERS = tuple(reader for reader in READERS if reader not in ("county", "manager"))
# How many hazards each opens: the county every one, the others those that differ most for them.
DETAILS = {"county": None, "manager": 4}


@pytest.fixture
def world(media):
    return World()


def pages(world: World, reader: str) -> dict[str, str]:
    """Addresses of the whole HTML pages that answer this reader with 200, each with the name of its URL."""
    actor = getattr(world.cast, reader)
    client, found = as_client(actor), {}
    for name, policies in POLICIES.items():
        if "GET" not in policies[0].methods or policies[0].is_public:
            continue
        arguments = world.acts(actor) if name == "hazards:act" else named(world, policies, actor)
        few = DETAILS.get(reader, 1) if name == "hazards:detail" else None
        given = dict(policies[0].arguments)
        addresses = [reverse(name, kwargs=given | kwargs) for kwargs in arguments[:few]]
        found |= {url: name for url in addresses if is_page(client.get(url))}
    return found


def named(world: World, policies, actor) -> list[dict]:
    """URL arguments of every object the policies name, with what they name besides (such as the act)."""
    return [kwargs | dict(p.arguments) for p in policies for kwargs in world.objects(p.takes, actor)]


def is_page(response) -> bool:
    """A whole HTML page: neither a fragment nor a file nor a refusal."""
    if response.streaming:
        response.close()
        return False
    is_html = response["Content-Type"].startswith("text/html")
    return is_html and response.status_code == 200 and response.text.lstrip().startswith("<!doctype html>")


def look(page, url: str, *, is_read: bool = True) -> list[str]:
    """What is wrong with the page that is open: too wide here or in a narrower window, or (`is_read`) not for all."""
    size = page.viewport_size
    wrong = [f"{url} at {size['width']}: {found}" for found in axe_violations(page)] if is_read else []
    for width in (size["width"], NARROWER[size["width"]]):
        page.set_viewport_size(size | {"width": width})
        if pixels := overflow(page):
            wrong.append(f"{url} at {width}: {pixels} px too wide")
    page.set_viewport_size(size)
    return wrong


def walk(page, urls, unread: Container[str] = ()) -> list[str]:
    wrong = []
    for url in urls:
        assert page.goto(url).status == 200, url
        wrong += look(page, url, is_read=url not in unread)
    return wrong


def read_by_the_county(found: dict[str, str]) -> set[str]:
    """Those made by templates that are read on the desk as the county already."""
    return {url for url, name in found.items() if "county_official" in POLICIES[name][0].who}


@pytest.mark.parametrize("reader", READERS)
def test_every_page_fits_every_screen_and_is_readable_by_all(window, world, reader):
    urls, actor = pages(world, reader), getattr(world.cast, reader)
    known = read_by_the_county(urls)
    on_phone, on_desk = (known if reader in some else () for some in (SEE_LESS, OTHERS))
    assert walk(window(actor, PHONE), urls, on_phone) + walk(window(actor, DESKTOP), urls, on_desk) == []


def main_pages(world: World) -> dict[str, list[str]]:
    """The ten pages people spend their days on, by who opens them."""
    cast, hazards = world.cast, world.hazards
    return {
        "county": [
            "/",
            "/ledger/",
            "/dashboard/",
            "/notices/?show=all",
            "/institutions/",
            f"/institutions/{cast.home.pk}/",
            f"/hazards/new/{cast.home.pk}/",
            f"/hazards/{hazards['many_photos'].pk}/",
        ],
        "manager": [f"/hazards/{hazards['overdue'].pk}/", f"/hazards/{hazards['overdue'].pk}/submit/"],
    }


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("look_of_it", ["dark", "large"])
def test_the_main_pages_dark_and_large(window, world, look_of_it, viewport):
    for reader, urls in main_pages(world).items():
        actor = getattr(world.cast, reader)
        actor.user.has_large_text = look_of_it == "large"
        actor.user.save()
        page = window(actor, viewport)
        page.emulate_media(color_scheme="dark" if look_of_it == "dark" else "light")
        assert walk(page, urls) == []
        root = page.evaluate("() => [document.documentElement.dataset.size, matchMedia('(prefers-color-scheme: dark)').matches]")  # fmt: skip
        assert root == ["large" if look_of_it == "large" else "normal", look_of_it == "dark"]


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_pages_before_login_and_pages_that_refuse(window, world, viewport, faults):
    public = [reverse(name) for name, policies in POLICIES.items() if policies[0].is_public]
    assert walk(window(None, viewport), [url for url in public if is_page(Client().get(url))]) == []
    cast, verified = world.cast, world.hazards["verified"]
    page = window(cast.county, viewport)
    refused = {
        "/hazards/999999999/": 404,
        "/members/": 403,
        f"/hazards/{verified.pk}/close/": 403,
        f"/hazards/{verified.pk}/accept/": 409,
    }
    for url, status in refused.items():
        assert page.goto(url).status == status
        assert look(page, url) == []
    url = f"/hazards/new/{cast.home.pk}/"
    page.goto(url)
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button", name="登记隐患").click()
    assert answer.value.status == 422
    page.locator(".error-summary").wait_for()
    assert look(page, f"{url} refused") == []
    # Chromium says of each of these answers that it is an error: they were asked for (401: the field page asks who
    # is logged in).
    words = [f"status of {status} " for status in (401, 403, 404, 409, 422)]
    faults[:] = [fault for fault in faults if not any(word in fault for word in words)]


def test_a_conflict_keeps_what_was_typed_readable(window, world, faults):
    cast, hazard = world.cast, world.hazards["awaiting"]
    page = window(cast.county, PHONE)
    page.goto(f"/hazards/{hazard.pk}/reject/")
    data = {"version": hazard.version, "key": str(uuid.uuid4()), "opinion": "属实", "is_cause_found": "on",
            "is_rectified": "on", "is_satisfactory": "on"}  # fmt: skip
    assert as_client(cast.county2).post(f"/hazards/{hazard.pk}/accept/", data).status_code == 302
    typed = "东端仍停放轮椅两辆" * 30
    page.get_by_label("退回原因").fill(typed)
    page.get_by_role("button", name="退回整改").click()
    page.locator("#kept-1").wait_for()
    assert page.locator("#kept-1").input_value() == typed
    assert look(page, "conflict") == []
    faults[:] = [fault for fault in faults if "status of 409 " not in fault]
