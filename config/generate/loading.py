"""Bulk loading: what PostgreSQL checks row by row is set aside, and comes back checked as a whole. One transaction."""

import io

from django.db.backends.utils import CursorWrapper

# Triggers that look at one row, each answered for otherwise: the stories follow the legal pairs, events are written in
# order while nobody else can, visits are whole and finished when they come, the open matters are compared as a whole
# (check_open_matters), the summary is rebuilt. All others fire.
_TRIGGERS = {
    "hazards_hazard": ("hazard_status_insert", "summary_insert"),
    "hazards_hazardevent": ("hazard_event_insert",),
    "hazards_extensionrequest": ("extension_agrees",),
    "hazards_supervisionorder": ("supervision_agrees",),
    "hazards_transfer": ("transfer_agrees",),
    "inspections_visit": ("inspections_visit_legal",),
    "inspections_visit_inspectors": ("inspections_inspectors_open",),
    "inspections_finding": ("inspections_finding_open",),
    "inspections_judgement": ("inspections_judgement_open",),
}
# What the triggers *_agree ask of one hazard, of all of them.
_DISAGREEING = """
SELECT count(*) FROM hazards_hazard h
LEFT JOIN hazards_extensionrequest e ON e.hazard_id = h.id AND e.outcome = ''
LEFT JOIN hazards_supervisionorder o ON o.hazard_id = h.id AND o.state = 'open'
LEFT JOIN (SELECT DISTINCT hazard_id FROM hazards_transfer WHERE state = 'sent') t ON t.hazard_id = h.id
WHERE (h.extension_region_id IS NULL) <> (e.id IS NULL) OR (h.supervised_region_id IS NULL) <> (o.id IS NULL)
   OR h.awaits_department <> (t.hazard_id IS NOT NULL)
"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'u')
  AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid AND f.oid <> c.oid
                  AND c.contype = 'u')
ORDER BY contype
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('u', 'p', 'x'))
"""


class BulkLoad:
    """Within: triggers, foreign keys, unique constraints and indexes of `tables` are gone; at the end they are back.

    Run as the owner inside a transaction: whatever fails leaves everything as it was. Nobody else reads meanwhile.
    """

    def __init__(self, cursor: CursorWrapper, tables: list[str]):
        self._cursor, self._tables = cursor, tables

    def __enter__(self):
        run = self._cursor.execute
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("SET LOCAL maintenance_work_mem = '512MB'")
        run("SET LOCAL idle_in_transaction_session_timeout = 0")  # we wait for the workers
        for table, triggers in _TRIGGERS.items():
            for trigger in triggers:
                run(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        run(_CONSTRAINTS, [self._tables])
        self._constraints = self._cursor.fetchall()
        for table, name, _ in self._constraints:
            run(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        run(_INDEXES, [self._tables])
        self._indexes = self._cursor.fetchall()
        for name, _ in self._indexes:
            run(f"DROP INDEX {name}")
        return self

    def copy(self, table: str, columns: tuple[str, ...], text: str) -> None:
        """Lines as COPY reads them."""
        names = ", ".join(f'"{name}"' for name in columns)
        self._cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", io.StringIO(text))

    def __exit__(self, kind, error, trace):
        if kind is not None:
            return
        run = self._cursor.execute
        for _, definition in self._indexes:
            run(definition)
        for table, name, definition in reversed(self._constraints):  # unique before foreign keys
            run(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for table in self._tables:
            run(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), greatest((SELECT max(id) FROM {table}), 1))", [table])  # fmt: skip
        for table, triggers in _TRIGGERS.items():
            for trigger in triggers:
                run(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def check_open_matters(cursor: CursorWrapper) -> None:
    """Raise ValueError unless every hazard says of its extension, order and transfer what their rows say."""
    cursor.execute(_DISAGREEING)
    if wrong := cursor.fetchone()[0]:
        raise ValueError(f"{wrong} hazards do not agree with their open matters")
