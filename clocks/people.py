"""From an audience to the people: by the institution's place, always somebody when anybody is there.

County is the authority that supervises the institution; city and province are civil affairs of its regions. Where the
city itself supervises, "city" means the level above. Where a level has nobody (省直辖县, 不设区的市, an office without
accounts) the next level up that has somebody hears of it. Leaders are those marked so; without one all officials.
"""

from institutions.enums import Capability, Role

OFFICIALS = [role.value for role in Role if Capability.VERIFY in role.facts.capabilities]
HOUSE = [role.value for role in Role if Capability.RECTIFY in role.facts.capabilities]
PARAMETERS = {"officials": OFFICIALS, "house": HOUSE}

# Need a relation asked (institution_id, audience) before them. `manned` is the authority an audience means.
MANNED = """
officials AS (
    SELECT a.id AS authority_id, a.region_id, m.user_id, m.is_leader
    FROM institutions_membership m
    JOIN institutions_user u ON u.id = m.user_id AND u.is_active
    JOIN institutions_authority a ON a.id = m.authority_id AND a.department = 'civil_affairs'
    WHERE m.is_active AND m.role = ANY(%(officials)s)
), places AS (
    SELECT authority_id, region_id, bool_or(is_leader) AS has_leader FROM officials GROUP BY 1, 2
), manned AS (
    SELECT DISTINCT ON (s.institution_id, s.audience) s.institution_id, s.audience, p.authority_id, p.has_leader
    FROM (
        SELECT asked.institution_id, asked.audience, step.level, step.region_id
        FROM asked
        JOIN institutions_institution i ON i.id = asked.institution_id
        JOIN institutions_authority a ON a.id = i.authority_id
        CROSS JOIN LATERAL (VALUES (0, a.region_id), (1, i.county_id), (2, i.city_id), (3, i.province_id))
            step (level, region_id)
        WHERE step.level >= CASE asked.audience WHEN 'city' THEN 2 WHEN 'province' THEN 3 ELSE 0 END
          AND (step.level IN (0, 3) OR step.region_id <> a.region_id)
          AND asked.audience <> 'institution'
    ) s
    JOIN places p ON p.region_id = s.region_id
    ORDER BY s.institution_id, s.audience, s.level
)
"""
PEOPLE = f"""{MANNED}, people AS (
    SELECT manned.institution_id, manned.audience, o.user_id
    FROM manned JOIN officials o ON o.authority_id = manned.authority_id
    WHERE manned.audience <> 'county_leader' OR o.is_leader OR NOT manned.has_leader
    UNION
    SELECT asked.institution_id, asked.audience, m.user_id
    FROM asked
    JOIN institutions_membership m ON m.institution_id = asked.institution_id AND m.is_active
    JOIN institutions_user u ON u.id = m.user_id AND u.is_active
    WHERE asked.audience = 'institution' AND m.role = ANY(%(house)s)
)
"""
