"""成员管理: who may give which role where, and what that does to the person."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from institutions.actions import accounts, members
from institutions.enums import Role
from institutions.models import Membership, MembershipEvent, User
from tests.factories import AuthorityFactory, MembershipFactory, UserFactory, make_actor, make_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return make_place()


@pytest.fixture
def admin(place):
    return make_actor(Role.SECURITY_ADMIN, place.county)


@pytest.fixture
def client(browse, admin):
    return browse(admin)


@pytest.fixture
def county(place):
    return make_actor(Role.COUNTY_OFFICIAL, place.county)


def authority(region):
    return region.authorities.get(department="civil_affairs")


def url(name, *args):
    return reverse(f"members:{name}", args=args)


def new_person(**more) -> dict:
    return {"username": "xin.ren", "name": "新人", "role": "county_official", "place": ""} | more


# --- list and page ------------------------------------------------------------------------------------


def test_the_list_shows_the_people_of_the_region_and_their_posts_there(client, place, admin, county):
    manager = make_actor(Role.MANAGER, place.institution())
    elsewhere = make_actor(Role.COUNTY_OFFICIAL, make_place(city=place.city).county)
    above = make_actor(Role.CITY_OFFICIAL, place.city)
    shown = client.get(url("list")).context["page"]
    assert {user.pk for user in shown} == {admin.user.pk, county.user.pk, manager.user.pk}
    for stranger in (elsewhere, above):
        assert client.get(url("detail", stranger.user.pk)).status_code == 404
        for act in ("grant", "disable", "enable", "reset_password", "unlock"):
            assert client.post(url(act, stranger.user.pk), {}).status_code == 404
        assert client.post(url("revoke", stranger.membership.pk)).status_code == 404
    assert Membership.objects.filter(is_active=True).count() == 5


@pytest.mark.parametrize("role", [Role.COUNTY_OFFICIAL, Role.AUDITOR, Role.SYSTEM_ADMIN])
def test_others_may_not_manage_members(browse, place, county, role):
    client = browse(make_actor(role, place.county))
    assert client.get(url("list")).status_code == 403
    assert client.get(url("detail", county.user.pk)).status_code == 403
    assert client.post(url("add"), new_person()).status_code == 403
    for act in ("grant", "disable", "enable", "reset_password"):
        assert client.post(url(act, county.user.pk), {}).status_code == 403
    assert client.post(url("revoke", county.membership.pk)).status_code == 403


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_list_takes_the_same_statements_for_any_number_of_people(
    client, place, django_assert_num_queries, count
):
    for _ in range(count):
        MembershipFactory(authority=authority(place.county), role=Role.COUNTY_OFFICIAL)
    client.get(url("list"))
    with django_assert_num_queries(9):
        client.get(url("list"), headers={"HX-Request": "true"})


def test_people_are_found_by_role_and_by_region_and_counted(client, place, admin, county):
    town = make_actor(Role.TOWNSHIP_PATROL, place.township)
    twice = make_actor(
        Role.MANAGER, place.institution(region=place.township, township=place.township), user=county.user
    )
    gone = make_actor(Role.TOWNSHIP_PATROL, place.township)
    members.revoke(gone.membership, by=admin)

    def found(**chosen):
        response = client.get(url("list"), chosen)
        shown = {user.pk for user in response.context["page"]}
        assert f"共 {len(shown)} 人" in response.content.decode()
        return shown

    assert found() == {admin.user.pk, county.user.pk, town.user.pk, gone.user.pk}
    assert found(role="township_patrol") == {town.user.pk}
    assert found(role="manager") == found(role="county_official") == {county.user.pk}
    assert found(region=place.township.code) == {town.user.pk, twice.user.pk}
    assert found(region=place.township.code, role="county_official") == set()
    for wrong in ({"role": "king"}, {"region": place.city.code}, {"region": "x"}):
        assert client.get(url("list"), wrong).status_code == 422


def test_people_are_found_by_name_and_by_where_they_work(client, place, county):
    home = place.institution(name="阳光敬老院")
    manager = make_actor(Role.MANAGER, home, user=UserFactory(name="刘桂英"))

    def found(words):
        return {user.pk for user in client.get(url("list"), {"q": words}).context["page"]}

    assert found("刘桂") == found("阳光") == found("阳光 刘") == {manager.user.pk}
    assert found("没有这个人") == set()


def test_the_system_page_shows_accounts_and_no_business(browse, place, county):
    place.institution(name="不该出现的机构")
    client = browse(make_actor(Role.SYSTEM_ADMIN, place.county))
    page = client.get(url("system"))
    assert page.context["counts"]["total"] == 2
    assert "不该出现的机构" not in page.content.decode()


# --- making an account ---------------------------------------------------------------------------------


def test_a_new_person_logs_in_with_the_password_shown_once(client, place, admin):
    answer = client.post(url("add"), new_person(place=authority(place.county).name, phone="0797-1234567"))
    assert answer.status_code == 200
    password = answer.context["password"]
    assert password in answer.content.decode()
    user = User.objects.get(username="xin.ren")
    assert password not in client.get(url("detail", user.pk)).content.decode()
    assert (user.must_change_password, user.check_password(password)) == (True, True)
    assert user.memberships.get().authority == authority(place.county)
    assert list(MembershipEvent.objects.order_by("id").values_list("act", "by", "user")) == [
        ("新建账号", admin.user.pk, user.pk), ("授予角色", admin.user.pk, user.pk),
    ]  # fmt: skip
    newcomer = Client()
    newcomer.post(reverse("login"), {"username": "xin.ren", "password": password})
    assert newcomer.get("/me/").url == reverse("password_change")


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"username": ""}, "username", "必填"),
        ({"username": "有 空格"}, "username", "请输入"),
        ({"username": "taken"}, "username", "已经有人使用"),
        ({"name": ""}, "name", "必填"),
        ({"phone": "电话"}, "phone", "电话只能"),
        ({"email": "x"}, "email", "Email"),
        ({"role": "emperor"}, "role", "有效"),
        ({"role": "manager"}, "place", "您的辖区内没有名称为"),
        ({"place": "外县民政局"}, "place", "您的辖区内没有名称为"),
        ({"role": "province_official"}, "role", "只能在省级部门任职"),
        ({"role": "township_patrol"}, "role", "只能在乡镇级部门任职"),
    ],
)
def test_a_person_cannot_be_added_with_bad_input(client, place, change, field, words):
    UserFactory(username="taken")
    AuthorityFactory(region=make_place(city=place.city).county, name="外县民政局")
    answer = client.post(url("add"), new_person(place=authority(place.county).name) | change)
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert User.objects.filter(username="xin.ren").exists() is False


def test_the_first_password_passes_the_house_policy():
    for _ in range(50):
        password = accounts.new_password()
        assert len(password) == 14
        assert sum(any(test(c) for c in password) for test in (str.isupper, str.islower, str.isdigit)) == 3
        assert not set(password) & set("0O1lIo")


# --- posts -----------------------------------------------------------------------------------------------


def test_a_post_at_an_institution_is_given_by_name(client, place):
    home = place.institution(name="阳光敬老院")
    person = make_actor(Role.SAFETY_OFFICER, place.institution()).user
    answer = client.post(url("grant", person.pk), {"role": "manager", "place": "阳光敬老院"})
    assert answer.url == url("detail", person.pk)
    assert person.memberships.get(role="manager").institution == home


def test_nobody_sits_on_both_sides_of_a_rectification(client, place, county):
    place.institution(name="阳光敬老院")
    answer = client.post(url("grant", county.user.pk), {"role": "manager", "place": "阳光敬老院"})
    assert (answer.status_code, county.user.memberships.count()) == (422, 1)
    assert answer.context["form"].non_field_errors() == [
        "企业整改、县级验收、市级销号须是三方：机构人员不能同时在监管部门任职，请先收回或另选一人。"
    ]


def test_institutions_of_the_same_name_are_told_apart_by_county(browse, place):
    other = make_place(city=place.city)
    place.institution(name="敬老院")
    wanted = other.institution(name="敬老院")
    client = browse(make_actor(Role.SECURITY_ADMIN, place.city))
    person = make_actor(Role.SAFETY_OFFICER, wanted).user
    twice = client.post(url("grant", person.pk), {"role": "manager", "place": "敬老院"})
    assert f"{other.county.name}/敬老院" in twice.context["form"].errors["place"][0]
    said = {"role": "manager", "place": f"{other.county.name}/敬老院"}
    assert client.post(url("grant", person.pk), said).status_code == 302
    assert person.memberships.get(role="manager").institution == wanted


def test_granting_twice_is_one_post(place, admin, county):
    first = members.grant(county.user, by=admin, role=Role.COUNTY_OFFICIAL, place=authority(place.county))
    assert first == county.membership
    assert MembershipEvent.objects.count() == 0


def test_nobody_gives_or_takes_a_role_of_their_own(client, place, admin):
    for act in (
        lambda: members.grant(admin.user, by=admin, role=Role.SECURITY_ADMIN, place=authority(place.county)),
        lambda: members.revoke(admin.membership, by=admin),
        lambda: accounts.disable(admin.user, by=admin),
        lambda: accounts.reset_password(admin.user, by=admin),
    ):
        with pytest.raises(PermissionDenied):
            act()
    said = {"role": "county_official", "place": authority(place.county).name}
    assert client.post(url("grant", admin.user.pk), said).status_code == 403
    assert client.post(url("revoke", admin.membership.pk)).status_code == 403


def test_a_county_gives_no_roles_above_or_beside_it(place, admin, county):
    beside = make_place(city=place.city)
    for role, region in (
        (Role.PROVINCE_OFFICIAL, place.province),
        (Role.CITY_OFFICIAL, place.city),
        (Role.COUNTY_OFFICIAL, beside.county),
    ):
        with pytest.raises(PermissionDenied, match="自己的辖区"):
            members.grant(county.user, by=admin, role=role, place=authority(region))
    with pytest.raises(PermissionDenied, match="自己的辖区"):
        members.grant(county.user, by=admin, role=Role.MANAGER, place=beside.institution())
    with pytest.raises(PermissionDenied):
        members.grant(UserFactory(), by=county, role=Role.COUNTY_OFFICIAL, place=county.authority)


def test_a_role_must_fit_the_place(place, admin):
    user = UserFactory()
    with pytest.raises(ValidationError, match="只能在机构任职"):
        members.grant(user, by=admin, role=Role.MANAGER, place=authority(place.county))
    with pytest.raises(ValidationError, match="只能在监管部门任职"):
        members.grant(user, by=admin, role=Role.COUNTY_OFFICIAL, place=place.institution())
    with pytest.raises(ValidationError, match="只能在市级部门任职"):
        members.grant(user, by=admin, role=Role.CITY_OFFICIAL, place=authority(place.county))


@pytest.mark.parametrize("separated", [Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN])
def test_administrators_and_auditors_hold_nothing_else(place, admin, county, separated):
    with pytest.raises(ValidationError, match="三员分立"):
        members.grant(county.user, by=admin, role=separated, place=authority(place.county))
    holder = make_actor(separated, place.county).user
    with pytest.raises(ValidationError, match="三员分立"):
        members.grant(holder, by=admin, role=Role.COUNTY_OFFICIAL, place=authority(place.county))


def test_a_revoked_post_gives_nothing_any_more(client, browse, county):
    client.post(url("revoke", county.membership.pk))
    county.membership.refresh_from_db()
    assert county.membership.is_active is False
    assert MembershipEvent.objects.get().act == "收回角色"
    page = browse(county)
    county.user.refresh_from_db()
    assert page.get(reverse("institutions:list")).status_code in {302, 403}
    assert client.get(url("detail", county.user.pk)).status_code == 200
    client.post(url("revoke", county.membership.pk))
    assert MembershipEvent.objects.count() == 1


def test_another_departments_administrator_manages_only_that_department(browse, place, county):
    fire = AuthorityFactory(region=place.county, department="fire_rescue", name="消防大队")
    fireman = make_actor(Role.COUNTY_OFFICIAL, fire)
    manager = make_actor(Role.MANAGER, place.institution())
    admin = make_actor(Role.SECURITY_ADMIN, fire)
    shown = browse(admin).get(url("list")).context["page"]
    assert {user.pk for user in shown} == {fireman.user.pk, admin.user.pk}
    for place_wanted in (county.authority, manager.institution):
        role = Role.COUNTY_OFFICIAL if place_wanted == county.authority else Role.MANAGER
        with pytest.raises(PermissionDenied):
            members.grant(fireman.user, by=admin, role=role, place=place_wanted)


# --- accounts --------------------------------------------------------------------------------------------


def test_an_account_is_closed_and_opened_again(client, county):
    client.post(url("disable", county.user.pk))
    county.user.refresh_from_db()
    assert county.user.is_active is False
    client.post(url("enable", county.user.pk))
    county.user.refresh_from_db()
    assert county.user.is_active is True
    acts = list(MembershipEvent.objects.order_by("id").values_list("act", flat=True))
    assert acts == ["停用账号", "启用账号"]


def test_a_reset_password_is_shown_once_and_must_be_changed(client, county):
    answer = client.post(url("reset_password", county.user.pk))
    password = answer.context["password"]
    county.user.refresh_from_db()
    assert (county.user.check_password(password), county.user.must_change_password) == (True, True)
    assert "no-store" in answer["Cache-Control"]
    assert password not in str(list(MembershipEvent.objects.values()))


def test_somebody_with_a_post_outside_the_region_is_not_taken_over(client, place, admin, county):
    make_actor(Role.PROVINCE_OFFICIAL, place.province, user=county.user)
    for act in ("disable", "reset_password"):
        assert client.post(url(act, county.user.pk)).status_code == 403
    page = client.get(url("detail", county.user.pk)).content.decode()
    assert "账号由上级安全管理员办理" in page
    assert url("reset_password", county.user.pk) not in page
    above = make_actor(Role.SECURITY_ADMIN, place.province)
    assert accounts.reset_password(county.user, by=above)


def test_the_trace_cannot_be_rewritten(admin, county):
    accounts.disable(county.user, by=admin)
    with pytest.raises(Exception, match="permission denied"):
        MembershipEvent.objects.all().delete()


_text = st.text(max_size=80)


@given(
    said=st.dictionaries(
        st.sampled_from(["username", "name", "phone", "email", "role", "place", "q", "page"]),
        _text | st.sampled_from([*Role.values, "/", "a/b"]),
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_input_breaks_a_page(client, county, said):
    assert client.get(url("list"), said).status_code in {200, 422}
    assert client.post(url("add"), said).status_code == 422
    assert client.post(url("grant", county.user.pk), said).status_code in {302, 422}
