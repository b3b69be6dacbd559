"""Default ladders of an earlier release, and what an upgrade makes of them."""

from importlib import import_module

import pytest
from django.apps import apps

from clocks import queries
from clocks.actions import ladders
from clocks.models import Ladder
from tests.clocks.test_bulletins import DEFAULTS, texted
from tests.factories import Cast

pytestmark = pytest.mark.django_db
text_what_is_red = import_module("clocks.migrations.0005_short_messages_of_what_is_red").text_what_is_red


def codes() -> dict[str, set[str]]:
    return {ladder.key: {rung.code for rung in ladder.rungs.all()} for ladder in queries.ladders()}


def test_they_get_a_version_with_short_messages_unless_people_changed_them(monkeypatch, tmp_path):
    earlier = tmp_path / "ladders.yaml"
    earlier.write_text(ladders.FILE.read_text(encoding="utf-8").replace(", sms]", "]"), encoding="utf-8")
    monkeypatch.setattr(ladders, "FILE", earlier)
    ladders.load_ladders()
    assert texted() == {}
    cast, before = Cast(), codes()
    draft = ladders.draft(Ladder.objects.get(key="supervision"), by=cast.province)
    ladders.publish(draft, by=cast.province, reason="不发短信")
    for _ in range(2):
        text_what_is_red(apps, None)
        assert texted() == {key: said for key, said in DEFAULTS.items() if key != "supervision"}
    in_force = {ladder.key: (ladder.version, ladder.published_by) for ladder in queries.ladders()}
    assert (in_force["hazard_major"], in_force["licence"]) == ((2, None), (1, None))
    assert (in_force["supervision"], codes()) == ((2, cast.province.user), before)


def test_an_upgrade_leaves_the_defaults_of_this_release_alone():
    ladders.load_ladders()
    text_what_is_red(apps, None)
    assert (texted(), Ladder.objects.filter(version=2).count()) == (DEFAULTS, 0)
