"""From an audience to the people: by the place of who owes it, always somebody when anybody is there.

County is the authority that supervises the institution; city and province are civil affairs of its regions. Where the
city itself supervises, "city" means the level above. What an authority owes, its own officials hear as
"institution" and as county, and the levels above its own as city and province. Where a level has nobody (省直辖县, 不设区的市, an office without
accounts) the next level up that has somebody hears of it. Leaders are those marked so; without one all officials.
"""

from institutions.enums import Capability, Role

OFFICIALS = [role.value for role in Role if Capability.VERIFY in role.facts.capabilities]
HOUSE = [role.value for role in Role if Capability.RECTIFY in role.facts.capabilities]
PARAMETERS = {"officials": OFFICIALS, "house": HOUSE}

# Who owes a clock c, as one number: an institution by its id, an authority by its id made negative.
PLACE_ID = "COALESCE(c.institution_id, -c.authority_id)"

# Need a relation asked (place_id, audience) before them. `manned` is the authority an audience means.
MANNED = """
officials AS (
    SELECT a.id AS authority_id, a.region_id, m.user_id, m.is_leader
    FROM institutions_membership m
    JOIN institutions_user u ON u.id = m.user_id AND u.is_active
    JOIN institutions_authority a ON a.id = m.authority_id AND a.department = 'civil_affairs'
    WHERE m.is_active AND m.role = ANY(%(officials)s)
), places AS (
    SELECT authority_id, region_id, bool_or(is_leader) AS has_leader FROM officials GROUP BY 1, 2
), asked_of AS (
    SELECT asked.place_id, asked.audience, a.region_id AS own_id, i.county_id, i.city_id, i.province_id
    FROM asked
    JOIN institutions_institution i ON i.id = asked.place_id
    JOIN institutions_authority a ON a.id = i.authority_id
    WHERE asked.audience <> 'institution'
    UNION ALL
    SELECT asked.place_id, asked.audience, own.id, own.id, up.id, COALESCE(top.id, up.id, own.id)
    FROM asked
    JOIN institutions_authority a ON a.id = -asked.place_id
    JOIN institutions_region own ON own.id = a.region_id
    LEFT JOIN institutions_region up ON up.id = own.parent_id
    LEFT JOIN institutions_region top ON top.id = up.parent_id
), manned AS (
    SELECT DISTINCT ON (s.place_id, s.audience) s.place_id, s.audience, p.authority_id, p.has_leader
    FROM (
        SELECT o.place_id, o.audience, step.level, step.region_id
        FROM asked_of o
        CROSS JOIN LATERAL (VALUES (0, o.own_id), (1, o.county_id), (2, o.city_id), (3, o.province_id))
            step (level, region_id)
        WHERE step.level >= CASE o.audience WHEN 'city' THEN 2 WHEN 'province' THEN 3 ELSE 0 END
          AND (step.level IN (0, 3) OR step.region_id <> o.own_id)
    ) s
    JOIN places p ON p.region_id = s.region_id
    ORDER BY s.place_id, s.audience, s.level
)
"""
PEOPLE = f"""{MANNED}, people AS (
    SELECT manned.place_id, manned.audience, o.user_id
    FROM manned JOIN officials o ON o.authority_id = manned.authority_id
    WHERE manned.audience <> 'county_leader' OR o.is_leader OR NOT manned.has_leader
    UNION
    SELECT asked.place_id, asked.audience, m.user_id
    FROM asked
    JOIN institutions_membership m ON m.institution_id = asked.place_id AND m.is_active
    JOIN institutions_user u ON u.id = m.user_id AND u.is_active
    WHERE asked.audience = 'institution' AND m.role = ANY(%(house)s)
)
"""
