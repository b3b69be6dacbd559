"""Three counties whose every text carries a canary, with numbers of rows that give a leaked total away.

`own` is where the actors sit; `sibling` is in the same city, `foreign` in another city. Each county has its own
prime number of open hazards (3, 5, 7), so that a total over more than one's scope is recognisable.
"""

import uuid
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from files.intake import receive
from hazards.actions import lifecycle
from institutions.enums import Role
from institutions.models import ImportDraft
from notifications.models import Notice
from tests.factories import Cast, LicenceFactory, make_actor, make_place, register_hazard
from tests.pictures import jpeg

PRIMES = {"own": 3, "sibling": 5, "foreign": 7}
ROLES = {
    "province_official": "province",
    "city_official": "city",
    "county_official": "county",
    "township_patrol": "township",
    "manager": "home",
    "safety_officer": "home",
    "auditor": "county",
    "system_admin": "county",
    "security_admin": "county",
}


class County:
    """One county's objects: institution, hazard awaiting verification, evidence, notice, upload, import, member."""

    def __init__(self, key: str, place, canary: str):
        self.key, self.place, self.canary = key, place, canary
        for region in (place.county, place.township):
            region.name = f"{canary}县"
            region.save()
            authority = region.authorities.get()
            authority.name = f"{canary}民政局"
            authority.save()
        cast = Cast(
            place, township=place.township, name=f"{canary}养老院", address=f"{canary}路 1 号", credit_code=""
        )
        self.cast, self.home = cast, cast.home
        LicenceFactory(institution=self.home, number=f"{canary}证")
        for actor in (cast.county, cast.county2, cast.manager, cast.safety):
            actor.user.name = f"{canary}人"
            actor.user.save()
        texts = {"description": f"{canary}隐患", "location": f"{canary}部位", "basis": f"{canary}依据"}
        due = timezone.localdate() + timedelta(days=7)
        issued = {"due_on": due, "responsible_person": f"{canary}责任", "interim_measures": f"{canary}措施"}
        for n in range(PRIMES[key]):
            by, photo = cast.county, self._photo(cast.county, n)
            self.hazard = register_hazard(cast, evidence=[photo], issue_with=issued, **texts)
            self.found_by = by
        self.hazard = lifecycle.submit(
            self.hazard, by=cast.manager, measures=f"{canary}整改", evidence=[self._photo(cast.manager, 90)]
        )
        self.evidence = self.hazard.evidence.order_by("id").last()
        self.upload = self._photo(cast.county, 91)
        self.notice = Notice.objects.filter(recipient=cast.county.user).latest("id")
        self.draft = ImportDraft.objects.create(
            user=cast.county.user, filename=f"{canary}.xlsx", **import_draft_fields(canary)
        )
        self.member = cast.manager

    def _photo(self, actor, seed):
        name = f"{self.canary}{seed}.jpg"
        picture = jpeg("gray", (320, 240), seed=seed + 100 * len(self.key))
        return receive(SimpleUploadedFile(name, picture), by=actor.user).pk

    def objects(self) -> dict[str, dict]:
        """URL arguments of this county's objects, by the kind of object a URL takes."""
        return {
            "": {},
            "hazard": {"pk": self.hazard.pk},
            "institution": {"pk": self.home.pk},
            "institution_pk": {"institution_pk": self.home.pk},
            "photo": {"pk": self.evidence.pk, "variant": "full"},
            "upload": {"file_id": self.upload},
            "notice": {"pk": self.notice.pk},
            "draft": {"pk": self.draft.pk},
            "member": {"pk": self.member.user.pk},
            "membership": {"pk": self.member.membership.pk},
        }


def import_draft_fields(canary: str) -> dict:
    """The fields of a draft that has one row."""
    expires = timezone.now() + timedelta(hours=1)
    return {"rows": [{"name": f"{canary}新院"}], "content": b"", "expires_at": expires}


def make_world() -> dict[str, County]:
    """The three counties of one province."""
    own = make_place()
    places = {"own": own, "sibling": make_place(city=own.city), "foreign": make_place(province=own.province)}
    canaries = {"own": "本地标记甲", "sibling": "邻县标记乙", "foreign": "外市标记丙"}
    return {key: County(key, place, canaries[key]) for key, place in places.items()}


def actors(world: dict[str, County]) -> dict[str, object]:
    """One new actor for each role, in the county `own` or above it."""
    county = world["own"]
    at = {
        "province": county.place.province,
        "city": county.place.city,
        "county": county.place.county,
        "township": county.place.township,
        "home": county.home,
    }
    return {role: make_actor(Role(role), at[where]) for role, where in ROLES.items()}


def forms(county: County) -> dict[str, str]:
    """A body that fits no form exactly but carries ids of the county, to try every POST with."""
    return {
        "key": str(uuid.uuid4()),
        "version": "1",
        "membership": str(county.member.membership.pk),
        "up_to": str(county.notice.pk),
        "institution": str(county.home.pk),
        "evidence": str(county.upload),
        "reason": "别处来的人",
        "opinion": "别处来的人",
        "measures": "别处来的人",
        "name": "别处来的人",
        "place": f"institution:{county.home.pk}",
        "role": "manager",
    }
