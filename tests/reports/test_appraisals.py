"""考核: drawn up, 一票否决 proposed and decided, published and frozen from then on."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from common.http import Conflict
from hazards.actions.unfit import Unfit
from hazards.models import Hazard
from notifications.models import Notice
from ops import servers
from reports.appraisals import drawing_up, publishing
from reports.appraisals.drawing_up import RuleSet
from reports.appraisals.indicators import DEFAULTS
from reports.appraisals.reading import live_table, table_of
from reports.models import Appraisal, AppraisalEvent, AppraisalMark, AppraisalRow, VetoDecision
from tests.factories import Cast, make_place, supervised
from tests.reports.appraising import day_in, drafted, last_month, published, rules
from tests.reports.made import put
from tests.reports.test_summary import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def code(today):
    return last_month(today)


@pytest.fixture
def city(code):
    """A city with two counties: 3 of 4 closed in the first, 1 of 4 in the second, all found last month."""
    first = Cast()
    first.second = Cast(make_place(city=first.place.city))
    for home, closed in ((first.home, 3), (first.second.home, 1)):
        put(first, "closed", closed, home=home, found_on=day_in(code))
        put(first, "rectifying", 4 - closed, home=home, found_on=day_in(code))
    return first


def totals(table) -> dict:
    return {s.region: (s.total, s.rank) for s in table.standings}


# --- rules ---------------------------------------------------------------------------------------------------


def test_the_first_draft_has_our_own_proposal_and_the_next_the_rules_of_the_last_one(city, code, today):
    first = drawing_up.start(by=city.city, period=code)
    assert drawing_up.rules_of(first).items == DEFAULTS
    assert sum(item.weight for item in DEFAULTS) == 100
    drawing_up.edit(first, by=city.city, rules=rules(closure=70, on_time=30))
    publishing.publish(first, by=city.city, document_number="1号")
    following = drawing_up.start(by=city.city, period=f"{today:%Y-%m}")
    assert drawing_up.rules_of(following) == drawing_up.rules_of(first)
    assert drawing_up.rules_of(drawing_up.start(by=city.province, period=code)).items == DEFAULTS


def test_a_province_ranks_its_cities_and_a_city_its_counties(city, code, today):
    by_city = live_table(drafted(city.city, code, rules(closure=100)), city.city, today)
    assert totals(by_city) == {
        city.place.county.pk: (Decimal("75.00"), 1),
        city.second.place.county.pk: (Decimal("25.00"), 2),
    }
    by_province = live_table(drafted(city.province, code, rules(closure=100)), city.province, today)
    assert totals(by_province) == {city.place.city.pk: (Decimal("50.00"), 1)}


@pytest.mark.parametrize(
    "who", ["county", "auditor", "manager", "township", "system_admin", "security_admin", "liaison"]
)
def test_others_draw_up_nothing(city, code, who):
    with pytest.raises(PermissionDenied):
        drawing_up.start(by=getattr(city, who), period=code)


def test_nobody_changes_the_appraisal_of_another_region(city, code):
    appraisal = drafted(city.city, code, rules(closure=100))
    other = Cast(make_place(province=city.place.province))
    for actor in (city.province, other.city, city.county):
        for act in (
            lambda by: drawing_up.edit(appraisal, by=by, rules=rules(on_time=100)),
            lambda by: drawing_up.drop(appraisal, by=by),
            lambda by: publishing.publish(appraisal, by=by, document_number="1号"),
        ):
            with pytest.raises(PermissionDenied):
                act(actor)


def test_weights_are_a_hundred_together(city, code):
    with pytest.raises(Unfit, match="100"):
        drafted(city.city, code, rules(closure=70, on_time=29))


def test_one_draft_a_period_and_a_dropped_one_makes_room(city, code):
    first = drawing_up.start(by=city.city, period=code)
    with pytest.raises(Conflict, match="已经有一份草稿"):
        drawing_up.start(by=city.city2, period=code)
    drawing_up.drop(first, by=city.city)
    assert drawing_up.start(by=city.city2, period=code).version == 2
    assert list(Appraisal.objects.visible_to(city.city).values_list("version", flat=True)) == [2]


# --- 一票否决 ------------------------------------------------------------------------------------------------


def veto_rules(**days: int) -> RuleSet:
    return RuleSet(rules(closure=100).items, days)


def flagged(appraisal, by, today) -> dict:
    """Of each county and kind, the ids of the hazards it rests on."""
    flags = live_table(appraisal, by, today).flags
    return {(f.region.pk, f.kind): [e["hazard"] for e in f.evidence] for f in flags}


def test_a_major_hazard_that_came_back_soon_after_it_was_closed_is_proposed(city, code, today):
    now, found = timezone.now(), day_in(code, 20)
    closed_at = now - timedelta(days=(today - found).days + 30)
    was = {"found_on": found - timedelta(days=90), "closed_at": closed_at}
    major, general = put(city, "closed", severity="major", **was) + put(city, "closed", **was)
    old = put(city, "closed", severity="major", found_on=found - timedelta(days=300),
              closed_at=now - timedelta(days=250))[0]  # fmt: skip
    again = put(city, "rectifying", found_on=found, recurrence_of_id=major)
    put(city, "rectifying", found_on=found, recurrence_of_id=general)
    put(city, "rectifying", found_on=found, recurrence_of_id=old)
    put(city, "voided", found_on=found, recurrence_of_id=major)
    put(city, "rectifying", found_on=today, recurrence_of_id=major)
    appraisal = drafted(city.city, code, veto_rules(came_back=30))
    assert flagged(appraisal, city.city, today) == {(city.place.county.pk, "came_back"): again}
    drawing_up.edit(appraisal, by=city.city, rules=veto_rules(came_back=29))
    assert flagged(appraisal, city.city, today) == {}


def test_a_major_hazard_long_overdue_without_supervision_is_proposed(city, code, today):
    late = {"severity": "major", "due_on": today - timedelta(days=31)}
    (long_late,) = put(city.second, "rectifying", **late)
    put(city.second, "rectifying", severity="major", due_on=today - timedelta(days=30))
    put(city.second, "rectifying", due_on=today - timedelta(days=300))
    put(city.second, "awaiting_verification", **late)
    (watched,) = put(city.second, "rectifying", **late)
    order = supervised(Hazard.objects.get(pk=watched), city.second.county, due_on=today - timedelta(days=11),
                       plan_due_on=today - timedelta(days=12))  # fmt: skip
    assert order.is_open
    appraisal = drafted(city.city, code, veto_rules(major_late=30, order_late=10))
    county = city.second.place.county.pk
    assert flagged(appraisal, city.city, today) == {
        (county, "major_late"): [long_late],
        (county, "order_late"): [watched],
    }


@pytest.fixture
def proposed(city, code, today):
    """A draft with one flag on the first county, which would be first."""
    (city.late,) = put(city, "rectifying", severity="major", due_on=today - timedelta(days=40))
    return drafted(city.city, code, veto_rules(major_late=30))


def decide(city, appraisal, is_confirmed=True, **facts):
    wish = {"region": city.place.county, "kind": "major_late", "reason": "经核查属实", "seen": {city.late}}
    return drawing_up.decide(appraisal, by=city.city, is_confirmed=is_confirmed, **(wish | facts))


def test_a_proposed_flag_counts_for_nothing_until_a_person_confirms_it(city, proposed, today):
    first, second = city.place.county.pk, city.second.place.county.pk
    assert [rank for _, rank in totals(live_table(proposed, city.city, today)).values()] == [1, 2]
    with pytest.raises(Unfit, match="没有认定"):
        publishing.publish(proposed, by=city.city, document_number="1号")
    decide(city, proposed)
    assert {pk: rank for pk, (_, rank) in totals(live_table(proposed, city.city, today)).items()} == {
        second: 1,
        first: None,
    }
    decide(city, proposed, is_confirmed=False, reason="已核实为误判")
    table = live_table(proposed, city.city, today)
    assert [rank for _, rank in totals(table).values()] == [1, 2]
    assert [flag.is_undecided for flag in table.flags] == [False]
    said = AppraisalEvent.objects.filter(act="decided").values_list("comment", flat=True)
    assert [text.partition("，")[2] for text in said] == ["认定。经核查属实", "不予认定。已核实为误判"]


def test_new_evidence_asks_again_after_a_dismissal_and_for_whoever_had_not_seen_it(city, proposed, today):
    decide(city, proposed, is_confirmed=False)
    put(city, "rectifying", severity="major", due_on=today - timedelta(days=50))
    assert [flag.is_undecided for flag in live_table(proposed, city.city, today).flags] == [True]
    with pytest.raises(Conflict, match="新的隐患"):
        decide(city, proposed)
    assert VetoDecision.objects.count() == 1


def test_a_confirmed_flag_stands_when_the_hazard_was_rectified_meanwhile(city, proposed, today):
    decide(city, proposed)
    Hazard.objects.filter(pk=city.late).update(due_on=today)
    (flag,) = live_table(proposed, city.city, today).flags
    assert (flag.evidence, flag.is_confirmed, flag.has_passed, flag.is_undecided) == ([], True, True, False)


def test_what_no_rule_can_see_is_written_down_by_a_person(city, code, today):
    appraisal = drafted(city.city, code, rules(closure=100))
    decide_facts = {"kind": "other", "happened": "瞒报一起火灾事故，见调查报告", "seen": set()}
    city.late = 0
    decide(city, appraisal, **decide_facts)
    publishing.publish(appraisal, by=city.city, document_number="1号")
    row = AppraisalRow.objects.get(region=city.place.county)
    assert (row.rank, row.vetoes[0]["label"]) == (None, "瞒报、弄虚作假等其他情形")
    assert row.vetoes[0]["evidence"][0]["description"] == decide_facts["happened"]


# --- published -----------------------------------------------------------------------------------------------


def test_publishing_freezes_numbers_rules_flags_and_words(city, proposed, today, monkeypatch):
    decide(city, proposed)
    appraisal = publishing.publish(proposed, by=city.city, document_number="民安通〔2026〕1号")
    before = table_of(appraisal, city.city, today)
    assert [(s.rank, s.marks[0].part, s.marks[0].whole, s.total) for s in before.standings] == [
        (1, 1, 4, Decimal("25.00")),
        (None, 3, 4, Decimal("75.00")),
    ]
    Hazard.objects.filter(status="rectifying").update(found_on=today, severity="general")
    put(city, "closed", 9, found_on=day_in(appraisal.period))
    region = city.place.county
    region.name = "改了名的县"
    region.save()
    after = table_of(Appraisal.objects.get(pk=appraisal.pk), city.city, today)
    assert (after.standings, after.method) == (before.standings, before.method)
    assert [entry["hazard"] for entry in after.standings[1].vetoes[0]["evidence"]] == [city.late]
    item = appraisal.items.get()
    assert (item.label, item.definition[:3], appraisal.method.count("\n")) == ("销号率", "分子：", 3)


def refused(statement: str) -> type:
    """What PostgreSQL answers the runtime role."""
    with (
        pytest.raises((IntegrityError, ProgrammingError)) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    return caught.type


def test_the_runtime_role_can_change_nothing_of_a_published_table(city, proposed):
    decide(city, proposed)
    appraisal = publishing.publish(proposed, by=city.city, document_number="1号")
    pk, row = appraisal.pk, appraisal.rows.first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (servers.RUNTIME,)
    mark = row.marks.get()
    frozen = {
        f"UPDATE reports_appraisal SET note = 'x' WHERE id = {pk}": IntegrityError,
        f"UPDATE reports_appraisal SET state = 'draft' WHERE id = {pk}": IntegrityError,
        f"UPDATE reports_appraisal SET document_number = '2号', state = 'replaced' WHERE id = {pk}": IntegrityError,
        f"DELETE FROM reports_appraisal WHERE id = {pk}": IntegrityError,
        f"UPDATE reports_appraisalitem SET weight = 50 WHERE appraisal_id = {pk}": IntegrityError,
        f"DELETE FROM reports_appraisalitem WHERE appraisal_id = {pk}": IntegrityError,
        f"UPDATE reports_vetorule SET days = 999 WHERE appraisal_id = {pk}": IntegrityError,
        f"INSERT INTO reports_vetorule (appraisal_id, kind, days, text) VALUES ({pk}, 'came_back', 3, '')": IntegrityError,
        f"UPDATE reports_appraisalrow SET rank = 1 WHERE id = {row.pk}": ProgrammingError,
        f"DELETE FROM reports_appraisalmark WHERE id = {mark.pk}": ProgrammingError,
        f"UPDATE reports_vetodecision SET is_confirmed = false WHERE appraisal_id = {pk}": ProgrammingError,
        "TRUNCATE reports_appraisalmark": ProgrammingError,
        f"INSERT INTO reports_appraisalmark (row_id, item_id, part, whole) VALUES ({row.pk}, {mark.item_id}, 1, 1)": IntegrityError,
        f"INSERT INTO reports_appraisalrow (appraisal_id, region_id, position, name, weight, vetoes) "
        f"VALUES ({pk}, {city.place.city.pk}, 9, 'x', 1, '[]')": IntegrityError,
    }  # fmt: skip
    assert {statement: refused(statement) for statement in frozen} == frozen


@pytest.mark.django_db(transaction=True)
def test_not_even_the_owner_changes_a_frozen_row(city, code):
    published(city.city, code, rules(closure=100))
    for statement in ("UPDATE reports_appraisalrow SET rank = 1", "DELETE FROM reports_appraisalmark"):
        with pytest.raises(Exception, match="frozen"):
            as_owner(statement)
    assert AppraisalMark.objects.count() == 2


def test_nothing_is_published_while_its_period_runs(city, today):
    with pytest.raises(Unfit, match="还没有结束"):
        published(city.city, f"{today:%Y-%m}", rules(closure=100))
    assert AppraisalRow.objects.count() == 0


def test_a_published_table_is_replaced_by_a_new_version_with_a_reason_alone(city, code, today):
    first = published(city.city, code, rules(closure=100), "1号")
    with pytest.raises(Conflict):
        drawing_up.edit(first, by=city.city, rules=rules(on_time=100))
    second = drawing_up.start(by=city.city, period=code)
    for number, reason, why_not in (("2号", "", "改版原因"), ("1号", "数据更正，重新计分", "文号已经用过")):
        with pytest.raises(Unfit, match=why_not), transaction.atomic():
            publishing.publish(second, by=city.city, document_number=number, reason=reason)
    publishing.publish(second, by=city.city, document_number="2号", reason="数据更正，重新计分")
    states = Appraisal.objects.order_by("version").values_list("version", "state", "document_number")
    assert list(states) == [(1, "replaced", "1号"), (2, "published", "2号")]
    first.refresh_from_db()
    assert len(table_of(first, city.city, today).standings) == 2


def test_the_ranked_authorities_are_told_once_and_nobody_else(city, code):
    Notice.objects.all().delete()
    published(city.city, code, rules(closure=100))
    told = Notice.objects.filter(topic__startswith="appraisal:").values_list("recipient_id", flat=True)
    expected = [a.user.pk for c in (city, city.second) for a in (c.county, c.county2)]
    assert sorted(told) == sorted(expected)


def test_who_changed_the_rules_first_is_not_overwritten(city, code):
    appraisal = drafted(city.city, code, rules(closure=100))
    seen = Appraisal.objects.get(pk=appraisal.pk).edition
    drawing_up.edit(appraisal, by=city.city2, rules=rules(on_time=100), edition=seen)
    for act in (
        lambda: drawing_up.edit(appraisal, by=city.city, rules=rules(self_found=100), edition=seen),
        lambda: publishing.publish(appraisal, by=city.city, document_number="1号", edition=seen),
    ):
        with pytest.raises(Conflict, match="另一位同事"):
            act()
    assert [row.indicator for row in appraisal.items.all()] == ["on_time"]
