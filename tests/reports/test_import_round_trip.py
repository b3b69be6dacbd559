"""What was exported comes in again: recognised where it is, whole where it was not, and what can't be carried is named."""

from datetime import date, timedelta

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from hazards.models import Hazard
from ops import servers
from reports.models import PastHazard
from tests.factories import Cast, hazard_in
from tests.reports.exporting import content, made_job, table
from tests.reports.importing import checked, imported

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]

# A number of this system's own is given anew; the old one stands in the first event, as do the columns an act made
# (who submitted, verified and closed, and when): those acts were not made here.
NOT_CARRIED = {"隐患编号"}
MADE_BY_ACTS = {"状态", "整改情况", "提交整改日期", "实际投入（万元）", "是否超期"}


@pytest.fixture
def cast():
    cast = Cast(name="青山养老院")
    today = timezone.localdate()
    cast.county.user.name = "王科长"
    cast.county.user.save(update_fields=["name"])
    texts = [
        ("疏散通道堆放杂物", "二楼东侧"), ("=1+1 配电箱前", "+1 层"), ("灭火器过期，共 3 具；“压力不足”", "厨房、餐厅"),
    ]  # fmt: skip
    for n, (description, location) in enumerate(texts):
        hazard_in(
            cast, "rectifying", description=description, location=location, found_on=today - timedelta(days=40 + n),
            severity="major" if n == 1 else "general", domain="energy", source="look_back", basis="第 3 条",
            issue_with={"due_on": today + timedelta(days=n), "responsible_person": "张三", "interim_measures": "专人看守"},
        )  # fmt: skip
    hazard_in(cast, "registered", description="护栏松动")
    return cast


def wipe() -> None:
    """Another database: the same people and institutions, none of the hazards. Only the owner may."""
    parameters = connection.get_connection_params() | {"user": servers.OWNER}
    keep = {"dbname", "user", "password", "host"}
    owner = psycopg2.connect(**{k: v for k, v in parameters.items() if k in keep})
    with owner, owner.cursor() as cursor:
        cursor.execute(
            "TRUNCATE hazards_hazard, clocks_clock, reports_summarycell, reports_summarydelta CASCADE"
        )
    owner.close()


def rows(actor, format: str) -> dict[str, dict]:
    """The exported ledger, by what was found; its lines are not numbered here."""
    return {
        row["存在问题"]: {heading: text for heading, text in row.items() if heading != "序号"}
        for row in table(actor, made_job(actor, format=format))
    }


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_what_is_here_is_recognised_by_its_number(cast, format):
    hazard_in(cast, "closed", description="已经销号的")
    file = content(cast.county, made_job(cast.county, format=format))
    job = checked(cast.county, file, f"台账.{format}")
    assert {name: n for name, n in job.counts.items() if n} == {"here": 5}


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_open_rows_come_back_whole_in_another_database(cast, format):
    before, exported = rows(cast.county, format), made_job(cast.county, format=format)
    file = content(cast.county, exported)
    wipe()
    job = imported(cast.county, file, f"台账.{format}")
    assert job.counts["written"] == {"issued": 3, "good": 1, "past": 0}
    after = rows(cast.county, format)
    different = {
        heading for text, row in before.items() for heading in row if after[text][heading] != row[heading]
    }
    assert (set(after), different - NOT_CARRIED) == (set(before), set())
    numbers = set(Hazard.objects.values_list("imported_row__number", flat=True))
    assert numbers == {row["隐患编号"] for row in before.values()}
    # And once more, under the old numbers: nothing new.
    again = checked(cast.county, file, f"台账.{format}")
    assert (again.counts["here"], again.counts["issued"], again.counts["good"]) == (4, 0, 0)


@pytest.mark.parametrize("status", ["awaiting_verification", "verified"])
def test_what_waited_for_a_judgement_is_to_be_submitted_here(cast, status):
    hazard_in(cast, status, description="待看的", found_on=date(2026, 3, 5))
    before = rows(cast.county, "xlsx")["待看的"]
    file = content(cast.county, made_job(cast.county))
    wipe()
    imported(cast.county, file)
    after = rows(cast.county, "xlsx")["待看的"]
    different = {heading for heading in before if after[heading] != before[heading]}
    assert different - NOT_CARRIED - MADE_BY_ACTS - {"验收人", "验收日期"} == set()
    assert after["状态"] == "整改中"
    told = Hazard.objects.get(description="待看的").events.get(seq=1).comment
    assert (f"状态：{before['状态']}" in told, "整改情况：已清理" in told) == (True, True)


def test_closed_and_voided_rows_come_back_word_for_word_as_history(cast):
    hazard_in(cast, "closed", description="已经销号的")
    hazard_in(cast, "voided", description="误报的")
    before = rows(cast.county, "xlsx")
    file = content(cast.county, made_job(cast.county))
    wipe()
    imported(cast.county, file)
    kept = {past.description: past for past in PastHazard.objects.all()}
    assert {text: past.standing for text, past in kept.items()} == {
        "已经销号的": "closed",
        "误报的": "voided",
    }
    for text, past in kept.items():
        written = {
            heading: value.date().isoformat() if hasattr(value, "date") else str(value)
            for heading, value in before[text].items()
            if value is not None
        }
        assert {heading: past.cells.get(heading) for heading in written} == written
