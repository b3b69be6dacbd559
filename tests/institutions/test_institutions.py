"""机构档案: who sees and keeps what, filters, traces."""

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from institutions.actions import institutions as actions
from institutions.enums import InstitutionKind, LicenceKind, RiskGrade, Role
from institutions.models import Institution, InstitutionEvent, Licence
from institutions.queries import licence_state
from institutions.regions import place_seen_from
from tests.factories import (
    AuthorityFactory,
    InstitutionFactory,
    LicenceFactory,
    ResponsiblePersonFactory,
    make_actor,
    make_place,
)

pytestmark = pytest.mark.django_db
LIST = "institutions:list"


@pytest.fixture
def place():
    return make_place()


@pytest.fixture
def home(place):
    return place.institution(name="阳光敬老院", beds=40)


@pytest.fixture
def county(place):
    return make_actor(Role.COUNTY_OFFICIAL, place.county)


def url(name, institution):
    return reverse(f"institutions:{name}", args=[institution.pk])


def names(response) -> set[str]:
    return {institution.name for institution in response.context["page"]}


def facts(institution, **changes) -> dict:
    said = {name: getattr(institution, name) for name in actions.FIELDS}
    said |= {"region": institution.region_id, "authority": institution.authority_id} | changes
    return {name: value for name, value in said.items() if value is not False}


# --- list ---------------------------------------------------------------------------------------------


def test_the_list_shows_exactly_the_scope(browse, place, home, county):
    sibling = make_place(city=place.city).institution(name="邻县养老院")
    make_place().institution(name="外省养老院")
    assert names(browse(county).get(reverse(LIST))) == {home.name}
    city = make_actor(Role.CITY_OFFICIAL, place.city)
    assert names(browse(city).get(reverse(LIST))) == {home.name, sibling.name}
    assert names(browse(make_actor(Role.MANAGER, home)).get(reverse(LIST))) == {home.name}
    fire = AuthorityFactory(region=place.county, department="fire_rescue", name="消防救援大队")
    assert names(browse(make_actor(Role.COUNTY_OFFICIAL, fire)).get(reverse(LIST))) == set()


def test_the_list_leaves_out_what_the_reader_knows_of_the_place(browse, place, home):
    place.institution(name="镇敬老院", region=place.township, township=place.township)

    def places(role, at) -> list[str]:
        page = browse(make_actor(role, at)).get(reverse(LIST)).context["page"]
        return [institution.place_shown for institution in page if institution.name == "镇敬老院"]

    assert places(Role.COUNTY_OFFICIAL, place.county) == [place.township.name]
    assert places(Role.CITY_OFFICIAL, place.city) == [place.county.name]
    assert places(Role.PROVINCE_OFFICIAL, place.province) == [f"{place.city.name} {place.county.name}"]


@pytest.mark.parametrize(
    ("level", "city", "county", "township", "shown"),
    [
        ("province", "甲市", "甲市", "甲市", "甲市"),
        ("province", "甲市", "乙县", "丙镇", "甲市 乙县"),
        ("city", "甲市", "甲市", "甲市", "甲市"),
        ("county", "甲市", "乙县", "丙镇", "丙镇"),
        ("county", "甲市", "乙县", "乙县", ""),
        ("township", "甲市", "乙县", "丙镇", "丙镇"),
        (None, "甲市", "乙县", "丙镇", "乙县"),
    ],
)
def test_a_place_is_told_from_the_level_below(level, city, county, township, shown):
    assert place_seen_from(level, city, county, township) == shown


@pytest.mark.parametrize("kind", InstitutionKind)
def test_where_nobody_lives_there_are_no_beds_to_count(browse, place, county, kind):
    is_lived_in = kind not in {"funeral_home", "cemetery", "marriage_office"}
    made = place.institution(kind=kind, beds=0, residents=0)
    page = browse(county).get(url("detail", made)).content.decode()
    assert [page.count(words) for words in ("0 张", "失能失智 0 人")] == [is_lived_in] * 2
    assert browse(county).get(reverse(LIST)).content.decode().count('data-label="床位">—<') == (
        not is_lived_in
    )
    made.beds = 12
    made.save()
    assert "12 张" in browse(county).get(url("detail", made)).content.decode()


def test_conditions_can_be_cleared_once_there_are_any(browse, home, county):
    def offers(**chosen) -> bool:
        return "清除条件" in browse(county).get(reverse(LIST), chosen).content.decode()

    assert [offers(), offers(page="1"), offers(kind=""), offers(kind="cemetery"), offers(q="院")] == [
        False, False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN])
def test_administrators_see_no_institutions(browse, place, home, role):
    client = browse(make_actor(role, place.province))
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(url("detail", home)).status_code == 404


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_list_takes_the_same_statements_for_any_number_of_rows(
    browse, place, django_assert_num_queries, count
):
    for number in range(count):
        LicenceFactory(institution=place.institution(name=f"第{number}院"), expires_on=date(2020, 1, 1))
    client = browse(make_actor(Role.PROVINCE_OFFICIAL, place.province))
    client.get(reverse(LIST))
    with django_assert_num_queries(LIST_QUERIES):
        assert client.get(reverse(LIST), headers={"HX-Request": "true"}).status_code == 200


LIST_QUERIES = 10


def test_filters_narrow_by_city_county_kind_risk_and_words(browse, place):
    other = make_place(province=place.province)
    place.institution(name="甲院", kind=InstitutionKind.FUNERAL_HOME, address="阳光路 1 号")
    place.institution(name="乙院", risk_grade=RiskGrade.RED)
    other.institution(name="丙院", credit_code="91350100M000100Y43")
    client = browse(make_actor(Role.PROVINCE_OFFICIAL, place.province))

    def found(**query):
        return names(client.get(reverse(LIST), query))

    assert found() == {"甲院", "乙院", "丙院"}
    assert found(city=place.city.pk) == {"甲院", "乙院"}
    assert found(county=other.county.pk) == {"丙院"}
    assert found(kind="funeral_home") == {"甲院"}
    assert found(risk_grade="red") == {"乙院"}
    assert found(q="阳光 甲") == {"甲院"}
    assert found(q="m000100y") == {"丙院"}
    assert found(q="%") == set()


def test_a_county_left_over_from_another_city_is_dropped(browse, place):
    other = make_place(province=place.province)
    place.institution(name="甲院")
    other.institution(name="丙院")
    client = browse(make_actor(Role.PROVINCE_OFFICIAL, place.province))
    answer = client.get(reverse(LIST), {"city": place.city.pk, "county": other.county.pk})
    assert (answer.status_code, names(answer)) == (200, {"甲院"})
    assert list(answer.context["filter"].form.fields["county"].queryset) == [place.county]


def test_a_region_outside_the_scope_cannot_be_filtered_by(browse, place, home):
    elsewhere = make_place()
    elsewhere.institution(name="外省养老院")
    client = browse(make_actor(Role.CITY_OFFICIAL, place.city))
    answer = client.get(reverse(LIST), {"county": elsewhere.county.pk})
    assert (answer.status_code, names(answer)) == (422, set())


@given(
    query=st.dictionaries(
        st.sampled_from(["city", "county", "kind", "risk_grade", "q", "page"]),
        st.text(max_size=40) | st.integers(-(10**30), 10**30).map(str),
        max_size=4,
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_breaks_the_list(browse, place, county, query):
    client = browse(county)
    for actor_client in (client,):
        assert actor_client.get(reverse(LIST), query).status_code in {200, 422}


# --- page ---------------------------------------------------------------------------------------------


def test_an_institution_of_another_county_does_not_exist(browse, place, home):
    stranger = browse(make_actor(Role.COUNTY_OFFICIAL, make_place(city=place.city).county))
    for name in ("detail", "edit", "licences", "persons"):
        assert stranger.get(url(name, home)).status_code == 404
    for name in ("edit", "licences", "persons"):
        assert stranger.post(url(name, home), {"name": "改名"}).status_code == 404
    assert Institution.objects.get().name == "阳光敬老院"


def test_phones_are_shown_whole_only_to_the_supervising_authority_and_the_institution(browse, place, home):
    ResponsiblePersonFactory(institution=home, phone="13879912345")

    def shows(role, at):
        page = browse(make_actor(role, at)).get(url("detail", home)).content.decode()
        assert ("13879912345" in page) != ("138****2345" in page)
        return "13879912345" in page

    assert shows(Role.COUNTY_OFFICIAL, place.county) is True
    assert shows(Role.MANAGER, home) is True
    assert shows(Role.SAFETY_OFFICER, home) is True
    assert shows(Role.CITY_OFFICIAL, place.city) is False
    assert shows(Role.PROVINCE_OFFICIAL, place.province) is False
    assert shows(Role.AUDITOR, place.county) is False


@pytest.mark.parametrize(
    ("days", "words", "tone"),
    [
        (-1, "已过期 1 天", "red"),
        (0, "30 天内到期", "amber"),
        (30, "30 天内到期", "amber"),
        (31, "有效", "green"),
        (None, "长期有效", "grey"),
    ],
)
def test_a_licence_says_what_its_expiry_means(days, words, tone):
    today = date(2026, 11, 15)
    licence = Licence(kind="food", expires_on=None if days is None else today + timedelta(days))
    state = licence_state(licence, today)
    assert (state.words, state.tone) == (words, tone)


def test_expired_licences_show_in_list_and_page(browse, home, county):
    LicenceFactory(institution=home, kind="lift", expires_on=timezone.localdate() - timedelta(days=6))
    client = browse(county)
    assert "电梯等特种设备检验：已过期 6 天" in client.get(reverse(LIST)).content.decode()
    assert "已过期 6 天" in client.get(url("detail", home)).content.decode()


def test_the_page_asks_for_the_hazards_of_the_institution(browse, home, county):
    page = browse(county).get(url("detail", home)).content.decode()
    assert f'hx-get="{reverse("hazards:of_institution", args=[home.pk])}"' in page
    assert f'href="{reverse("reports:ledger")}?institution={home.pk}"' in page


# --- keeping the record -------------------------------------------------------------------------------


def test_an_official_changes_facts_and_leaves_a_trace(browse, home, county):
    answer = browse(county).post(url("edit", home), facts(home, beds=55, risk_grade="red"))
    assert answer.url == url("detail", home)
    home.refresh_from_db()
    assert (home.beds, home.risk_grade) == (55, "red")
    event = InstitutionEvent.objects.get()
    assert (event.by, event.act) == (county.user, "edited")
    assert event.changes == {"床位数": ["40", "55"], "风险等级": ["蓝（低风险）", "红（重大风险）"]}


def test_saving_without_a_change_leaves_no_trace(browse, home, county):
    assert browse(county).post(url("edit", home), facts(home)).status_code == 302
    assert InstitutionEvent.objects.count() == 0


def test_a_manager_keeps_only_what_is_the_institutions_own(browse, home):
    manager = make_actor(Role.MANAGER, home)
    client = browse(manager)
    form = client.get(url("edit", home)).context["form"]
    assert set(form.fields) == set(actions.OWN_FIELDS)
    client.post(url("edit", home), facts(home, name="改名院", risk_grade="red", beds=60, kind="cemetery"))
    home.refresh_from_db()
    assert (home.name, home.risk_grade, home.kind, home.beds) == ("阳光敬老院", "blue", "nursing_home", 60)
    with pytest.raises(PermissionDenied, match="机构名称由主管民政部门维护"):
        actions.edit(home, by=manager, name="改名院")


def test_who_sees_but_may_not_keep_gets_403_and_no_button(browse, place, home):
    supervised_by_city = place.institution(name="市属院", authority=place.city.authorities.get())
    for role, at, institution in (
        (Role.AUDITOR, place.county, home),
        (Role.SAFETY_OFFICER, home, home),
        (Role.COUNTY_OFFICIAL, place.county, supervised_by_city),
    ):
        client = browse(make_actor(role, at))
        page = client.get(url("detail", institution)).content.decode()
        assert url("edit", institution) not in page
        for name in ("edit", "licences", "persons"):
            assert client.get(url(name, institution)).status_code == 403
            assert client.post(url(name, institution), {}).status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "必填"),
        ("name", "长" * 81, "80"),
        ("beds", "-1", "大于或等于0"),
        ("beds", "多", "整数"),
        ("beds", "9" * 30, "小于或等于"),
        ("disabled_residents", "5", "不能多于入住人数"),
        ("credit_code", "91350100M000100Y44", "校验位不对"),
        ("region", "999999999", "有效"),
        ("kind", "prison", "有效"),
    ],
)
def test_bad_input_is_refused_in_words_and_kept_on_the_page(browse, home, county, field, value, words):
    answer = browse(county).post(url("edit", home), facts(home, address="写到一半的地址", **{field: value}))
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert "写到一半的地址" in answer.content.decode()
    assert InstitutionEvent.objects.count() == 0


def test_a_second_institution_of_the_same_name_or_code_is_refused(browse, place, home, county):
    other = place.institution(name="乙院", credit_code="91350100M000100Y43")
    client = browse(county)
    same_name = client.post(url("edit", other), facts(other, name=home.name))
    assert "本县已有同名机构" in same_name.context["form"].errors["name"][0]
    same_code = client.post(url("edit", home), facts(home, credit_code=" 91350100m000100y43 "))
    assert "已属于另一家机构" in same_code.context["form"].errors["credit_code"][0]


def test_a_county_official_creates_an_institution_in_a_township(browse, place, county):
    client = browse(county)
    form = client.get(reverse("institutions:add")).context["form"]
    assert list(form.fields["region"].queryset) == [place.county, place.township]
    answer = client.post(
        reverse("institutions:add"),
        {
            "name": "新建院", "kind": "nursing_home", "operation": "private", "risk_grade": "blue",
            "region": place.township.pk, "authority": county.authority.pk,
            "beds": 1, "residents": 0, "disabled_residents": 0, "staff": 0, "night_staff": 0,
        },
    )  # fmt: skip
    made = Institution.objects.get()
    assert answer.url == url("detail", made)
    assert (made.province, made.city, made.county, made.township) == (
        place.province, place.city, place.county, place.township,
    )  # fmt: skip
    assert InstitutionEvent.objects.get().act == "created"


def test_a_province_official_first_says_where(browse, place):
    outside = make_place()
    client = browse(make_actor(Role.PROVINCE_OFFICIAL, place.province))
    first = client.get(reverse("institutions:add"))
    assert place.county.name in first.content.decode()
    assert outside.county.name not in first.content.decode()
    assert client.get(reverse("institutions:add"), {"place": outside.county.pk}).status_code == 422
    second = client.get(reverse("institutions:add"), {"place": place.county.pk})
    authorities = list(second.context["form"].fields["authority"].queryset)
    assert authorities == [r.authorities.get() for r in (place.county, place.city, place.province)]
    assert second.context["form"]["authority"].value() == authorities[0].pk


def test_nobody_creates_outside_the_region_or_under_an_authority_above(place, county):
    elsewhere = make_place(city=place.city)
    said = {"name": "越界院", "kind": "nursing_home"}
    with pytest.raises(PermissionDenied, match="自己的辖区"):
        actions.create(
            by=county, region=elsewhere.county, authority=elsewhere.county.authorities.get(), **said
        )
    with pytest.raises(PermissionDenied, match="不能是上级"):
        actions.create(by=county, region=place.county, authority=place.city.authorities.get(), **said)
    city = make_actor(Role.CITY_OFFICIAL, place.city)
    with pytest.raises(ValidationError, match="不管辖"):
        actions.create(by=city, region=place.county, authority=elsewhere.county.authorities.get(), **said)
    assert Institution.objects.count() == 0


def test_an_institution_moves_to_another_county_with_all_its_places(browse, place, home):
    other = make_place(city=place.city)
    client = browse(make_actor(Role.CITY_OFFICIAL, place.city))
    page = client.get(url("edit", home), {"place": other.county.pk})
    assert page.context["form"]["region"].value() == other.county.pk
    moved = facts(home, region=other.township.pk, authority=other.county.authorities.get().pk)
    assert client.post(f"{url('edit', home)}?place={other.county.pk}", moved).status_code == 302
    home.refresh_from_db()
    assert (home.county, home.township, home.city) == (other.county, other.township, place.city)


def test_licences_are_kept_one_of_a_kind_with_old_and_new(browse, home, county):
    LicenceFactory(institution=home, kind="food", number="JY1", expires_on=date(2026, 1, 1))
    LicenceFactory(institution=home, kind="lift", number="T9")
    answer = browse(county).post(
        url("licences", home),
        {"food_held": "on", "food_number": "JY2", "food_expires_on": "2027-01-01", "lift_number": "T9",
         "filing_held": "on"},
    )  # fmt: skip
    assert answer.status_code == 302
    assert set(home.licences.values_list("kind", "number", "expires_on")) == {
        ("food", "JY2", date(2027, 1, 1)), ("filing", "", None),
    }  # fmt: skip
    assert InstitutionEvent.objects.get().changes == {
        "食品经营许可证": ["JY1，有效期至 2026-01-01", "JY2，有效期至 2027-01-01"],
        "电梯等特种设备检验": ["T9，长期有效", ""],
        "养老机构备案回执": ["", "长期有效"],
    }


def test_a_licence_written_but_not_ticked_is_asked_about(browse, home, county):
    client = browse(county)
    answer = client.post(url("licences", home), {"food_number": "JY1"})
    assert answer.status_code == 422
    assert "请勾选“持有”" in answer.content.decode()
    assert client.post(url("licences", home), {"food_expires_on": "2026-02-30"}).status_code == 422
    assert Licence.objects.count() == 0


def persons_form(*rows, initial=0) -> dict:
    said = {"persons-TOTAL_FORMS": len(rows), "persons-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        said |= {f"persons-{number}-{key}": value for key, value in row.items()}
    return said


def test_responsible_persons_are_changed_added_and_removed(browse, home, county):
    first = ResponsiblePersonFactory(institution=home, duty="院长", name="张三", phone="13800000001")
    second = ResponsiblePersonFactory(institution=home, duty="安全员", name="李四")
    answer = browse(county).post(
        url("persons", home),
        persons_form(
            {"id": first.pk, "duty": "院长", "name": "张三丰", "phone": "13800000002"},
            {"id": second.pk, "duty": "安全员", "name": "李四", "DELETE": "on"},
            {"duty": "安全员", "name": "王五", "phone": ""},
            {},
            initial=2,
        ),
    )
    assert answer.status_code == 302
    assert list(home.responsible_persons.values_list("duty", "name", "phone")) == [
        ("院长", "张三丰", "13800000002"), ("安全员", "王五", ""),
    ]  # fmt: skip
    assert InstitutionEvent.objects.get().changes == {
        "责任人": ["院长 张三（尾号 0001）；安全员 李四", "院长 张三丰（尾号 0002）；安全员 王五"]
    }


def test_the_id_of_another_institutions_person_changes_nothing_there(browse, place, home, county):
    other = ResponsiblePersonFactory(institution=place.institution(name="乙院"), name="别人")
    browse(county).post(
        url("persons", home), persons_form({"id": other.pk, "duty": "院长", "name": "冒名"}, initial=0)
    )
    other.refresh_from_db()
    assert other.name == "别人"
    assert list(home.responsible_persons.values_list("name", flat=True)) == ["冒名"]


@pytest.mark.parametrize("total", ["", "x", "-1", "0", "5000", "9" * 50])
def test_a_tampered_form_of_persons_removes_nobody(browse, home, county, total):
    ResponsiblePersonFactory(institution=home, name="张三")
    said = persons_form({"name": "甲"}) | {"persons-TOTAL_FORMS": total}
    assert browse(county).post(url("persons", home), said).status_code in {302, 422}
    assert list(home.responsible_persons.values_list("name", flat=True)) == ["张三"]


_values = st.text(max_size=60) | st.integers(-(10**25), 10**25).map(str) | st.just("2026-13-45")


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_posted_value_breaks_a_form(browse, home, county, data):
    client = browse(county)
    parts = [f"{kind}_{part}" for kind in LicenceKind for part in ("held", "number", "expires_on")]
    for name, keys in (("edit", list(actions.FIELDS)), ("licences", parts)):
        posted = data.draw(st.dictionaries(st.sampled_from(keys), _values, max_size=6))
        assert client.post(url(name, home), posted).status_code in {302, 422}
    rows = data.draw(st.lists(st.dictionaries(st.sampled_from(["id", "duty", "name", "phone"]), _values)))
    assert client.post(url("persons", home), persons_form(*rows[:5])).status_code in {302, 422}


def test_a_page_has_no_inline_script_or_style(browse, home, county):
    client = browse(county)
    for name in ("detail", "edit", "licences", "persons"):
        page = client.get(url(name, home)).content.decode()
        assert re.findall(r"\sstyle=|\son[a-z]+=|<style|hx-on|javascript:", page) == []


def test_a_trace_cannot_be_rewritten(home, county):
    actions.edit(home, by=county, beds=41)
    with pytest.raises(Exception, match="permission denied"):
        InstitutionEvent.objects.update(changes={})


def test_institutions_of_a_county_that_has_no_authority_fall_to_the_city(place):
    county = make_place(city=place.city).county
    county.authorities.all().delete()
    city = make_actor(Role.CITY_OFFICIAL, place.city)
    made = actions.create(
        by=city, region=county, authority=city.authority, name="托管院", kind="nursing_home"
    )
    assert InstitutionFactory._meta.model.objects.visible_to(city).get() == made
