"""Lists to take along. Looking at them changes nothing but the trace of who took them."""

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from common import tables
from common.http import writes
from inspections import campaign_queries as queries
from inspections import progress
from inspections.actions.campaigns import note_export
from inspections.views.campaigns import campaign_in_sight, of_authority

HEADERS = (
    "序号", "机构名称", "机构类型", "市", "县（市、区）", "乡镇（街道）", "地址", "风险等级", "床位数", "在院人数",
    "主管部门",
)  # fmt: skip


@writes(methods=("GET", "HEAD"))
def unvisited(request, pk: int, kind: str):
    """未检查机构清单 of a campaign in one's territory, as .xlsx or .csv; the campaign's trace keeps who took it."""
    actor = request.actor
    shown = campaign_in_sight(actor, pk)
    of_authority(actor)
    if kind not in tables.CONTENT_TYPES:
        raise Http404("没有这种格式。")
    territory = queries.territory_of(shown, actor, request.GET.get("region", ""))
    here = queries.rows_here(territory, request.GET.get("of", ""))
    found = progress.unvisited(shown, actor).filter(**here)
    found = found.select_related("city", "county", "township", "authority").order_by(
        "county__path", "name", "pk"
    )
    with transaction.atomic():
        rows = [_row(number, institution) for number, institution in enumerate(found, start=1)]
        note_export(shown, by=actor, place=territory.region.name, count=len(rows), kind=kind)
    name = f"未检查机构清单-{shown.name}-{territory.region.name}-{timezone.localdate():%Y%m%d}"
    return tables.attachment(kind, name, HEADERS, rows)


def _row(number: int, institution) -> list:
    """A place that only stands in for a missing level (省直辖县, 未分乡镇) is left empty."""
    has_city = institution.city_id not in (institution.province_id, institution.county_id)
    has_town = institution.township_id != institution.county_id
    return [
        number,
        institution.name,
        institution.get_kind_display(),
        institution.city.name if has_city else "",
        institution.county.name,
        institution.township.name if has_town else "",
        institution.address,
        institution.get_risk_grade_display(),
        institution.beds if institution.counts_residents else "",
        institution.residents if institution.counts_residents else "",
        institution.authority.name,
    ]
