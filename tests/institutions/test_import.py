"""机构导入: dry run, errors beside the rows, all or nothing, hostile files."""

import io
import random
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from institutions import sheet
from institutions.enums import Role
from institutions.models import ImportDraft, Institution, InstitutionEvent
from tests.factories import (
    RegionFactory,
    ResponsiblePersonFactory,
    make_actor,
    make_place,
)

pytestmark = [
    pytest.mark.django_db,
    # openpyxl and zipfile warn of what these tests put into the files on purpose.
    pytest.mark.filterwarnings("ignore:.*:UserWarning:openpyxl"),
    pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning:zipfile"),
]
CODE = "91350100M000100Y43"


@pytest.fixture
def place():
    return make_place()


@pytest.fixture
def county(place):
    return make_actor(Role.COUNTY_OFFICIAL, place.county)


@pytest.fixture
def client(browse, county):
    return browse(county)


def send(client, content: bytes, name="机构.xlsx"):
    return client.post(reverse("institutions:import"), {"file": SimpleUploadedFile(name, content)})


def dry_run(client, content: bytes):
    answer = send(client, content)
    assert answer.status_code == 302, answer.context["form"].errors
    return client.get(answer.url)


def confirm(client, page):
    draft = page.context["draft"]
    return client.post(
        reverse("institutions:import_confirm", args=[draft.pk]), {"digest": page.context["plan"].digest}
    )


def outcomes(page) -> dict[str, str]:
    return {row.name: row.outcome for row in page.context["plan"].rows}


def errors(page) -> dict[int, list[str]]:
    return page.context["plan"].errors


def row(name, **more) -> dict:
    return {"机构名称": name, "机构类型": "养老机构", **more}


# --- the story ----------------------------------------------------------------------------------------


def test_the_template_comes_back_filled_and_is_imported(client, place, county):
    answer = client.get(reverse("institutions:import_template"))
    book = load_workbook(io.BytesIO(answer.content))
    page = book["机构"]
    assert [cell.value for cell in page[1]] == [column.header for column in sheet.COLUMNS]
    assert len(page.data_validations.dataValidation) == 3
    page.append(["甲院", "养老机构", place.township.name, "民办", CODE, "阳光路 1 号", 100, 80, 20, 30, 4, "黄",
                 "张三", "0797-1234567"])  # fmt: skip
    buffer = io.BytesIO()
    book.save(buffer)

    shown = dry_run(client, buffer.getvalue())
    assert outcomes(shown) == {"甲院": "created"}
    assert Institution.objects.count() == 0
    assert confirm(client, shown).url == reverse("institutions:list")
    made = Institution.objects.get()
    assert (made.county, made.township, made.authority) == (place.county, place.township, county.authority)
    assert (made.beds, made.residents, made.night_staff, made.risk_grade) == (100, 80, 4, "yellow")
    assert (made.operation, made.credit_code, made.address) == ("private", CODE, "阳光路 1 号")
    assert list(made.responsible_persons.values_list("duty", "name", "phone")) == [
        ("主要负责人", "张三", "0797-1234567")
    ]
    assert set(InstitutionEvent.objects.values_list("act", flat=True)) == {"imported", "persons"}
    assert ImportDraft.objects.count() == 0


def test_the_dry_run_tells_new_changed_same_and_wrong_apart(client, place, make_sheet):
    place.institution(name="旧院", beds=40, address="老街 1 号")
    place.institution(name="同院", beds=10)
    page = dry_run(
        client,
        make_sheet(
            row("新院", 床位数=5),
            row("旧院", 床位数=50, 地址="老街 2 号"),
            row("同院"),
            row("错院", 床位数="多"),
        ),
    )
    assert outcomes(page) == {"新院": "created", "旧院": "changed", "同院": "same", "错院": "wrong"}
    (changed,) = page.context["plan"].of("changed")
    assert changed.changes == {"床位数": ["40", "50"], "地址": ["老街 1 号", "老街 2 号"]}
    assert "老街 1 号 → <strong>老街 2 号</strong>" in page.content.decode()
    assert "确认导入" not in page.content.decode()


def test_with_one_wrong_row_nothing_is_imported_even_if_confirmed(client, make_sheet):
    page = dry_run(client, make_sheet(row("甲院"), row("乙院", 床位数="多")))
    answer = confirm(client, page)
    assert answer.status_code == 422
    assert "没有导入任何一行" in answer.content.decode()
    assert Institution.objects.count() == 0


def test_errors_stand_beside_the_rows_in_the_persons_own_sheet(client, make_sheet):
    headers = ["序号", "机构名称", "机构类型", "床位数", "备注"]
    content = make_sheet(
        {"序号": 1, "机构名称": "甲院", "机构类型": "养老机构", "备注": "甲备注"},
        {"序号": 2, "机构名称": "乙院", "机构类型": "宾馆", "床位数": "多", "备注": "=1+1"},
        headers=headers,
    )
    page = dry_run(client, content)
    assert "这些列不认识，不会导入：序号、备注" in page.content.decode()
    answer = client.get(reverse("institutions:import_annotated", args=[page.context["draft"].pk]))
    marked = load_workbook(io.BytesIO(answer.content)).active
    rows = [[cell.value for cell in line] for line in marked.iter_rows()]
    assert rows[0] == [*headers, "错误说明"]
    assert rows[1] == [1, "甲院", "养老机构", None, "甲备注", None]
    assert rows[2][:5] == [2, "乙院", "宾馆", "多", "'=1+1"]
    assert rows[2][5].startswith("“机构类型”不能是“宾馆”，应为：养老机构、")
    assert rows[2][5].endswith("“床位数”应为 0 到 100 万的整数，现在是“多”")
    assert {cell.data_type for line in marked.iter_rows() for cell in line} <= {"s", "n"}

    marked["C3"], marked["D3"], marked["E3"] = "公墓（骨灰堂）", 3, ""
    buffer = io.BytesIO()
    marked.parent.save(buffer)
    again = dry_run(client, buffer.getvalue())
    assert outcomes(again) == {"甲院": "created", "乙院": "created"}
    assert confirm(client, again).status_code == 302
    assert Institution.objects.count() == 2


def test_importing_the_same_sheet_again_changes_nothing(client, make_sheet):
    content = make_sheet(row("甲院", 床位数=5, 主要负责人="张三", 负责人电话=13800000001), row("乙院"))
    confirm(client, dry_run(client, content))
    events = InstitutionEvent.objects.count()
    page = dry_run(client, content)
    assert outcomes(page) == {"甲院": "same", "乙院": "same"}
    confirm(client, page)
    assert (Institution.objects.count(), InstitutionEvent.objects.count()) == (2, events)


def test_empty_cells_keep_what_is_there(client, place, make_sheet):
    home = place.institution(
        name="旧院", beds=40, address="老街", risk_grade="red", region=place.township, township=place.township
    )
    ResponsiblePersonFactory(institution=home, duty="主要负责人", name="张三", phone="13800000001")
    page = dry_run(client, make_sheet(row("旧院", 负责人电话="13800000002")))
    (changed,) = page.context["plan"].rows
    assert changed.changes == {"负责人电话": ["13800000001", "13800000002"]}
    confirm(client, page)
    home.refresh_from_db()
    assert (home.beds, home.address, home.risk_grade, home.region) == (40, "老街", "red", place.township)
    assert list(home.responsible_persons.values_list("name", "phone")) == [("张三", "13800000002")]


def test_a_credit_code_finds_an_institution_that_was_renamed(client, place, make_sheet):
    home = place.institution(name="旧名院", credit_code=CODE)
    page = dry_run(client, make_sheet(row("新名院", 统一社会信用代码=CODE.lower())))
    assert page.context["plan"].rows[0].changes == {"机构名称": ["旧名院", "新名院"]}
    confirm(client, page)
    home.refresh_from_db()
    assert home.name == "新名院"


def test_what_changed_since_the_dry_run_must_be_looked_at_again(client, place, make_sheet):
    home = place.institution(name="旧院", beds=40)
    page = dry_run(client, make_sheet(row("旧院", 床位数=50)))
    Institution.objects.filter(pk=home.pk).update(beds=45)
    answer = confirm(client, page)
    assert answer.status_code == 422
    assert "请再核对一遍" in answer.content.decode()
    home.refresh_from_db()
    assert home.beds == 45
    assert confirm(client, answer).status_code == 302
    home.refresh_from_db()
    assert home.beds == 50


def test_confirming_twice_imports_once(client, make_sheet):
    page = dry_run(client, make_sheet(row("甲院")))
    assert confirm(client, page).url == reverse("institutions:list")
    assert confirm(client, page).url == reverse("institutions:import")
    assert Institution.objects.count() == 1


# --- scope --------------------------------------------------------------------------------------------


def test_a_county_official_imports_only_into_the_own_county(client, place, make_sheet):
    sibling = make_place(city=place.city)
    sibling.institution(name="邻院", credit_code=CODE)
    page = dry_run(
        client,
        make_sheet(
            row("甲院", 所在区划=sibling.county.code),
            row("乙院", 所在区划=sibling.county.name),
            row("丙院", 统一社会信用代码=CODE),
            row("丁院", 所在区划=place.county.code),
        ),
    )
    not_ours = f"不是您辖区（{place.county.name}）内在用的区划"
    assert errors(page) == {
        2: [f"“{sibling.county.code}”{not_ours}"],
        3: [f"“{sibling.county.name}”{not_ours}"],
        4: ["这个统一社会信用代码已属于您辖区外的一家机构"],
    }


def test_a_city_official_says_where_and_names_may_be_ambiguous(browse, place, make_sheet):
    other = make_place(city=place.city)
    for county in (place.county, other.county):
        RegionFactory(parent=county, level="township", name="城关镇")
    page = dry_run(
        browse(make_actor(Role.CITY_OFFICIAL, place.city)),
        make_sheet(row("甲院"), row("乙院", 所在区划="城关镇"), row("丙院", 所在区划=other.county.name)),
    )
    assert errors(page) == {2: ["请填写所在区划"], 3: ["辖区内有 2 个“城关镇”，请改填区划代码"]}
    (created,) = page.context["plan"].of("created")
    assert created.fields["authority"] == other.county.authorities.get()


def test_an_institution_supervised_from_above_is_not_changed(client, place, make_sheet):
    place.institution(name="市属院", authority=place.city.authorities.get())
    page = dry_run(client, make_sheet(row("市属院", 床位数=9)))
    assert errors(page) == {2: [f"由{place.city.name}民政局主管，您不能修改"]}


def test_a_region_out_of_use_takes_no_more_institutions(client, place, make_sheet):
    old = RegionFactory(parent=place.county, level="township", name="旧镇", valid_to="2020-12-31")
    page = dry_run(client, make_sheet(row("甲院", 所在区划=old.code)))
    assert list(errors(page)) == [2]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.TOWNSHIP_PATROL, Role.AUDITOR, Role.SECURITY_ADMIN])
def test_who_may_not_import_gets_403(browse, place, make_sheet, role):
    at = {Role.MANAGER: place.institution(), Role.TOWNSHIP_PATROL: place.township}.get(role, place.county)
    client = browse(make_actor(role, at))
    assert client.get(reverse("institutions:import")).status_code == 403
    assert client.get(reverse("institutions:import_template")).status_code == 403
    assert send(client, make_sheet(row("甲院"))).status_code == 403


def test_another_persons_draft_does_not_exist(browse, client, place, make_sheet):
    page = dry_run(client, make_sheet(row("甲院", 床位数="多")))
    colleague = browse(make_actor(Role.COUNTY_OFFICIAL, place.county))
    for name in ("import_dry_run", "import_annotated"):
        assert (
            colleague.get(reverse(f"institutions:{name}", args=[page.context["draft"].pk])).status_code == 404
        )
    assert confirm(colleague, page).url == reverse("institutions:import")
    assert Institution.objects.count() == 0


def test_a_draft_expires(client, make_sheet):
    page = dry_run(client, make_sheet(row("甲院")))
    ImportDraft.objects.update(expires_at=timezone.now())
    assert confirm(client, page).url == reverse("institutions:import")
    assert Institution.objects.count() == 0


# --- rows that are wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"机构名称": None, "地址": "有地址"}, "请填写机构名称"),
        ({"机构名称": "长" * 81}, "“机构名称”超过 80 个字"),
        ({"机构类型": None}, "新建机构请填写机构类型"),
        ({"床位数": -1}, "“床位数”应为 0 到 100 万的整数，现在是“-1”"),
        ({"床位数": 1.5}, "“床位数”应为 0 到 100 万的整数，现在是“1.5”"),
        ({"床位数": 10**12}, "“床位数”应为 0 到 100 万的整数，现在是“1000000000000”"),
        ({"床位数": "=A1"}, "“床位数”是公式，请复制后“粘贴为数值”"),
        ({"入住人数": 1, "失能失智人数": 2}, "失能失智人数不能多于入住人数"),
        ({"统一社会信用代码": "123"}, "统一社会信用代码应为 18 位，现在是 3 位"),
        ({"负责人电话": "电话"}, "电话只能由 5 到 20 位数字、空格、括号、短横线和“转”组成"),
        ({"负责人电话": "13800000001"}, "填写负责人电话时请同时填写主要负责人"),
    ],
)
def test_a_wrong_cell_is_named(client, make_sheet, cells, words):
    page = dry_run(client, make_sheet(row("甲院") | cells))
    assert words in errors(page)[2]


def test_one_institution_twice_in_a_sheet_is_an_error(client, make_sheet):
    page = dry_run(
        client,
        make_sheet(row("甲院", 统一社会信用代码=CODE), row("甲院"), row("乙院", 统一社会信用代码=CODE)),
    )
    assert errors(page) == {3: ["与第 2 行是同一家机构"], 4: ["与第 2 行是同一家机构"]}


def test_name_and_code_of_two_institutions_are_not_mixed(client, place, make_sheet):
    place.institution(name="甲院", credit_code=CODE)
    place.institution(name="乙院")
    page = dry_run(client, make_sheet(row("乙院", 统一社会信用代码=CODE)))
    assert errors(page) == {2: ["信用代码属于“甲院”，名称却是另一家已有机构，请核对"]}


@pytest.mark.parametrize("count", [1, 60])
def test_judging_takes_the_same_statements_for_any_number_of_rows(
    client, place, make_sheet, django_assert_num_queries, count
):
    for number in range(count):
        place.institution(name=f"第{number}院")
    rows = [row(f"第{number}院", 床位数=7, 主要负责人="张三") for number in range(count * 2)]
    address = send(client, make_sheet(*rows)).url
    client.get(address)
    with django_assert_num_queries(DRY_RUN_QUERIES):
        client.get(address, headers={"HX-Request": "true"})


DRY_RUN_QUERIES = 11


# --- files that are wrong -------------------------------------------------------------------------------


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def refused(client, content: bytes, name="机构.xlsx") -> str:
    answer = send(client, content, name)
    assert answer.status_code == 422
    return " ".join(answer.context["form"].errors["file"])


def test_files_of_another_kind_are_refused_in_words(client, make_sheet):
    good = make_sheet(row("甲院"))
    assert "请上传 .xlsx 文件" in refused(client, good, "机构.xls")
    assert "请上传 .xlsx 文件" in refused(client, b"a,b", "机构.csv")
    assert "不是 .xlsx" in refused(client, b"a,b")
    assert "文件是空的" in refused(client, b"")
    assert "旧格式 .xls 或加了密码" in refused(client, b"\xd0\xcf\x11\xe0" + b"x" * 600)
    assert "这不是 .xlsx 表格文件" in refused(client, zipped({"a.txt": b"x"}))
    assert "超过 2 MB" in refused(client, random.Random(1).randbytes(2 * 1024 * 1024 + 1))
    assert client.post(reverse("institutions:import")).status_code == 422


def test_a_sheet_without_headers_or_rows_is_refused_in_words(client, make_sheet):
    assert "缺少：机构类型" in refused(client, make_sheet(headers=["机构名称"]))
    assert "表里没有数据" in refused(client, make_sheet())
    assert "表头重复：床位数" in refused(
        client, make_sheet(row("甲"), headers=["机构名称", "机构类型", "床位数", "床位数"])
    )
    assert "共 2001 行" in refused(
        client, make_sheet(*[row(f"{n}") for n in range(2001)], headers=["机构名称", "机构类型"])
    )


def test_bombs_are_refused_before_they_are_unpacked(client, make_sheet):
    good = parts_of(make_sheet(row("甲院")))
    assert "解开后太大" in refused(client, zipped(good | {"xl/media/a.bin": b"\0" * 60_000_000}))
    assert "解开后太大" in refused(client, zipped(good | {f"xl/{n}.xml": b"" for n in range(300)}))
    laughs = good["xl/workbook.xml"].replace(b"<workbook", b'<!DOCTYPE a [<!ENTITY b "x">]><workbook', 1)
    assert "不合规范" in refused(client, zipped(good | {"xl/workbook.xml": laughs}))
    wide = good["xl/workbook.xml"].decode().encode("utf-16")
    assert "不合规范" in refused(client, zipped(good | {"xl/workbook.xml": wide}))
    first = "xl/worksheets/sheet1.xml"
    cells = b"<row>" + b"<c/>" * 700_000 + b"</row></sheetData>"
    assert "太多" in refused(client, zipped(good | {first: good[first].replace(b"</sheetData>", cells)}))
    styles = good["xl/styles.xml"] + b"<xf/>" * 70_000
    assert "太多" in refused(client, zipped(good | {"xl/styles.xml": styles}))
    assert "宏" in refused(client, zipped(good | {"xl/vbaProject.bin": b"x"}))


def test_a_merged_range_of_the_whole_sheet_is_refused_at_once(client):
    book = Workbook()
    book.active.append(["机构名称", "机构类型"])
    book.active.append(["甲院", "养老机构"])
    book.active.merge_cells("D4:E5")
    buffer = io.BytesIO()
    book.save(buffer)
    parts = parts_of(buffer.getvalue())
    first = "xl/worksheets/sheet1.xml"
    huge = parts[first].replace(b"D4:E5", b"A1:XFD1048576")
    assert "取消合并" in refused(client, zipped(parts | {first: huge}))


def test_a_cell_far_away_costs_nothing(client, make_sheet):
    parts = parts_of(make_sheet(row("甲院")))
    first = "xl/worksheets/sheet1.xml"
    far = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    content = zipped(parts | {first: parts[first].replace(b"</sheetData>", far)})
    page = dry_run(client, content)
    assert outcomes(page) == {"甲院": "created"}
    assert (
        client.get(reverse("institutions:import_annotated", args=[page.context["draft"].pk])).status_code
        == 200
    )


def test_control_signs_and_odd_names_do_no_harm(client, make_sheet):
    parts = parts_of(make_sheet(row("甲院")))
    for name, content in parts.items():
        parts[name] = content.replace("甲院".encode(), "甲_x0000_\u202e院_xD800_".encode())
    answer = send(client, zipped(parts), "a\0\r\n\u202e/../机构.xlsx")
    assert answer.status_code in {302, 422}
    if answer.status_code == 302:
        assert client.get(answer.url).status_code == 200


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_mangled_workbook_breaks_the_import(client, make_sheet, data):
    parts = parts_of(make_sheet(row("甲院", 床位数=5), row("乙院", 地址="某处")))
    name = data.draw(st.sampled_from(sorted(parts)))
    content = bytearray(parts[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=20))
    answer = send(client, zipped(parts | {name: bytes(content)}))
    assert answer.status_code in {302, 422}
    if answer.status_code == 302:
        page = client.get(answer.url)
        assert page.status_code == 200
        draft = page.context["draft"]
        assert client.get(reverse("institutions:import_annotated", args=[draft.pk])).status_code in {200, 422}
        assert confirm(client, page).status_code in {302, 422}


@given(
    content=st.binary(max_size=2000), prefix=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18])
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_random_bytes_break_the_import(client, content, prefix):
    assert send(client, prefix + content).status_code == 422


_cell = (
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False)
    | st.dates()
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60)
)


@given(rows=st.lists(st.fixed_dictionaries({c.header: _cell for c in sheet.COLUMNS}), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_values_in_cells_break_the_import(client, make_sheet, rows):
    answer = send(client, make_sheet(*rows))
    assert answer.status_code in {302, 422}
    if answer.status_code == 302:
        page = client.get(answer.url)
        assert confirm(client, page).status_code in {302, 422}
