"""The hash chain of events: what is hashed, how, and how it is proven.

Per hazard, not global: one chain for all would halve the throughput of registering (docs/adr/0003). SHA-256, or
SM3 where a project must use national algorithms (`AUDIT_HASH`); each event names the algorithm it was made with.
"""

import hashlib
import json
from datetime import UTC, datetime

HASHED_FIELDS = (
    "seq", "action", "from_status", "to_status", "at", "by", "by_name", "by_role", "by_place", "comment", "data",
)  # fmt: skip
_STORED_AS = {"by": "by_id"}


def canonical(uid: str, facts: dict) -> bytes:
    """The bytes that are hashed: the hazard's uid and every fact of the event, as sorted compact JSON in UTF-8."""
    facts = {name: facts[name] for name in HASHED_FIELDS}
    if isinstance(facts["at"], datetime):
        facts["at"] = facts["at"].astimezone(UTC).isoformat(timespec="microseconds")
    facts["hazard"] = str(uid)
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def event_hash(algorithm: str, previous_hash: str, uid: str, facts: dict) -> str:
    """Hex digest that binds an event to the one before it."""
    return hashlib.new(algorithm, previous_hash.encode() + canonical(uid, facts)).hexdigest()


def chain_faults(hazard, events: list) -> list[str]:
    """What is wrong with one hazard's chain, in words; empty when it is whole.

    Both may be models or rows with the same names; `events` in order of seq. Finds changed, missing, inserted and reordered events, and a cut tail.
    """
    faults, previous = [], ""
    for position, event in enumerate(events, start=1):
        facts = {name: getattr(event, _STORED_AS.get(name, name)) for name in HASHED_FIELDS}
        if event.seq != position:
            faults.append(f"第 {position} 条记录的序号是 {event.seq}，中间有缺失或插入")
        if event.previous_hash != previous:
            faults.append(f"第 {event.seq} 条记录没有接在前一条之后")
        if event.hash != event_hash(event.algorithm, event.previous_hash, hazard.uid, facts):
            faults.append(f"第 {event.seq} 条记录的内容与校验值不符")
        previous = event.hash
    if hazard.event_count != len(events):
        faults.append(f"应有 {hazard.event_count} 条记录，实有 {len(events)} 条")
    if hazard.event_head != previous:
        faults.append("最后一条记录与链头不符")
    if events and events[-1].to_status != hazard.status:
        faults.append(f"状态 {hazard.status} 与最后一条记录 {events[-1].to_status} 不符")
    return faults


def anchor_digest(algorithm: str, previous: str, hashes) -> str:
    """Digest over event hashes in order, chained to the previous anchor."""
    digest = hashlib.new(algorithm, previous.encode())
    for value in hashes:
        digest.update(value.encode())
    return digest.hexdigest()
