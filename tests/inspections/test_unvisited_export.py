"""未检查机构清单 as a file: the rows of the page, nobody else's, no formulas, and a trace of who took it."""

import csv
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from common import tables
from inspections.models import CampaignEvent
from tests.factories import as_client
from tests.inspections.campaigns_made import Land, visited

pytestmark = pytest.mark.django_db

HEADER = ["序号", "机构名称", "机构类型", "市", "县（市、区）", "乡镇（街道）", "地址", "风险等级", "床位数", "在院人数", "主管部门"]  # fmt: skip


@pytest.fixture
def land():
    return Land()


def address(campaign, kind="xlsx", region="") -> str:
    return reverse("inspections:unvisited_export", args=[campaign.pk, kind]) + f"?region={region}"


def rows_of(response) -> list[list]:
    sheet = load_workbook(io.BytesIO(response.content)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def names_of(response) -> list[str]:
    return [row[1] for row in rows_of(response)[1:]]


def test_the_sheet_names_exactly_the_institutions_nobody_has_visited(land):
    campaign = land.campaign()
    home = land.homes["west"][0]
    home.address, home.beds, home.residents = "福寿路 1 号", 120, 76
    home.save()
    for other in land.homes["west"][1:]:
        visited(other, campaign)
    response = as_client(land.cast.province).get(address(campaign, region=land.west.code))
    assert response.status_code == 200
    assert rows_of(response) == [
        HEADER,
        [1, home.name, "养老机构", land.city.name, land.west.name, None, "福寿路 1 号", "蓝（低风险）", 120, 76,
         home.authority.name],
    ]  # fmt: skip


def test_a_county_without_a_city_and_the_citys_own_houses_stand_where_they_are(land):
    response = as_client(land.cast.province).get(address(land.campaign()))
    places = {(row[3], row[4]) for row in rows_of(response)[1:]}
    assert places == {
        (land.city.name, land.east.name),
        (land.city.name, land.west.name),
        (land.south.parent.name, land.south.name),
        (None, land.lone.name),
        (None, land.city.name),
    }


def test_a_county_takes_along_its_own_institutions_alone(land):
    campaign = land.campaign()
    response = as_client(land.cast.county).get(address(campaign))
    assert names_of(response) == sorted(home.name for home in land.homes["east"])
    assert as_client(land.cast.county).get(address(campaign, region=land.west.code)).status_code == 404


def test_csv_has_the_same_rows(land):
    campaign, client = land.campaign(), as_client(land.cast.city)
    sheet = rows_of(client.get(address(campaign)))
    response = client.get(address(campaign, "csv"))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = response.content.decode("utf-8-sig")
    as_text = [["" if cell is None else str(cell) for cell in row] for row in sheet]
    assert list(csv.reader(io.StringIO(text))) == as_text
    assert response.content[:3] == b"\xef\xbb\xbf"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "  =1+1"])
def test_a_name_that_looks_like_a_formula_stays_a_text(land, name):
    home = land.homes["west"][0]
    home.name = name
    home.save()
    campaign, client = land.campaign(), as_client(land.cast.province)
    book = load_workbook(io.BytesIO(client.get(address(campaign, region=land.west.code)).content))
    cells = {cell.value: cell.data_type for row in book.active.iter_rows() for cell in row}
    assert cells[name] == "s"
    text = client.get(address(campaign, "csv", land.west.code)).content.decode("utf-8-sig")
    assert [row[1] for row in csv.reader(io.StringIO(text)) if name.strip() in row[1]] == [f"'{name}"]


def test_control_characters_do_not_break_the_file():
    book = load_workbook(io.BytesIO(tables.as_xlsx(["名称"], [["敬老\x0b院"]])))
    assert book.active["A2"].value == "敬老院"


def test_each_download_is_written_down_and_looking_is_not(land):
    campaign = land.campaign()
    client = as_client(land.cast.county)
    client.get(reverse("inspections:campaign_institutions", args=[campaign.pk]))
    assert CampaignEvent.objects.count() == 0
    client.get(address(campaign))
    event = CampaignEvent.objects.get()
    assert (event.campaign, event.act, event.by, event.comment) == (
        campaign, "exported", land.cast.county.user, f"{land.east.name} 2 家（xlsx）",
    )  # fmt: skip
    page = as_client(land.cast.province).get(reverse("inspections:campaign", args=[campaign.pk])).text
    assert "导出未检查机构清单" in page


def test_a_download_does_not_make_an_open_form_stale(land):
    campaign = land.campaign(land.cast.county)
    page = as_client(land.cast.county)
    url = reverse("inspections:campaign_edit", args=[campaign.pk])
    before = page.get(url).context["form"]["revision"].value()
    page.get(address(campaign))
    assert page.get(url).context["form"]["revision"].value() == before


def test_an_unknown_format_is_not_there(land):
    assert as_client(land.cast.county).get(address(land.campaign(), "pdf")).status_code == 404


def test_the_campaigns_page_offers_it_while_somebody_is_left(land):
    campaign = land.campaign(land.cast.county)
    url, client = reverse("inspections:campaign", args=[campaign.pk]), as_client(land.cast.county)
    assert "导出未检查清单" in client.get(url).text
    for home in land.homes["east"]:
        visited(home, campaign)
    assert "导出未检查清单" not in client.get(url).text
