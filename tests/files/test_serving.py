"""A served file can do nothing in a browser."""

from contextlib import closing

import pytest
from django.core.files.storage import default_storage
from django.http import Http404

from files.intake import receive
from files.serve import serve
from tests.files import made

NAME = "filename*=utf-8''%E8%B5%B0%E5%BB%8A.jpg"


def headers(response) -> dict:
    kept = {
        "Content-Type",
        "Content-Disposition",
        "X-Content-Type-Options",
        "Cache-Control",
        "Content-Security-Policy",
    }
    return {name: value for name, value in response.headers.items() if name in kept}


@pytest.fixture
def photo(user):
    return receive(made.upload(made.jpeg(), "走廊.heic"), by=user)


@pytest.mark.parametrize("variant", ["full", "thumb"])
def test_a_photo_is_served_inline_and_powerless(photo, variant):
    response = serve(photo, variant)
    assert headers(response) == {
        "Content-Type": "image/jpeg",
        "Content-Disposition": f"inline; {NAME}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    with default_storage.open(photo.name if variant == "full" else photo.thumb_name) as file:
        assert b"".join(response.streaming_content) == file.read()
    response.close()


def test_a_photo_can_be_downloaded(photo):
    with closing(serve(photo, "full", download=True)) as response:
        assert response["Content-Disposition"] == f"attachment; {NAME}"


def test_a_pdf_is_always_a_download(user):
    file = receive(made.upload(made.pdf(), '检测"报告.pdf'), by=user)
    with closing(serve(file, "full")) as response:
        assert headers(response) == {
            "Content-Type": "application/pdf",
            "Content-Disposition": "attachment; filename*=utf-8''%E6%A3%80%E6%B5%8B%22%E6%8A%A5%E5%91%8A.pdf",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }


def test_behind_nginx_only_the_place_is_handed_over(photo, settings):
    settings.ACCEL_REDIRECT_PREFIX = "/protected/"
    response = serve(photo, "full")
    assert (response["X-Accel-Redirect"], response.content) == (f"/protected/{photo.name}", b"")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_through_the_middleware_the_policy_is_still_the_files_own(as_official, official):
    file = made.stored(made.jpeg(), official.user)
    response = as_official.get(f"/files/{file.pk}/thumb/")
    assert headers(response) == {
        "Content-Type": "image/jpeg",
        "Content-Disposition": 'inline; filename="photo.jpg"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    assert b"".join(response.streaming_content)[:3] == b"\xff\xd8\xff"


def test_an_unknown_variant_and_a_missing_file_are_404(photo):
    with pytest.raises(Http404):
        serve(photo, "original")
    default_storage.delete(photo.name)
    with pytest.raises(Http404):
        serve(photo, "full")
