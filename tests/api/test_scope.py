"""No answer to a token ever carries another county's canary: lists, details, filters, positions, figures."""

import json

import pytest
from django.db import transaction

from hazards.models import Hazard
from institutions.models import Institution
from tests.access.world import make_world
from tests.api.asking import ask, everything
from tests.factories import token_for

KEYS = ("own", "sibling", "foreign")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """The three counties of the access matrix, made once for this module and rolled back at its end."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("django.conf.settings.MEDIA_ROOT", tmp_path_factory.mktemp("media"))
        # All within one uncommitted transaction: nothing would ever be settled.
        patch.setattr("hazards.feed.settled", lambda: 10**9)
        patch.setattr("hazards.feed.WINDOW", 10**9)
        patch.setattr("django.conf.settings.API_BURST", 10**6)
        yield make_world()
        transaction.set_rollback(True)


def tokens(world) -> dict[str, tuple[str, set[str]]]:
    """Tokens of a county, its city and its province, with whose rows they may read."""
    place = world["own"].place
    return {
        "county": (world["own"].token, {"own"}),
        "city": (token_for(place.city), {"own", "sibling"}),
        "province": (token_for(place.province), set(KEYS)),
    }


def leaked(world, sees, said) -> list[str]:
    text = json.dumps(said, ensure_ascii=False)
    return [world[key].canary for key in KEYS if key not in sees and world[key].canary in text]


PRIMES = {"own": 3, "sibling": 5, "foreign": 7}


@pytest.mark.parametrize("level", ["county", "city", "province"])
def test_lists_hold_exactly_the_rows_of_the_scope(world, level):
    token, sees = tokens(world)[level]
    hazards = everything(token, "/hazards", limit=2)
    homes = everything(token, "/institutions", limit=1)
    changes = ask(token, "/hazards/changes", changed_after=0, limit=500).said
    regions = everything(token, "/regions")
    expected = sum(PRIMES[key] for key in sees)
    assert (len(hazards), len(changes["items"]), len(homes)) == (expected, expected, len(sees))
    assert leaked(world, sees, [hazards, changes, homes, regions]) == []
    seen = [key for key in KEYS if world[key].canary in json.dumps([hazards, homes], ensure_ascii=False)]
    assert set(seen) == sees


@pytest.mark.parametrize("level", ["county", "city", "province"])
def test_what_is_out_of_scope_is_not_there(world, level):
    token, sees = tokens(world)[level]
    for key in KEYS:
        county, wanted = world[key], 200 if key in sees else 404
        answers = [
            ask(token, f"/hazards/{county.hazard.pk}"),
            ask(token, f"/institutions/{county.home.pk}"),
            ask(token, "/hazards", region=county.place.county.code),
            ask(token, "/institutions", region=county.place.county.code),
            ask(token, "/summary", region=county.place.county.code),
        ]
        assert [answer.status for answer in answers] == [wanted] * 5
        assert leaked(world, sees, [answer.said for answer in answers]) == []
    assert ask(token, "/hazards/999999999").said == ask(token, "/institutions/999999999").said


@pytest.mark.parametrize("level", ["county", "city"])
def test_filters_and_forged_positions_show_nothing_of_others(world, level):
    token, sees = tokens(world)[level]
    for key in set(KEYS) - sees:
        county = world[key]
        hazard, home = county.hazard, county.home
        forged = f"{hazard.found_on.isoformat()}_{hazard.pk}"
        asked = [
            ("/hazards", {"institution": home.pk}),
            *(("/hazards", {"after": forged, "order": order}) for order in ("found", "-found")),
            ("/hazards", {"after": f"{hazard.due_on.isoformat()}_{hazard.pk - 1}", "order": "due"}),
            ("/hazards/changes", {"changed_after": hazard.events.earliest("id").pk - 1}),
            ("/institutions", {"after": home.pk - 1}),
            ("/regions", {"after": county.place.county.path}),
            ("/regions", {"after": "/"}),
        ]
        for path, parameters in asked:
            answer = ask(token, path, **parameters)
            assert (answer.status, leaked(world, sees, answer.said)) == (200, []), (path, parameters)
        assert ask(token, "/hazards", institution=home.pk).said["items"] == []


def test_figures_give_no_other_county_away(world):
    for token, sees in tokens(world).values():
        said = ask(token, "/summary").said
        assert said["figures"]["open"] == sum(PRIMES[key] for key in sees)
        assert leaked(world, sees, said) == []


def test_a_token_sees_what_its_authoritys_auditor_sees(world):
    place = world["own"].place
    for region, level in ((place.county, "county"), (place.city, "city"), (place.province, "province")):
        token, _ = tokens(world)[level]
        own = {f"{level}_id": region.pk}
        rows = {row["id"] for row in everything(token, "/hazards")}
        homes = {row["id"] for row in everything(token, "/institutions")}
        assert rows == set(Hazard.objects.filter(**own).values_list("pk", flat=True))
        assert homes == set(Institution.objects.filter(**own).values_list("pk", flat=True))
