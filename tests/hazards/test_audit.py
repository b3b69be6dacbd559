"""Tampering is found: whatever the owner of the tables changes behind the product's back."""

import json

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from hazards import audit
from hazards.actions.anchoring import make_anchor
from hazards.enums import HazardStatus
from hazards.models import HazardEvent
from ops import servers
from tests.factories import Cast, hazard_in

pytestmark = pytest.mark.django_db(transaction=True)


def as_owner(sql, *params):
    given = connection.get_connection_params() | {"user": servers.OWNER}
    owner = psycopg2.connect(**{k: given[k] for k in ("dbname", "user", "password", "host") if k in given})
    with owner, owner.cursor() as cursor:
        cursor.execute(sql, params)
    owner.close()


@pytest.fixture
def hazard():
    return hazard_in(Cast(), HazardStatus.CLOSED)


def test_an_untouched_trail_is_proven(hazard, capsys):
    make_anchor()
    call_command("verify_audit")
    assert capsys.readouterr().out == "核验通过：1 条隐患，5 条记录，1 个锚点。\n"


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("UPDATE hazards_hazardevent SET comment = '改过' WHERE seq = 4", "第 4 条记录的内容与校验值不符"),
        ("UPDATE hazards_hazardevent SET by_name = '别人' WHERE seq = 4", "第 4 条记录的内容与校验值不符"),
        (
            "UPDATE hazards_hazardevent SET at = at - interval '1 day' WHERE seq = 2",
            "第 2 条记录的内容与校验值不符",
        ),
        ("UPDATE hazards_hazardevent SET data = '{}' WHERE seq = 2", "第 2 条记录的内容与校验值不符"),
        ("DELETE FROM hazards_hazardevent WHERE seq = 3", "中间有缺失或插入"),
        ("DELETE FROM hazards_hazardevent WHERE seq = 5", "应有 5 条记录，实有 4 条"),
        ("DELETE FROM hazards_hazardevent", "应有 5 条记录，实有 0 条"),
        (
            "UPDATE hazards_hazardevent SET seq = CASE seq WHEN 2 THEN 103 ELSE 102 END WHERE seq IN (2, 3);"
            "UPDATE hazards_hazardevent SET seq = seq - 100 WHERE seq > 100",
            "没有接在前一条之后",
        ),
    ],
)
def test_each_kind_of_tampering_is_named(hazard, capsys, tampering, words):
    as_owner(tampering)
    with pytest.raises(CommandError, match="核验未通过"):
        call_command("verify_audit")
    assert words in capsys.readouterr().err


def test_a_chain_rewritten_whole_is_found_by_the_anchor(hazard, capsys):
    make_anchor()
    previous = ""
    for event in HazardEvent.objects.order_by("seq"):
        facts = {n: getattr(event, n) for n in audit.HASHED_FIELDS if n != "by"} | {"by": event.by_id}
        facts["comment"] = "重写"
        digest = audit.event_hash(event.algorithm, previous, hazard.uid, facts)
        as_owner(
            "UPDATE hazards_hazardevent SET comment = '重写', previous_hash = %s, hash = %s WHERE id = %s",
            previous, digest, event.pk,
        )  # fmt: skip
        previous = digest
    as_owner("UPDATE hazards_hazard SET event_head = %s", previous)
    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert capsys.readouterr().err.endswith("的锚点与记录不符\n")


def test_the_chain_can_use_the_national_hash(settings):
    settings.AUDIT_HASH = "sm3"
    hazard = hazard_in(Cast(), HazardStatus.REGISTERED)
    assert set(hazard.events.values_list("algorithm", flat=True)) == {"sm3"}
    assert audit.chain_faults(hazard, list(hazard.events.all())) == []


def test_the_hash_covers_every_fact_of_an_event():
    concrete = {f.name for f in HazardEvent._meta.concrete_fields}
    assert concrete - set(audit.HASHED_FIELDS) == {"id", "hazard", "algorithm", "previous_hash", "hash"}
    assert json.loads(audit.canonical("u", dict.fromkeys(audit.HASHED_FIELDS, "1")))["hazard"] == "u"
