"""The upload as the browser sees it: JSON with words, retries that change nothing, other people's files unseen."""

import hashlib
import threading
import uuid

import pytest
from django.core.files.storage import default_storage
from django.db import connections
from django.test import Client, RequestFactory

from files import limits
from files.intake import Refused, receive
from files.models import StoredFile
from files.upload_handlers import CappedUploadHandler
from institutions.enums import Role
from tests.factories import UserFactory, make_actor, make_place
from tests.files import made


def post(client, content: bytes | None = None, name: str = "走廊.jpg", **fields):
    content = made.jpeg() if content is None else content
    return client.post("/files/", {"file": made.upload(content, name), **fields})


def test_a_new_upload_answers_201_with_what_the_page_needs(as_official, official):
    response = post(as_official, client_id=str(uuid.uuid4()))
    file = StoredFile.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": str(file.pk), "thumb": f"/files/{file.pk}/thumb/", "name": "走廊.jpg", "kind": "image",
    }  # fmt: skip
    assert (file.uploaded_by, file.is_attached) == (official.user, False)


def test_a_pdf_has_no_thumbnail(as_official):
    response = post(as_official, made.pdf(), "检测报告.pdf")
    assert (response.json()["kind"], response.json()["thumb"]) == ("pdf", None)
    assert as_official.get(f"/files/{response.json()['id']}/thumb/").status_code == 404


def test_a_retry_answers_200_with_the_same_file(as_official):
    client_id = str(uuid.uuid4())
    first, second = post(as_official, client_id=client_id), post(as_official, client_id=client_id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert StoredFile.objects.count() == 1


def test_other_content_under_the_same_client_id_answers_409(as_official):
    client_id = str(uuid.uuid4())
    post(as_official, made.jpeg(1), client_id=client_id)
    response = post(as_official, made.jpeg(2), client_id=client_id)
    assert (response.status_code, response.json()) == (
        409, {"error": "这个上传编号已用于另一个文件，请刷新页面后重新选择文件。"},
    )  # fmt: skip


def test_two_people_may_use_the_same_client_id(as_official, user):
    client_id = uuid.uuid4()
    receive(made.upload(made.jpeg(2)), by=user, client_id=client_id)
    assert post(as_official, client_id=str(client_id)).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_twenty_retries_in_parallel_make_one_row():
    user, client_id, content = UserFactory(), uuid.uuid4(), made.jpeg()
    barrier, made_ids, errors = threading.Barrier(20), [], []

    def send():
        try:
            barrier.wait()
            made_ids.append(receive(made.upload(content), by=user, client_id=client_id).pk)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file = StoredFile.objects.get()
    assert (errors, made_ids) == ([], [file.pk] * 20)
    assert default_storage.listdir("incoming") == ([], [])


def test_the_checksum_the_browser_sends_is_checked(as_official):
    right = hashlib.sha256(made.jpeg()).hexdigest()
    assert post(as_official, sha256=right.upper()).status_code == 201
    response = post(as_official, sha256="0" * 64)
    assert (response.status_code, response.json()) == (400, {"error": "文件在传输中出错，请重试。"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"client_id": "abc"}, "上传编号格式不正确，请刷新页面后重试。"),
        ({"client_id": "\0"}, "上传编号格式不正确，请刷新页面后重试。"),
        ({"sha256": "zz"}, "文件校验值格式不正确，请刷新页面后重试。"),
        ({"taken_at": "昨天"}, "拍摄时间格式不正确，请刷新页面后重试。"),
        ({"taken_at": "2026-02-30T08:00"}, "拍摄时间格式不正确，请刷新页面后重试。"),
        ({"taken_at": "0001-01-01T00:00:00"}, None),
        ({"taken_at": "0001-01-01T00:00:00+08:00"}, None),
        ({"taken_at": "9999-12-31T23:59:59-12:00"}, None),
        ({"taken_at": "2026-02-01T08:00:00.123Z"}, None),
    ],
)
def test_bad_fields_are_refused_in_words(as_official, fields, words):
    response = post(as_official, **fields)
    expected = (400, {"error": words}) if words else (201, None)
    assert (response.status_code, response.json() if words else None) == expected


def test_a_request_without_a_file_is_refused_in_words(as_official):
    response = as_official.post("/files/", {})
    assert (response.status_code, response.json()) == (400, {"error": "没有收到文件，请重新选择后上传。"})


def test_a_file_in_a_text_field_is_refused_in_words(as_official):
    assert as_official.post("/files/", {"file": "not a file"}).status_code == 400


def test_a_stranger_is_told_in_json_and_not_redirected(client, db):
    paths = ["/files/", f"/files/{uuid.uuid4()}/remove/"]
    answers = [client.post(path) for path in paths]
    assert [(a.status_code, a.json()) for a in answers] == [(401, {"error": "登录已过期，请重新登录。"})] * 2
    assert client.get(f"/files/{uuid.uuid4()}/thumb/").status_code == 401


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, None])
def test_who_gives_no_evidence_may_not_upload(client, db, role):
    user = make_actor(role, make_place().county).user if role else UserFactory()
    client.force_login(user, backend="institutions.backends.PersonBackend")
    response = post(client)
    assert (response.status_code, response.json()) == (403, {"error": "您的岗位不能上传文件。"})
    assert StoredFile.objects.count() == 0


@pytest.mark.parametrize("role", [Role.MANAGER, Role.SAFETY_OFFICER])
def test_people_of_an_institution_may_upload(client, db, role):
    client.force_login(
        make_actor(role, make_place().institution()).user, backend="institutions.backends.PersonBackend"
    )
    assert post(client).status_code == 201


def test_looking_at_the_upload_address_is_not_allowed(as_official):
    assert as_official.get("/files/").status_code == 405


def test_an_upload_without_the_csrf_token_is_refused(official):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(official.user, backend="institutions.backends.PersonBackend")
    assert post(strict).status_code == 403
    assert StoredFile.objects.count() == 0


def test_the_61st_unused_file_is_refused_but_a_retry_of_an_earlier_one_is_not(as_official, official):
    client_id = uuid.uuid4()
    first = made.stored(made.jpeg(), official.user, client_id=client_id)
    for _ in range(limits.MAX_UNATTACHED_PER_USER - 1):
        first.pk, first.client_id = uuid.uuid4(), uuid.uuid4()
        first.save(force_insert=True)
    response = post(as_official, client_id=str(uuid.uuid4()))
    assert (response.status_code, response.json()["error"][:10]) == (429, "您有 60 个已上传")
    assert post(as_official, client_id=str(client_id)).status_code == 200


def test_a_full_disk_answers_507_in_words(as_official, settings):
    settings.UPLOAD_MIN_FREE_BYTES = 10**18
    assert post(as_official).status_code == 507


def test_a_refused_photo_answers_400_with_the_reason(as_official):
    response = post(as_official, made.jpeg()[:5000])
    assert (response.status_code, response.json()) == (
        400, {"error": "这张照片损坏或不完整，请重新拍摄后上传。"},
    )  # fmt: skip


# --- one's own, and other people's -------------------------------------------------------------------
def test_ones_own_unused_file_can_be_seen_and_removed(as_official, official):
    file = made.stored(made.jpeg(), official.user)
    assert b"".join(as_official.get(f"/files/{file.pk}/thumb/").streaming_content)[:3] == b"\xff\xd8\xff"
    response = as_official.post(f"/files/{file.pk}/remove/")
    assert (response.status_code, response.json()) == (200, {"removed": str(file.pk)})
    assert StoredFile.objects.count() == 0


@pytest.mark.parametrize("is_attached", [False, True])
def test_another_persons_file_answers_404(as_official, user, is_attached):
    file = made.stored(made.jpeg(), user, is_attached=is_attached)
    assert as_official.get(f"/files/{file.pk}/thumb/").status_code == 404
    assert as_official.post(f"/files/{file.pk}/remove/").status_code == 404
    assert StoredFile.objects.get() == file


def test_ones_own_file_that_is_evidence_answers_404_here(as_official, official):
    file = made.stored(made.jpeg(), official.user, is_attached=True)
    assert as_official.get(f"/files/{file.pk}/thumb/").status_code == 404
    assert as_official.post(f"/files/{file.pk}/remove/").status_code == 404
    assert StoredFile.objects.get() == file


# --- what never reaches the disk ---------------------------------------------------------------------
@pytest.fixture
def _capped(settings):
    settings.FILE_UPLOAD_HANDLERS = ["files.upload_handlers.CappedUploadHandler"]


def parsed(actor, *contents: bytes):
    """The files and fields Django finds in a form of `contents` sent by `actor`."""
    uploads = [made.upload(content) for content in contents]
    request = RequestFactory().post("/files/", {"files": uploads, "after": "还在"})
    request.actor = actor
    return request.FILES.getlist("files"), request.POST["after"]


@pytest.mark.usefixtures("_capped")
def test_too_large_a_file_is_dropped_and_the_rest_of_the_form_arrives(official):
    (large, small), after = parsed(official, bytes(limits.MAX_UPLOAD_BYTES + 1), made.jpeg())
    assert (len(large.read()), small.size, after) == (0, len(made.jpeg()), "还在")
    with pytest.raises(Refused) as caught:
        receive(large, by=official.user)
    assert caught.value.message == "文件超过 20 MB，请压缩或重新拍摄后上传。"
    with small:
        assert receive(small, by=official.user).original_size == len(made.jpeg())


@pytest.mark.usefixtures("_capped")
def test_a_file_of_exactly_20_megabytes_passes(official):
    (file,), _ = parsed(official, bytes(limits.MAX_UPLOAD_BYTES))
    with file:
        assert sum(map(len, file.chunks())) == limits.MAX_UPLOAD_BYTES


@pytest.mark.usefixtures("_capped")
def test_a_broken_off_request_leaves_nothing_behind(official, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "received"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    handler = CappedUploadHandler(RequestFactory().get("/"))
    handler.request.actor = official
    for size in (1000, limits.MAX_UPLOAD_BYTES + 1):
        handler.new_file("file", "a.jpg", "image/jpeg", None)
        handler.receive_data_chunk(bytes(size), 0)
        handler.upload_interrupted()
        assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


@pytest.mark.usefixtures("_capped")
def test_of_somebody_without_a_post_nothing_is_written():
    (file,), after = parsed(None, made.jpeg())
    assert (len(file.read()), after) == (0, "还在")


@pytest.mark.usefixtures("_capped")
def test_uploads_pass_the_cap_over_http(as_official):
    assert post(as_official).status_code == 201
    response = post(as_official, bytes(limits.MAX_UPLOAD_BYTES + 1))
    assert (response.status_code, response.json()) == (
        413,
        {"error": "文件超过 20 MB，请压缩或重新拍摄后上传。"},
    )
