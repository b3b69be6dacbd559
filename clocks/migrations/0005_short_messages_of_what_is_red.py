"""Default ladders loaded earlier also send short messages where the file now says so.

What is in force is frozen, so each gets a second version; one that people changed, or are changing, is theirs.
"""

from django.db import migrations
from django.utils import timezone

TEXTED = {
    "hazard_general": ("red:institution:+5d", "red:county_leader:+5d"),
    "hazard_major": ("yellow:institution:+1d", "yellow:county_leader:+1d", "red:institution:+3d"),
    "supervision": ("red:institution:+1d", "red:county_leader:+1d"),
}
NOTE = "默认阶梯更新：重大隐患逾期和红色预警同时发短信"


def text_what_is_red(apps, schema_editor):
    Ladder, Rung = apps.get_model("clocks", "Ladder"), apps.get_model("clocks", "Rung")
    for key, codes in TEXTED.items():
        versions = list(Ladder.objects.filter(key=key))
        if len(versions) != 1 or versions[0].status != "published" or versions[0].published_by_id:
            continue
        seeded = versions[0]
        rungs = list(Rung.objects.filter(ladder=seeded).order_by("position"))
        silent = {rung.code for rung in rungs if rung.code in codes and not rung.by_sms}
        if not silent or not set(codes) <= {rung.code for rung in rungs}:
            continue
        new = Ladder.objects.create(key=key, version=seeded.version + 1, note=NOTE)
        for rung in rungs:
            rung.pk, rung.ladder, rung.by_sms = None, new, rung.by_sms or rung.code in codes
            rung._state.adding = True
        Rung.objects.bulk_create(rungs)
        Ladder.objects.filter(pk=seeded.pk).update(status="superseded")
        Ladder.objects.filter(pk=new.pk).update(status="published", published_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("clocks", "0004_deadlines_by_ladder")]

    operations = [migrations.RunPython(text_what_is_red, migrations.RunPython.noop)]
