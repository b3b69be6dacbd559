"""A province of many clocks, made set-based: 10 cities of 10 counties, a leader and three officers each, houses with two."""

from datetime import date

from django.db import connection

from institutions.enums import RegionLevel, Role
from institutions.models import Authority, Institution, Membership, Region, User

HOUSES_PER_COUNTY = 20

_CLOCKS = """
INSERT INTO clocks_clock (
    kind, subject_id, institution_id, ladder_key, due_on, started_on, title, url, is_major, next_look_on
)
SELECT 'hazard', n, house.id, CASE WHEN n %% 33 = 0 THEN 'hazard_major' ELSE 'hazard_general' END,
       %(first)s::date + (n * 7919 %% %(days)s)::int, %(started)s::date, '第' || n || '条隐患，疏散通道堆放杂物',
       '/hazards/' || n || '/', n %% 33 = 0, %(look)s::date
FROM generate_series(%(first_id)s, %(first_id)s + %(count)s - 1) n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS position, count(*) OVER () AS total
      FROM institutions_institution) house ON house.position = n %% house.total
"""


def make_people(counties: int = 100) -> None:
    """The regions, their authorities with their people, and the houses with theirs."""
    province = _region("360000", RegionLevel.PROVINCE, None)
    cities = [_region(f"36{n:02d}00", RegionLevel.CITY, province) for n in range(1, 11)]
    towns = [_region(f"{c.code[:4]}{n:02d}", RegionLevel.COUNTY, c) for n in range(1, 11) for c in cities]
    offices = Authority.objects.bulk_create(
        Authority(region=r, name=f"{r.name}民政部门") for r in [province, *cities, *towns[:counties]]
    )
    houses = Institution.objects.bulk_create(
        Institution(
            name=f"{office.region.code}第{n}敬老院", kind="nursing_home", region=office.region,
            county=office.region, township=office.region, city=office.region.parent, province=province,
            authority=office,
        )
        for office in offices[11:] for n in range(HOUSES_PER_COUNTY)
    )  # fmt: skip
    role = {"province": Role.PROVINCE_OFFICIAL, "city": Role.CITY_OFFICIAL, "county": Role.COUNTY_OFFICIAL}
    posts = [
        Membership(role=role[o.region.level], authority=o, is_leader=n == 0)
        for o in offices
        for n in range(4)
    ]
    posts += [Membership(role=r, institution=h) for h in houses for r in (Role.MANAGER, Role.SAFETY_OFFICER)]
    people = User.objects.bulk_create(
        User(username=f"v{n}", name=f"人{n}", password="!") for n in range(len(posts))
    )
    for post, person in zip(posts, people, strict=True):
        post.user = person
    Membership.objects.bulk_create(posts)


def make_clocks(
    count: int, *, first_due: date, days: int, started: date, look: date, first_id: int = 1
) -> None:
    """`count` running clocks over all houses, one in 33 major, due on `days` days from `first_due` on."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOCKS,
            {
                "count": count,
                "first": first_due,
                "days": days,
                "started": started,
                "look": look,
                "first_id": first_id,
            },
        )
        cursor.execute("ANALYZE clocks_clock")


def _region(code: str, level: str, parent: Region | None) -> Region:
    return Region.objects.create(
        code=code, name=f"区划{code}", level=level, parent=parent, path=Region.path_for(code, parent)
    )
