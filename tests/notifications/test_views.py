"""A person's notices: their own, newest first, read when they say so."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from institutions.enums import Role
from notifications.models import Notice
from notifications.outbox import settle
from notifications.queries import PAGE_SIZE, unread_count
from notifications.reading import mark_topic_read
from tests.factories import UserFactory, make_actor, make_place
from tests.notifications.conftest import tell

pytestmark = pytest.mark.django_db

LIST = "/notices/"


@pytest.fixture
def person(client):
    person = make_actor(Role.COUNTY_OFFICIAL, make_place().county).user
    client.force_login(person)
    return person


def subjects(response) -> list[str]:
    return [n.subject for n in response.context["page"].notices]


def only_notice(user) -> Notice:
    return Notice.objects.of(user).get()


def test_one_sees_ones_own_notices_newest_first(client, person):
    tell(UserFactory(), subject="别人的")
    for n in range(3):
        tell(person, subject=f"消息{n}")
    assert subjects(client.get(LIST)) == ["消息2", "消息1", "消息0"]
    assert "别人的" not in client.get(LIST + "?show=all").content.decode()


def test_read_and_settled_ones_are_only_under_all(client, person):
    tell(person, subject="读过的", topic="a")
    client.post(reverse("notifications:open", args=[only_notice(person).pk]))
    tell(person, subject="了结的", topic="b")
    settle("b")
    tell(person, subject="新的", topic="c")
    assert subjects(client.get(LIST)) == ["新的"]
    assert subjects(client.get(LIST + "?show=all")) == ["新的", "了结的", "读过的"]


def test_empty_lists_say_so(client, person):
    assert "没有未读消息" in client.get(LIST).content.decode()
    assert "还没有消息" in client.get(LIST + "?show=all").content.decode()


def test_paging_shows_each_notice_once_even_at_the_same_moment(client, person):
    moment = timezone.now() - timedelta(days=1)
    for n in range(2 * PAGE_SIZE + 1):
        tell(person, subject=f"消息{n:02d}", at=moment)
    seen, address = [], LIST
    for _ in range(3):
        response = client.get(address)
        seen += subjects(response)
        follow = response.context["page"].next
        address = f"{LIST}?after={follow.pk}" if follow else None
    assert address is None
    assert seen == [f"消息{n:02d}" for n in reversed(range(2 * PAGE_SIZE + 1))]


def test_the_list_is_ordered_by_when_things_happened(client, person):
    tell(person, subject="今天")
    tell(person, subject="去年", at=timezone.now() - timedelta(days=365))
    assert subjects(client.get(LIST)) == ["今天", "去年"]


@pytest.mark.parametrize("after", ["x", "-1", "0", "9" * 30, "9" * 5000, ""])
def test_a_continuation_that_leads_nowhere_shows_the_first_page(client, person, after):
    tell(person, subject="消息")
    assert subjects(client.get(LIST, {"after": after})) == ["消息"]


def test_somebody_elses_notice_is_no_continuation(client, person):
    tell(person, subject="我的")
    other = UserFactory()
    tell(other, at=timezone.now() - timedelta(days=9))
    assert subjects(client.get(LIST, {"after": only_notice(other).pk})) == ["我的"]


def test_list_and_bell_cost_the_same_for_one_and_many(client, person, django_assert_num_queries):
    client.get(LIST)  # the session is stamped once a minute
    for _ in range(3):
        tell(person)
        # session, person with posts; savepoint, read only, page, the frame, savepoint
        with django_assert_num_queries(7):
            client.get(LIST)
        with django_assert_num_queries(6):
            client.get(reverse("notifications:bell"), headers={"HX-Request": "true"})


def test_who_acts_has_seen_what_they_were_told_of_it(person):
    other = UserFactory()
    tell(person, other, topic="hazard:1")
    tell(person, topic="hazard:2")
    mark_topic_read(person, "hazard:1")
    assert [unread_count(u) for u in (person, other)] == [1, 1]
    assert [n.topic for n in Notice.objects.of(person).unread()] == ["hazard:2"]


def test_the_bell_counts_unread_up_to_99(client, person):
    def badge():
        return client.get(reverse("notifications:bell")).content.decode()

    assert "badge" not in badge()
    for _ in range(3):
        tell(person)
    assert '<span class="badge">3</span>' in badge()
    for _ in range(98):
        tell(person)
    assert '<span class="badge">99+</span>' in badge()


def test_opening_by_button_marks_read_and_leads_there(client, person):
    tell(person, url="/hazards/7/?tab=photos")
    response = client.post(reverse("notifications:open", args=[only_notice(person).pk]))
    assert (response.status_code, response["Location"]) == (302, "/hazards/7/?tab=photos")
    assert only_notice(person).read_at is not None


def test_opening_by_htmx_sends_the_whole_browser_there(client, person):
    tell(person, url="/hazards/7/")
    url = reverse("notifications:open", args=[only_notice(person).pk])
    response = client.post(url, headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == "/hazards/7/"
    assert only_notice(person).read_at is not None


def test_opening_by_plain_link_leads_there_and_writes_nothing(client, person):
    tell(person, url="/hazards/7/")
    response = client.get(reverse("notifications:open", args=[only_notice(person).pk]))
    assert (response.status_code, response["Location"]) == (302, "/hazards/7/")
    assert only_notice(person).read_at is None


def test_reading_again_keeps_the_first_moment(client, person):
    tell(person)
    url = reverse("notifications:open", args=[only_notice(person).pk])
    client.post(url)
    first = only_notice(person).read_at
    client.post(url)
    assert only_notice(person).read_at == first


def test_marking_all_keeps_the_tab(client, person):
    tell(person)
    response = client.post(reverse("notifications:mark_read"), {"up_to": only_notice(person).pk, "all": "1"})
    assert response["Location"] == "/notices/?show=all"


def test_the_list_shows_the_first_line_of_the_body(client, person):
    tell(person, body="YH-2026-000001 通道堆放杂物\n意见：属实\n办理：陈晓明")
    page = client.get(LIST).content.decode()
    assert page.count("<span>YH-2026-000001 通道堆放杂物</span>") == 1
    assert "意见：属实" not in page


def test_all_means_all_that_were_shown(client, person):
    other = UserFactory()
    tell(other)
    for _ in range(3):
        tell(person)
    newest_shown = client.get(LIST).context["page"].notices[0]
    tell(person, subject="刚到的")
    response = client.post(reverse("notifications:mark_read"), {"up_to": newest_shown.pk})
    assert response["Location"] == "/notices/"
    assert subjects(client.get(LIST)) == ["刚到的"]
    assert unread_count(other) == 1


def test_somebody_elses_notice_does_not_exist(client, person):
    other = UserFactory()
    tell(other, url="/hazards/7/")
    pk = only_notice(other).pk
    answers = [
        client.get(reverse("notifications:open", args=[pk])),
        client.post(reverse("notifications:open", args=[pk])),
        client.post(reverse("notifications:mark_read"), {"up_to": pk}),
    ]
    assert [a.status_code for a in answers] == [404] * 3
    assert only_notice(other).read_at is None


@pytest.mark.parametrize("data", [{}, {"up_to": ""}, {"up_to": "x"}, {"up_to": "9" * 40}, {"up_to": "0"}])
def test_marking_nothing_sensible_is_a_404(client, person, data):
    assert client.post(reverse("notifications:mark_read"), data).status_code == 404


def test_a_user_without_a_post_still_sees_what_they_were_told(client):
    user = UserFactory()
    client.force_login(user)
    tell(user, subject="账号已停用岗位")
    assert subjects(client.get(LIST)) == ["账号已停用岗位"]


def test_a_stranger_is_sent_to_log_in(client):
    assert client.get(LIST)["Location"].endswith("?next=/notices/")


def test_what_is_told_cannot_become_markup(client, person):
    tell(person, subject="<script>alert(1)</script>", body="<b>x</b>\n第二行")
    page = client.get(LIST).content.decode()
    assert "<script>alert" not in page
    assert page.count("<span>&lt;b&gt;x&lt;/b&gt;</span>") == 1
