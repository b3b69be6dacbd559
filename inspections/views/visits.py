"""检查: the list, opening one, the walk and the record of one, finishing it."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly, writes
from common.words import keeping_words
from inspections import crossing, png, visit_queries, visit_rules
from inspections.actions import answering, finishing, signing
from inspections.actions import visits as actions
from inspections.actions.visit_door import require_open, require_writer
from inspections.enums import OWN_KINDS, SignerRole
from inspections.forms.records import RecordForm, SignForm
from inspections.forms.visits import CancelForm, OpenForm, VisitFilter, given_answers
from inspections.models import InspectionTeam, Visit, VisitPlan
from institutions.enums import Capability
from institutions.models import Institution
from institutions.permissions import require
from institutions.queries import choices

PER_PAGE = 20
UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
CALLS = {"planned": "待检查", "open": "检查中", "finished": "已完成", "cancelled": "已取消"}


def _visit(request, uid) -> Visit:
    return get_object_or_404(visit_queries.page(request.actor), uid=uid)


def _url(visit: Visit, name: str = "visit") -> str:
    return reverse(f"inspections:{name}", args=[visit.uid])


# --- lists --------------------------------------------------------------------------------------------------


@readonly
def visit_list(request):
    """Visits in scope under 待检查, 检查中, 已完成, 已取消, filtered."""
    actor = request.actor
    require(actor, Capability.VIEW_HAZARDS)
    found = VisitFilter(request.GET, actor=actor)
    visits = found.narrow(visit_queries.visit_list(actor))
    counts = visit_queries.tab_counts(visits)
    tab = request.GET.get("tab", "")
    if tab not in CALLS:
        tab = "open" if counts["open"] else "planned" if counts["planned"] else "finished"
    shown = visits.filter(status__in=visit_queries.TABS[tab])
    context = {
        "filter": found,
        "tab": tab,
        "tabs": [{"key": key, "label": label, "count": counts[key]} for key, label in CALLS.items()],
        "page": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "today": timezone.localdate(),
        "may_open": not visit_rules.opener(actor),
    }
    status = HTTPStatus.OK if found.is_valid() else UNPROCESSABLE
    return render(request, "inspections/visits/list.html", context, status=status)


# --- opening --------------------------------------------------------------------------------------------------


def _require_opener(request) -> None:
    if reason := visit_rules.opener(request.actor):
        raise PermissionDenied(reason)


@readonly
def visit_choose(request):
    """Which institution: a short list in scope, narrowed by a few characters of its name."""
    _require_opener(request)
    if request.actor.institution:
        return redirect("inspections:visit_new", request.actor.institution.pk)
    context = choices(request.actor, request.GET.get("q", ""))
    return render(request, "inspections/visits/choose.html", context)


@writes(methods=("GET", "HEAD", "POST"))
def visit_new(request, institution_pk: int):
    """The form and the act. 404 for an institution out of scope."""
    found = crossing.visitable(request.actor, timezone.localdate()).in_use().select_related("county")
    institution = get_object_or_404(found, pk=institution_pk)
    _require_opener(request)
    purpose = _purpose(request, institution)
    options = {"actor": request.actor, "institution": institution, "today": timezone.localdate()}
    if request.method != "POST":
        return _opening(request, institution, OpenForm(**options, **purpose), purpose["plan"])
    form = OpenForm(request.POST, **options, **purpose)
    if not form.is_valid():
        return _opening(request, institution, form, purpose["plan"], status=UNPROCESSABLE)
    visit = actions.open_visit(by=request.actor, **form.facts())
    words = "已签到，可以开始检查。" if visit.is_open else "检查已安排，到场后请签到。"
    messages.success(request, words)
    return redirect(_url(visit))


def _purpose(request, institution: Institution) -> dict:
    """What the visit is for, as the address says (inspections.links): plan, team, campaign, kind; each if in sight."""
    actor, given = request.actor, request.GET
    plans = VisitPlan.objects.visible_to(actor).open().filter(institution=institution)
    teams = InspectionTeam.objects.visible_to(actor).select_related("campaign")
    team = teams.filter(pk=_key(given.get("team"))).first()
    if crossing.is_outside(actor, institution):  # nobody goes there but with a team that is sent
        sent = crossing.teams_to(actor, institution, timezone.localdate()).select_related("campaign")
        team = sent.filter(pk=team.pk).first() if team else sent.order_by("pk").first()
    return {
        "plan": plans.filter(pk=_key(given.get("plan"))).first(),
        "team": team,
        "campaign": _key(given.get("campaign")),
        "kind": given.get("kind", ""),
    }


def _key(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _opening(request, institution, form, plan, status=HTTPStatus.OK):
    is_crossing = crossing.is_outside(request.actor, institution)
    context = {"institution": institution, "form": form, "plan": plan, "is_crossing": is_crossing}
    return render(request, "inspections/visits/new.html", context, status=status)


@writes
def visit_check_in(request, uid):
    """到场签到, or joining colleagues who are there already."""
    visit = _visit(request, uid)
    actions.check_in(visit, by=request.actor)
    messages.success(request, "已签到，可以开始检查。")
    return redirect(_url(visit))


@writes(methods=("GET", "HEAD", "POST"))
def visit_cancel(request, uid):
    """取消检查, with a reason."""
    visit = _visit(request, uid)
    if request.method != "POST":
        if reason := visit_rules.canceller(request.actor, visit, visit_queries.inspector_ids(visit)):
            raise PermissionDenied(reason)
        return render(request, "inspections/visits/cancel.html", {"visit": visit, "form": CancelForm()})
    form = CancelForm(request.POST)
    if not form.is_valid():
        return render(
            request, "inspections/visits/cancel.html", {"visit": visit, "form": form}, status=UNPROCESSABLE
        )
    actions.cancel(visit, by=request.actor, reason=form.cleaned_data["reason"])
    messages.success(request, "检查已取消。")
    return redirect(_url(visit))


# --- one visit ------------------------------------------------------------------------------------------------


@readonly
def visit(request, uid):
    """The walk for its inspectors while it is open; for everybody else, and afterwards, the record."""
    found, actor = _visit(request, uid), request.actor
    inspectors = visit_queries.inspector_ids(found)
    if found.is_open and not visit_rules.inspector(actor, found, inspectors):
        context = {"visit": found, "walk": visit_queries.walk(found), "values": answering.AnswerValue}
        return render(request, "inspections/visits/walk.html", context)
    return render(request, "inspections/visits/record.html", record_context(actor, found, inspectors))


def record_context(actor, visit: Visit, inspectors: set[int]) -> dict:
    """What the record shows to this reader; answers and findings only when they may read them."""
    may_see, is_sent = visit_queries.may_see_findings(actor, visit), crossing.is_outside(actor, visit)
    walk = visit_queries.walk(visit) if may_see else None
    findings = walk.findings if walk else []
    hazards = visit_queries.known_hazards(actor, findings)
    visit_queries.show_photos(actor, findings, hazards)
    values = [row.answer.value for row in walk.rows if row.answer] if walk else []
    return {
        "visit": visit,
        "walk": walk,
        "findings": findings,
        "failed": [row for row in walk.rows if row.answer and row.answer.value == "no"] if walk else [],
        "answers_words": visit_rules.answers_words(values),
        "hazards": hazards,
        "signatures": visit_queries.signatures_of(visit) if may_see else [],
        "events": list(visit.events.order_by("-id")[:20]) if may_see else [],
        "may_check_in": not visit_rules.checker_in(actor, visit, is_sent=is_sent),
        # An inspector finishes from the walk; the authority that sent a team from here.
        "may_finish": visit.is_open and not visit_queries.why_not_finish(actor, visit),
        "may_cancel": not visit_rules.canceller(actor, visit, inspectors),
    }


@writes
def visit_answers(request, uid):
    """Answers of one item or a whole domain. JSON for a script, else back to where they were given."""
    found = _visit(request, uid)
    given, errors = given_answers(request.POST)
    outcome = answering.answer(found, by=request.actor, given=given)
    errors += [refusal.reason for refusal in outcome.refused]
    if request.headers.get("accept", "").startswith("application/json"):
        return _saved_json(found, outcome, errors)
    for words in dict.fromkeys(errors):
        messages.error(request, words)
    if not errors:
        messages.success(request, f"已保存 {len(outcome.saved)} 项。")
    anchor = request.POST.get("back", "")
    return redirect(f"{_url(found)}#{anchor}" if anchor.isascii() and anchor.isidentifier() else _url(found))


def _saved_json(visit: Visit, outcome: answering.Outcome, errors: list[str]) -> JsonResponse:
    body = visit_queries.progress(visit) | {
        "saved": {a.item_id: {"revision": a.revision, "value": a.value} for a in outcome.saved},
        "errors": errors,
        "theirs": {
            r.given.item_id: {"revision": r.theirs.revision, "value": r.theirs.value, "note": r.theirs.note}
            for r in outcome.refused
            if r.theirs
        },
    }
    return JsonResponse(body, status=HTTPStatus.CONFLICT if errors else HTTPStatus.OK)


@writes(methods=("GET", "HEAD", "POST"))
def visit_record(request, uid):
    """检查记录: participants, place, content, problems, handling."""
    visit = _visit(request, uid)
    require_writer(visit, by=request.actor)
    options = {"actor": request.actor, "visit": visit}
    if request.method != "POST":
        form = RecordForm(**options)
        return render(request, "inspections/visits/record_form.html", {"visit": visit, "form": form})
    form = RecordForm(request.POST, **options)
    if not form.is_valid():
        context = {"visit": visit, "form": form}
        return render(request, "inspections/visits/record_form.html", context, status=UNPROCESSABLE)
    with keeping_words(form):
        actions.edit_record(visit, by=request.actor, **form.facts())
    messages.success(request, "检查记录已保存。")
    return redirect(_url(visit, "finish"))


@writes(methods=("GET", "HEAD", "POST"))
def visit_sign(request, uid):
    """签名 of each inspector and of the person in charge, or 拒签."""
    visit = _visit(request, uid)
    require_writer(visit, by=request.actor)
    form = SignForm(request.POST or None, visit=visit)
    if request.method == "POST" and form.is_valid():
        try:
            act = signing.refuse if form.is_refusal else signing.sign
            act(visit, by=request.actor, **form.facts())
        except png.BadDrawing as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已记录拒签原因。" if form.is_refusal else "签名已保存。")
            return redirect(_url(visit, "sign"))
    context = {"visit": visit, "form": form, "signatures": visit_queries.signatures_of(visit)}
    status = UNPROCESSABLE if form.errors else HTTPStatus.OK
    return render(request, "inspections/visits/sign.html", context, status=status)


@writes(methods=("GET", "HEAD", "POST"))
def visit_finish(request, uid):
    """What the visit found and still lacks, and finishing it."""
    visit = _visit(request, uid)
    if request.method == "POST":
        try:
            done = finishing.finish(visit, by=request.actor)
        except finishing.Incomplete as incomplete:
            return _review(request, visit, incomplete.lacks, UNPROCESSABLE)
        messages.success(request, "检查已完成。")
        return redirect(_url(done))
    if visit_queries.why_not_finish(request.actor, visit):
        require_writer(visit, by=request.actor)
    require_open(visit)
    return _review(request, visit, None)


def _review(request, visit: Visit, lacks, status=HTTPStatus.OK):
    walk = visit_queries.walk(visit)
    values = [row.answer.value for row in walk.rows if row.answer]
    context = {
        "visit": visit,
        "walk": walk,
        "lacks": finishing.lacks_of(visit, walk, by=request.actor) if lacks is None else lacks,
        "is_refused": lacks is not None,
        "answers_words": visit_rules.answers_words(values),
        "unanswered": len(walk.rows) - len(values),
        "why_not": visit_queries.why_not_finish(request.actor, visit),
        "signatures": visit_queries.signatures_of(visit),
    }
    return render(request, "inspections/visits/finish.html", context, status=status)


@readonly
def visit_print(request, uid):
    """检查记录 on A4; while the visit is open it says that it is a draft."""
    found = _visit(request, uid)
    if not visit_queries.may_see_findings(request.actor, found):
        raise PermissionDenied("检查完成后才能查看检查记录。")
    context = record_context(request.actor, found, visit_queries.inspector_ids(found))
    inspectors = {s.user_id for s in context["signatures"]} - {None}
    context |= {
        "is_act": found.kind not in OWN_KINDS,
        "is_unsigned_by_inspectors": len(inspectors) < found.inspectors.count(),
        "is_unsigned_in_charge": not any(s.role == SignerRole.IN_CHARGE for s in context["signatures"]),
    }
    return render(request, "inspections/visits/print.html", context)
