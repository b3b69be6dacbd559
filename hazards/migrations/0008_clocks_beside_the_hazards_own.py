"""What was owed beside hazards' own deadlines before it had clocks gets them; whatever is late is told late, once."""

from django.db import migrations

_INTO = """
INSERT INTO clocks_clock (
    kind, subject_id, institution_id, authority_id, ladder_key, due_on, started_on, title, url, is_major, next_look_on
)
SELECT w.kind, w.id, w.institution_id, w.authority_id, w.kind, w.due_on, w.since, left(w.title, 200), w.url, w.is_major,
       w.since
FROM ({rows}) w
WHERE w.due_on IS NOT NULL
ON CONFLICT (kind, subject_id) DO NOTHING
"""
_DAY = "(({}) AT TIME ZONE 'Asia/Shanghai')::date"

EXTENSIONS = f"""
SELECT 'extension' AS kind, r.id, CASE WHEN a.id IS NULL THEN h.institution_id END AS institution_id, a.id AS authority_id,
       r.decide_by AS due_on, {_DAY.format("r.requested_at")} AS since, h.severity = 'major' AS is_major,
       '延期申请待决定：' || CASE WHEN a.id IS NULL THEN '' ELSE i.name || '，' END || h.description AS title,
       '/hazards/' || h.id || '/' AS url
FROM hazards_extensionrequest r
JOIN hazards_hazard h ON h.id = r.hazard_id
JOIN institutions_institution i ON i.id = h.institution_id
LEFT JOIN institutions_authority a ON a.region_id = h.extension_region_id AND a.department = 'civil_affairs'
WHERE r.outcome = ''
"""
_ORDER = """
SELECT '{kind}' AS kind, o.id, h.institution_id, NULL::bigint AS authority_id, {due} AS due_on, {since} AS since,
       h.severity = 'major' AS is_major, '{title}：' || h.description AS title, '/hazards/orders/' || o.id || '/' AS url
FROM hazards_supervisionorder o JOIN hazards_hazard h ON h.id = o.hazard_id
WHERE o.state = 'open'
"""
ORDERS = _ORDER.format(
    kind="supervision", due="o.due_on", since=_DAY.format("o.placed_at"), title="挂牌督办限期治理"
)
REPORTS = _ORDER.format(
    kind="progress",
    due="o.next_report_on",
    since=_DAY.format(
        "SELECT COALESCE(max(p.reported_at), o.placed_at) FROM hazards_progressreport p WHERE p.order_id = o.id"
    ),
    title="挂牌督办进展报告",
)
TRANSFERS = f"""
SELECT 'transfer' AS kind, t.id, h.institution_id, NULL::bigint AS authority_id, t.due_on,
       {_DAY.format("t.sent_at")} AS since, h.severity = 'major' AS is_major,
       '移送事项待回执：' || h.description AS title, '/hazards/transfers/' || t.id || '/' AS url
FROM hazards_transfer t JOIN hazards_hazard h ON h.id = t.hazard_id
WHERE t.state = 'sent'
"""
_RECORD = """
SELECT 'feedback' AS kind, 2 * r.id + {bit} AS id, r.institution_id, r.addressee_id AS authority_id,
       r.feedback_due_on AS due_on, {since} AS since, false AS is_major, '{label}书面反馈：' || r.title AS title,
       '/hazards/records/{kind}/' || r.id || '/' AS url
FROM hazards_{kind} r
WHERE r.feedback_at IS NULL
"""
CIRCULARS = _RECORD.format(bit=0, kind="circular", label="通报", since=_DAY.format("r.issued_at"))
SUMMONSES = _RECORD.format(bit=1, kind="summons", label="约谈", since=_DAY.format("r.minuted_at"))
START = [
    _INTO.format(rows=rows) for rows in (EXTENSIONS, ORDERS, REPORTS, TRANSFERS, CIRCULARS, SUMMONSES)
]


class Migration(migrations.Migration):
    dependencies = [
        ("hazards", "0007_open_matters_agree"),
        ("clocks", "0003_owed_by_authorities"),
    ]

    operations = [migrations.RunSQL(START, migrations.RunSQL.noop)]
