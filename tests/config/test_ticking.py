"""One tick does everything that is due every minute, whatever else fails."""

import pytest
from django.core.management import CommandError, call_command

from config import ticking
from hazards.enums import HazardStatus
from notifications.duties import DUTIES
from notifications.models import Heartbeat
from reports.models import ExportJob, SummaryDelta
from tests.factories import Cast, ExportJobFactory, hazard_in

pytestmark = pytest.mark.django_db(transaction=True)


def beats() -> set[str]:
    return set(Heartbeat.objects.values_list("name", flat=True))


def test_a_tick_reminds_sends_folds_and_exports_and_leaves_every_heartbeat(capsys):
    cast = Cast()
    hazard_in(cast, HazardStatus.RECTIFYING)
    job = ExportJobFactory(asked_as=cast.county.membership)
    assert SummaryDelta.objects.exists()
    call_command("tick")
    assert capsys.readouterr().out.startswith("已处理：提醒 0，消息 ")
    assert (SummaryDelta.objects.count(), ExportJob.objects.get(pk=job.pk).made_at is None) == (0, False)
    assert beats() == {"sweep", *DUTIES} == {"sweep", "clocks", "exports", "summary"}


def test_what_fails_keeps_nothing_else_from_being_done_and_is_said(monkeypatch, capsys):
    def broken() -> int:
        raise RuntimeError("broken")

    rounds = tuple((label, broken if label in {"提醒", "导出"} else work) for label, work in ticking.ROUND)
    monkeypatch.setattr(ticking, "ROUND", rounds)
    with pytest.raises(CommandError, match="没有做完：提醒、导出，原因见日志。"):
        call_command("tick")
    assert (capsys.readouterr().out.strip(), beats()) == (
        "已处理：消息 0，统计变动 0，导入 0，撤回导入 0，接入到期 0。",
        {"sweep", "summary"},
    )
