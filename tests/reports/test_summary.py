"""The summary is what the rows say: after every act, folded or not, whoever writes at the same time."""

import random
import threading
from datetime import timedelta

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, ProgrammingError, connection, transaction
from django.db.models import F
from django.utils import timezone

from hazards.enums import HazardStatus
from hazards.models import Hazard
from institutions.enums import InstitutionKind
from institutions.models import Institution
from institutions.territories import territory_below
from ops import servers
from reports import summary
from reports.models import Axis, PlaceLevel, SummaryCell, SummaryDelta
from reports.periods import ALL_TIME, Period, month_of
from tests.factories import Cast, hazard_in, make_place
from tests.reports.made import put

S = HazardStatus
one_at_a_time = pytest.mark.django_db
really_committed = pytest.mark.django_db(transaction=True)


def as_owner(sql: str) -> None:
    given = connection.get_connection_params() | {"user": servers.OWNER}
    owner = psycopg2.connect(**{k: given[k] for k in ("dbname", "user", "password", "host") if k in given})
    with owner, owner.cursor() as cursor:
        cursor.execute(sql)
    owner.close()


def read(actor, period=ALL_TIME, region=None):
    region = region or actor.authority.region
    return summary.read(actor, territory_below(actor.authority.region, region.code), period)


@one_at_a_time
@pytest.mark.parametrize("status", S)
def test_every_road_through_the_workflow_is_noted_and_folds_to_the_same(status):
    cast = Cast()
    hazard_in(cast, status, found_on=timezone.localdate() - timedelta(days=40))
    before = read(cast.province)
    assert (summary.differences(), SummaryDelta.objects.count() > 0, SummaryCell.objects.count()) == (
        0,
        True,
        0,
    )
    assert before.within(ALL_TIME).of({status}).n == 1
    folded = summary.fold_all()
    assert (folded > 0, SummaryDelta.objects.count(), summary.differences()) == (True, 0, 0)
    after = read(cast.province)
    assert after.within(ALL_TIME) == before.within(ALL_TIME)
    assert after.stock_after(month_of(timezone.localdate())) == (status not in (S.CLOSED, S.VOIDED))


@one_at_a_time
def test_what_changes_no_figure_leaves_no_delta():
    cast = Cast()
    pk = put(cast, "rectifying")[0]
    summary.fold_all()
    Hazard.objects.filter(pk=pk).update(location="三楼", responsible_person="李四")
    assert SummaryDelta.objects.count() == 0


@one_at_a_time
def test_bulk_updates_of_many_rows_are_noted_whole():
    cast = Cast()
    put(cast, "rectifying", 20), put(cast, "registered", 7, severity="major")
    summary.fold_all()
    Hazard.objects.filter(status="rectifying").update(
        round=2, found_on=timezone.localdate() - timedelta(days=400)
    )
    assert (summary.differences(), read(cast.county).within(ALL_TIME).valid.judged) == (0, 20)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM hazards_hazard WHERE status = 'registered'")
    assert (summary.differences(), summary.fold_all() > 0, summary.differences()) == (0, True, 0)


@one_at_a_time
@pytest.mark.parametrize("also_kind", [False, True])
def test_hazards_follow_their_institution_to_another_county_and_kind(also_kind):
    cast, other = Cast(), make_place()
    put(cast, "rectifying", 3), put(cast, "closed", 2)
    summary.fold_all()
    fields = {level: getattr(other, level) for level in ("province", "city", "county", "township")}
    if also_kind:
        fields["kind"] = InstitutionKind.CEMETERY
    Institution.objects.filter(pk=cast.home.pk).update(**fields)
    assert summary.differences() == 0
    assert read(cast.province).within(ALL_TIME).valid.n == 0
    summary.fold_all()
    moved = SummaryCell.objects.filter(level=PlaceLevel.COUNTY, place_id=other.county.pk, axis=Axis.FOUND)
    assert (summary.differences(), sum(cell.n for cell in moved.filter(facet="all"))) == (0, 5)


@one_at_a_time
def test_a_kind_that_changes_takes_its_hazards_along():
    cast = Cast()
    put(cast, "rectifying", 3)
    summary.fold_all()
    Institution.objects.filter(pk=cast.home.pk).update(kind=InstitutionKind.CEMETERY)
    kinds = {
        value: tally.open for (facet, value), tally in read(cast.county).facets.items() if facet == "kind"
    }
    assert (kinds, summary.differences()) == ({"cemetery": 3}, 0)


@one_at_a_time
def test_each_level_counts_its_own_and_the_parts_add_up():
    first = Cast()
    second = Cast(make_place(city=first.place.city))
    third = Cast(make_place(province=first.place.province))
    put(first, "rectifying", 2), put(second, "rectifying", 3), put(third, "rectifying", 5)
    summary.fold_all()
    put(first, "rectifying", 11)  # pending
    for actor, total, parts in (
        (first.province, 21, {16, 5}),
        (first.city, 16, {13, 3}),
        (first.county, 13, {13}),
    ):
        found = read(actor)
        assert found.within(ALL_TIME).open == total
        assert {tally.open for tally in found.parts.values()} == parts
        for facet in ("domain", "kind", "source"):
            assert sum(t.open for (which, _), t in found.facets.items() if which == facet) == total
    assert read(first.city, region=second.place.county).within(ALL_TIME).open == 3


@one_at_a_time
def test_a_period_counts_what_was_found_in_it_at_every_level():
    cast, today = Cast(), timezone.localdate()
    now = month_of(today)
    put(cast, "closed", 2), put(cast, "rectifying", 3, found_on=now - timedelta(days=1))
    this_month = Period("month", "本月", now, now)
    for actor in (cast.province, cast.county):
        found = read(actor, this_month)
        assert found.within(this_month).valid.n == 2
        assert sum(tally.valid.n for tally in found.parts.values()) == 2
        assert sum(t.valid.n for (facet, _), t in found.facets.items() if facet == "domain") == 2


@really_committed
def test_the_runtime_role_cannot_write_the_summary_itself():
    cast = Cast()
    put(cast)
    for sql in (
        "UPDATE reports_summarycell SET n = 0", "DELETE FROM reports_summarydelta", "TRUNCATE reports_summarydelta",
        "INSERT INTO reports_summarydelta SELECT * FROM reports_summarydelta",
        "ALTER TABLE hazards_hazard DISABLE TRIGGER summary_insert",
    ):  # fmt: skip
        with pytest.raises(ProgrammingError), connection.cursor() as cursor:
            cursor.execute(sql)
    with pytest.raises(InternalError, match="repeatable read"), connection.cursor() as cursor:
        cursor.execute("SELECT rebuild_summary()")
    assert summary.differences() == 0


@really_committed
def test_a_summary_tampered_with_is_found_and_rebuilt(capsys):
    cast = Cast()
    put(cast, "closed", 3), put(cast, "rectifying", 2)
    summary.fold_all()
    put(cast, "registered")
    as_owner(
        "UPDATE reports_summarycell SET n = n + 1 WHERE status = 'closed' AND facet = 'all' AND level = 1"
    )
    with pytest.raises(CommandError, match="不一致：1 格"):
        call_command("check_summary")
    call_command("check_summary", "--rebuild")
    assert capsys.readouterr().out.endswith("核对一致。\n")
    assert (SummaryDelta.objects.count(), read(cast.county).within(ALL_TIME).open) == (0, 3)


@really_committed
def test_eight_writers_a_folder_and_a_rebuild_at_once_leave_no_difference():
    cast = Cast()
    homes = [cast.home, *(cast.place.institution() for _ in range(3))]
    ids = [pk for home in homes for pk in put(cast, "registered", 10, home=home)]
    stop, faults = threading.Event(), []

    def run(work):
        try:
            work()
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    def write(seed):
        rng = random.Random(seed)
        for _ in range(25):
            with transaction.atomic():
                row = Hazard.objects.filter(pk=rng.choice(ids)).order_by("pk")
                row.update(
                    round=rng.randrange(3),
                    severity=rng.choice(["general", "major"]),
                    found_on=timezone.localdate() - timedelta(days=rng.randrange(900)),
                )
            put(cast, "rectifying", home=rng.choice(homes))

    def change_kinds():
        for n in range(8):
            kind = [InstitutionKind.CEMETERY, InstitutionKind.NURSING_HOME][n % 2]
            Institution.objects.filter(pk=homes[1].pk).update(kind=kind)

    def fold():
        while not stop.is_set():
            summary.fold(50)

    def rebuild():
        for _ in range(3):
            summary.rebuild()

    writers = [threading.Thread(target=run, args=[lambda seed=n: write(seed)]) for n in range(8)]
    writers += [threading.Thread(target=run, args=[work]) for work in (change_kinds, rebuild)]
    folders = [threading.Thread(target=run, args=[fold]) for _ in range(2)]
    for thread in (*writers, *folders):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in folders:
        thread.join()
    assert faults == []
    assert (Hazard.objects.count(), summary.differences()) == (240, 0)
    assert not Hazard.objects.exclude(institution_kind=F("institution__kind")).exists()
    summary.fold_all()
    assert (SummaryDelta.objects.count(), summary.differences()) == (0, 0)
    assert read(cast.county).within(ALL_TIME).valid.n == 240
