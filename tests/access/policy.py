"""Who may open which URL. A URL name that is not here fails the matrix: decide before it is public."""

from dataclasses import dataclass

PROVINCE, CITY, COUNTY = "province_official", "city_official", "county_official"
PATROL, MANAGER, SAFETY = "township_patrol", "manager", "safety_officer"
AUDITOR, SYSTEM, SECURITY = "auditor", "system_admin", "security_admin"
LIAISON = "liaison"  # of another department: sees what was transferred to it, and nothing else
OFFICIALS = {PROVINCE, CITY, COUNTY}
HOUSE = {MANAGER, SAFETY}
READERS = OFFICIALS | HOUSE | {PATROL, AUDITOR}
EVERYBODY = READERS | {SYSTEM, SECURITY, LIAISON}


@dataclass(frozen=True)
class Policy:
    """`takes`: the kind of object in the URL; `who` may use it within scope; `own_only`: only the owner's object."""

    who: frozenset
    takes: str = ""
    methods: tuple = ("GET",)
    is_public: bool = False
    own_only: bool = False
    arguments: tuple = ()
    may_be_missing: bool = False  # asks for an object in its parameters, which the matrix does not give
    unseen_by: frozenset = frozenset()  # roles to whom even what is in their scope is not there: 404
    by_token: bool = (
        False  # read by other systems: nobody's session opens it (tests/api/test_scope.py has the tokens)
    )
    absent: int = 404  # the answer to what is not there for this person, the same as to what is nowhere


def of(who, takes="", methods=("GET",), **more) -> Policy:
    return Policy(frozenset(who), takes, methods, **more)


OFFICES = OFFICIALS | {PATROL, AUDITOR}
INSPECTORS = OFFICIALS | HOUSE | {PATROL}
BOTH, POST = ("GET", "POST"), ("POST",)
LADDER = (("key", "hazard_general"),)


def act(who, action) -> Policy:
    return of(who, "hazard", BOTH, arguments=(("action", action),))


def team(who, **more) -> Policy:
    # A township sees the teams it belongs to; those that merely come its way come unannounced.
    return of(who, "team", unseen_by=frozenset({PATROL}), **more)


def letter(who, takes="letter", **more) -> Policy:
    # An institution never reads what a letter about it says.
    return of(who, takes, unseen_by=frozenset(HOUSE), **more)


def record(who, **more) -> Policy:
    # Addressed to the county: its patrol and its institutions are not concerned.
    return of(who, "record", unseen_by=frozenset({PATROL, *HOUSE}), **more)


def kept(**more) -> Policy:
    # The matrix's filter is shared within the county's authority: nobody else sees it, also not from above.
    colleagues = {COUNTY, AUDITOR}
    return of(colleagues, "filter", unseen_by=frozenset(READERS - colleagues), **more)


def token(takes="") -> Policy:
    return of([], takes, by_token=True)


WHO_SEE_ACCESSES = OFFICIALS | {AUDITOR, SYSTEM}

POLICIES: dict[str, list[Policy]] = {
    "login": [of([], methods=BOTH, is_public=True)],
    "public_orders": [of([], is_public=True)],
    "health_live": [of([], is_public=True)],
    "health_ready": [of([], is_public=True)],
    "health_deep": [of([], is_public=True)],
    "workbench": [of(EVERYBODY)],
    "me": [of(EVERYBODY)],
    "logout": [of(EVERYBODY, methods=POST)],
    "password_change": [of(EVERYBODY, methods=BOTH)],
    "display_size": [of(EVERYBODY, methods=POST)],
    "post_switch": [of([], methods=POST, own_only=True)],
    "hazards:choose_institution": [of(OFFICIALS | HOUSE | {PATROL})],
    "hazards:register": [of(OFFICIALS | HOUSE | {PATROL}, "institution_pk", BOTH)],
    "hazards:of_institution": [of(READERS, "institution")],
    "hazards:closing_policy": [of({PROVINCE}, methods=BOTH)],
    "hazards:photo": [of(READERS, "photo")],
    "hazards:detail": [of(READERS, "hazard")],
    "hazards:act": [
        act({COUNTY}, "accept"),
        act({COUNTY}, "reject"),
        act(OFFICIALS, "issue"),
        act(OFFICIALS, "void"),
        act(OFFICIALS, "request_void"),
        act(OFFICIALS, "refuse_void"),
        act(HOUSE, "submit"),
        act(HOUSE, "plan"),
        act(OFFICIALS, "close"),
        act(OFFICIALS, "return"),
        # The matrix's hazard is awaiting verification, transferred, and under supervision of its county.
        act(HOUSE, "request_extension"),
        act(HOUSE, "withdraw_extension"),
        act(OFFICIALS, "approve_extension"),
        act(OFFICIALS, "refuse_extension"),
        act({CITY, PROVINCE}, "place_under_supervision"),
        act(HOUSE, "report_progress"),
        act(OFFICIALS, "lift_supervision"),
        act(OFFICIALS, "revoke_supervision"),
        act({COUNTY}, "transfer"),
        act({COUNTY}, "withdraw_transfer"),
        act({COUNTY}, "record_answer"),
        act({CITY, PROVINCE}, "nudge"),
        act({COUNTY}, "reassign"),
    ],
    "hazards:extension_policy": [of({PROVINCE}, methods=BOTH)],
    "hazards:drafting_rules": [of({PROVINCE}, methods=BOTH)],
    "hazards:orders": [of(OFFICIALS | {AUDITOR})],
    "hazards:order": [of(READERS, "order")],
    "hazards:order_print": [of(READERS, "order")],
    "hazards:extensions": [of(OFFICIALS | {AUDITOR})],
    "hazards:extension_print": [of(READERS, "extension")],
    "hazards:transfers": [of(OFFICIALS | {AUDITOR, LIAISON})],
    "hazards:transfer": [letter(OFFICES | {LIAISON})],
    "hazards:transfer_print": [letter(OFFICES | {LIAISON})],
    "hazards:transfer_photo": [letter(OFFICES | {LIAISON}, "sent_evidence")],
    "hazards:answer_transfer": [letter({LIAISON}, methods=BOTH)],
    "hazards:records": [of(OFFICIALS | {AUDITOR})],
    "hazards:draft": [of({PROVINCE, CITY}, methods=BOTH)],
    "hazards:look_for_drafts": [of({PROVINCE, CITY}, methods=POST)],
    # A circular the ladder drafted for the city.
    "hazards:take_up": [
        of({CITY}, "city_draft", POST, unseen_by=frozenset(HOUSE | {PATROL, COUNTY, AUDITOR}))
    ],
    # The matrix has one that was issued, by the city to the county.
    "hazards:record": [record(OFFICIALS | {AUDITOR})],
    "hazards:record_act": [
        record({CITY}, methods=BOTH, arguments=(("action", "issue"),)),
        record({CITY}, methods=BOTH, arguments=(("action", "drop"),)),
        record({CITY, COUNTY}, methods=BOTH, arguments=(("action", "answer"),)),
    ],
    "files:upload": [of(OFFICIALS | HOUSE | {PATROL}, methods=POST)],
    "files:remove": [of(OFFICIALS | HOUSE | {PATROL}, "upload", POST, own_only=True)],
    "files:thumb": [of(OFFICIALS | HOUSE | {PATROL}, "upload", own_only=True)],
    "notifications:list": [of(EVERYBODY)],
    "notifications:bell": [of(EVERYBODY)],
    "notifications:health": [of({SYSTEM})],
    "notifications:preferences": [of(EVERYBODY, methods=BOTH)],
    "notifications:addresses": [of({SYSTEM})],
    "notifications:address_allow": [of({SYSTEM}, "address", POST)],
    "notifications:robots": [of({SYSTEM, SECURITY})],
    "notifications:robot_add": [of({SYSTEM, SECURITY}, methods=BOTH)],
    "notifications:robot": [of({SYSTEM, SECURITY}, "robot", BOTH)],
    "notifications:robot_switch": [of({SYSTEM, SECURITY}, "robot", POST)],
    "notifications:robot_try": [of({SYSTEM, SECURITY}, "robot", POST)],
    "notifications:mark_read": [of(EVERYBODY, methods=POST, own_only=True)],
    "notifications:open": [of(EVERYBODY, "notice", BOTH, own_only=True)],
    "inspections:checklists": [of(READERS)],
    "inspections:checklist": [of(READERS, "checklist")],
    "inspections:checklist_print": [of(READERS, "checklist")],
    "inspections:checklist_add": [of(OFFICIALS, methods=BOTH)],
    "inspections:checklist_draft": [of({COUNTY}, "checklist", POST)],
    "inspections:checklist_edit": [of({COUNTY}, "checklist")],
    "inspections:checklist_facts": [of({COUNTY}, "checklist_being_edited", BOTH)],
    "inspections:item_add": [of({COUNTY}, "checklist_being_edited", BOTH)],
    "inspections:item_edit": [of({COUNTY}, "checklist_item", BOTH)],
    "inspections:item_remove": [of({COUNTY}, "checklist_item", POST)],
    "inspections:checklist_publish": [of({COUNTY}, "checklist_being_edited", POST)],
    "inspections:checklist_withdraw": [of({COUNTY}, "checklist_being_edited", POST)],
    "inspections:visits": [of(READERS)],
    "inspections:visit_choose": [of(INSPECTORS)],
    "inspections:visit_new": [of(INSPECTORS, "institution_pk", BOTH)],
    "inspections:visits_of_institution": [of(READERS, "institution")],
    "inspections:visits_of_hazard": [of(READERS, "hazard")],
    "inspections:due": [of(READERS)],
    "inspections:visit": [of(READERS, "visit")],
    # The matrix's visit is still open: a house reads what officials found when the visit is finished, not while
    # they walk (visit_queries.may_see_findings and may_see_photo).
    "inspections:print": [of(OFFICES, "visit")],
    "inspections:photo": [of(OFFICES, "finding_photo")],
    "inspections:check_in": [of(OFFICIALS | {PATROL}, "visit", POST)],
    # Only those who inspect write: in the matrix nobody is one of the visit's inspectors.
    "inspections:cancel": [of([], "visit", BOTH)],
    "inspections:answers": [of([], "visit", POST)],
    "inspections:record": [of([], "visit", BOTH)],
    "inspections:sign": [of([], "visit", BOTH)],
    "inspections:finish": [of([], "visit", BOTH)],
    "inspections:finding_new": [of([], "visit", BOTH)],
    "inspections:finding": [of([], "finding", BOTH)],
    "inspections:finding_remove": [of([], "finding", POST)],
    "service_worker": [of([], is_public=True)],
    "inspections:field": [of([], is_public=True)],
    "inspections:packets": [of(INSPECTORS)],
    "inspections:packet_new": [of(INSPECTORS, "institution_pk", BOTH)],
    "inspections:packet_import": [of(INSPECTORS, methods=BOTH)],
    "inspections:sync_session": [of(INSPECTORS)],
    "inspections:sync_prepare": [of(INSPECTORS, methods=POST, may_be_missing=True)],
    "inspections:sync_visit": [of([], "visit", ("GET", "PUT"))],
    "inspections:sync_finding": [of([], "finding", ("PUT", "DELETE"))],
    "inspections:sync_photo": [of([], "sent_photo", ("PUT",))],
    "inspections:sync_signature": [of([], "sent_signature", ("PUT",))],
    "inspections:sync_finish": [of([], "visit", POST)],
    "inspections:campaigns": [of(READERS)],
    "inspections:campaign_add": [of(OFFICIALS, methods=BOTH)],
    "inspections:campaign": [of(READERS, "campaign")],
    "inspections:campaign_edit": [of({COUNTY}, "campaign", BOTH)],
    "inspections:campaign_institutions": [of(OFFICES, "campaign")],
    "inspections:unvisited_export": [
        of(OFFICES, "campaign", arguments=(("kind", "xlsx"),)),
        of(OFFICES, "campaign", arguments=(("kind", "csv"),)),
    ],
    "inspections:team_add": [of({COUNTY}, "campaign", BOTH)],
    "inspections:teams": [of(OFFICES)],
    "inspections:team": [team(OFFICIALS | {AUDITOR})],
    "inspections:team_edit": [team({COUNTY}, methods=BOTH)],
    "inspections:team_members": [team({COUNTY}, methods=BOTH)],
    "inspections:team_institutions": [team({COUNTY}, methods=BOTH)],
    "inspections:plans": [of(OFFICES)],
    "inspections:due_plans": [of(OFFICES)],
    "clocks:tomorrow": [of(OFFICES)],
    "clocks:coming": [of(OFFICES)],
    "clocks:of_matter": [of(READERS, "clock")],
    # The date names one's own digest and nobody else's; the matrix has none.
    "clocks:digest": [of(EVERYBODY, arguments=(("on", "2026-11-01"),), may_be_missing=True)],
    "clocks:drafts": [of(OFFICES)],
    "clocks:draft": [of(OFFICIALS | {AUDITOR}, "act_draft", unseen_by=frozenset(HOUSE | {PATROL}))],
    "clocks:draft_issue": [of({COUNTY}, "act_draft", POST, unseen_by=frozenset(HOUSE | {PATROL}))],
    "clocks:draft_drop": [of({COUNTY}, "act_draft", POST, unseen_by=frozenset(HOUSE | {PATROL}))],
    "clocks:ladders": [of(READERS)],
    "clocks:ladder": [of(READERS, arguments=LADDER)],
    "clocks:ladder_draft": [of({PROVINCE}, methods=POST, arguments=LADDER)],
    "clocks:ladder_edit": [of({PROVINCE}, methods=BOTH, arguments=LADDER, may_be_missing=True)],
    "clocks:ladder_publish": [of({PROVINCE}, methods=POST, arguments=LADDER, may_be_missing=True)],
    "clocks:ladder_discard": [of({PROVINCE}, methods=POST, arguments=LADDER, may_be_missing=True)],
    "workdays:calendar": [of(EVERYBODY)],
    "workdays:notice": [of({PROVINCE}, methods=BOTH)],
    "workdays:day": [of({PROVINCE}, methods=BOTH, arguments=(("on", "2026-10-01"),))],
    "reports:ledger": [of(READERS)],
    "reports:columns": [of(READERS, methods=BOTH, may_be_missing=True)],
    "reports:list": [
        of(READERS, arguments=(("name", "risks"),)),
        of(READERS, arguments=(("name", "problems"),)),
        of(READERS, arguments=(("name", "tasks"),)),
        of(READERS, arguments=(("name", "results"),)),
    ],
    "reports:bulk": [
        of(OFFICIALS, methods=BOTH, arguments=(("action", "issue"),)),
        of(OFFICIALS, methods=BOTH, arguments=(("action", "close"),)),
        of(OFFICIALS, methods=BOTH, arguments=(("action", "reassign"),)),
    ],
    "reports:bulk_result": [of(READERS, "bulk", BOTH, own_only=True)],
    "reports:search": [of(READERS)],
    "reports:suggest": [of(READERS)],
    "reports:exports": [of(READERS)],
    "reports:new_export": [of(READERS, methods=BOTH)],
    "reports:export": [of(READERS, "export", own_only=True)],
    "reports:cancel_export": [of(READERS, "export", POST, own_only=True)],
    "reports:export_file": [of(READERS, "export", own_only=True)],
    "reports:imports": [of(OFFICIALS, methods=BOTH)],
    "reports:past_hazards": [of(READERS)],
    "reports:export_past": [of(READERS, methods=BOTH)],
    "reports:withdraw_import": [of(OFFICIALS, "import", BOTH, own_only=True)],
    # The matrix's is to be decided by its county: nobody else reads it, also not from above.
    "reports:withdrawal": [of({COUNTY}, "withdrawal", unseen_by=frozenset({CITY, PROVINCE}))],
    "reports:decide_withdrawal": [of({COUNTY}, "withdrawal", POST, unseen_by=frozenset({CITY, PROVINCE}))],
    "reports:drop_withdrawal": [of(OFFICIALS, "withdrawal", POST, own_only=True)],
    "reports:import": [of(OFFICIALS, "import", own_only=True)],
    "reports:match_import": [of(OFFICIALS, "import", BOTH, own_only=True)],
    "reports:confirm_import": [of(OFFICIALS, "import", POST, own_only=True)],
    "reports:cancel_import": [of(OFFICIALS, "import", POST, own_only=True)],
    "reports:marked_import": [of(OFFICIALS, "import", own_only=True)],
    "reports:filters": [of(READERS)],
    "reports:keep_filter": [of(READERS, methods=BOTH)],
    "reports:open_filter": [kept()],
    "reports:change_filter": [kept(methods=POST)],
    "reports:dashboard": [of(OFFICIALS | {AUDITOR})],
    "reports:institution": [of(READERS, "institution")],
    "reports:figure_rows": [of(READERS, may_be_missing=True)],
    "reports:past": [of(OFFICIALS | {AUDITOR})],
    "reports:target": [of(OFFICIALS, methods=BOTH)],
    "api:hazards": [token()],
    "api:changes": [token()],
    "api:hazard": [token("hazard")],
    "api:institutions": [token()],
    "api:institution": [token("institution")],
    "api:regions": [token()],
    "api:summary": [token()],
    "api:openapi": [token()],
    "accesses:list": [of(WHO_SEE_ACCESSES)],
    "accesses:new": [of({SYSTEM}, methods=BOTH)],
    "accesses:openapi": [of(WHO_SEE_ACCESSES)],
    "accesses:detail": [of(WHO_SEE_ACCESSES, "access")],
    # Only officials of the authority whose data it is: in the matrix the county's.
    "accesses:issue": [of({COUNTY}, "access", POST)],
    "accesses:revoke": [of(OFFICIALS | {SYSTEM}, "access", POST)],
    "accesses:try": [of(OFFICIALS | {SYSTEM}, "access", POST)],
    "reports:measures": [of(OFFICIALS | {AUDITOR})],
    "reports:institution_measures": [of(READERS, "institution")],
    "reports:appraisals": [of(OFFICIALS | {AUDITOR})],
    "reports:appraisal_new": [of({PROVINCE, CITY}, methods=BOTH)],
    # The matrix has a published one of the county: those above read it, whose own it is can't change it any more.
    "reports:appraisal": [of(OFFICIALS | {AUDITOR}, "appraisal")],
    "reports:appraisal_print": [of(OFFICIALS | {AUDITOR}, "appraisal")],
    "reports:appraisal_file": [of(OFFICIALS | {AUDITOR}, "appraisal")],
    "reports:appraisal_rules": [of([], "appraisal", BOTH)],
    "reports:appraisal_veto": [of([], "appraisal", BOTH)],
    "reports:appraisal_publish": [of([], "appraisal", BOTH)],
    "reports:appraisal_drop": [of([], "appraisal", POST)],
    "reports:appraisal_revise": [of([], "appraisal", POST)],
    "institutions:list": [of(READERS)],
    "institutions:detail": [of(READERS, "institution")],
    "institutions:add": [of(OFFICIALS, methods=BOTH)],
    "institutions:edit": [of(OFFICIALS | {MANAGER}, "institution", BOTH)],
    "institutions:licences": [of(OFFICIALS | {MANAGER}, "institution", BOTH)],
    "institutions:persons": [of(OFFICIALS | {MANAGER}, "institution", BOTH)],
    "institutions:pledge": [of({COUNTY}, "institution_year", BOTH)],
    "institutions:drill_add": [of({MANAGER}, "institution", BOTH)],
    "institutions:drill": [of({MANAGER}, "drill", BOTH)],
    "institutions:import": [of(OFFICIALS, methods=BOTH)],
    "institutions:import_template": [of(OFFICIALS)],
    "institutions:import_dry_run": [of(OFFICIALS, "draft", own_only=True)],
    "institutions:import_annotated": [of(OFFICIALS, "draft", own_only=True)],
    "institutions:import_confirm": [of(OFFICIALS, "draft", POST, own_only=True, absent=302)],
    "members:list": [of({SECURITY})],
    "members:system": [of({SYSTEM})],
    "members:add": [of({SECURITY}, methods=BOTH)],
    "members:detail": [of({SECURITY}, "member")],
    "members:grant": [of({SECURITY}, "member", POST)],
    "members:disable": [of({SECURITY}, "member", POST)],
    "members:enable": [of({SECURITY}, "member", POST)],
    "members:reset_password": [of({SECURITY}, "member", POST)],
    "members:unlock": [of({SYSTEM, SECURITY}, "member", POST)],
    "members:revoke": [of({SECURITY}, "membership", POST)],
}
