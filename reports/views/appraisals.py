"""考核通报: the list, the league table of one appraisal, its rules, 一票否决, publishing, print and file."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from common.http import Conflict, readonly, writes
from common.tables import attachment
from common.words import keeping_words
from hazards.actions.unfit import Unfit
from institutions.actor import Actor
from institutions.enums import Capability
from reports.appraisals import drawing_up, publishing, showing, terms, vetoes
from reports.appraisals.counting import ranked
from reports.appraisals.forms import PublishForm, RulesForm, StartForm, VetoForm
from reports.appraisals.reading import table_of
from reports.models import Appraisal, AppraisalAct, AppraisalState, VetoKind

MOST_LISTED = 200
FORMS = ("GET", "HEAD", "POST")


def _visible(actor: Actor):
    if not actor.can(Capability.VIEW_DASHBOARD):
        raise PermissionDenied("您的角色不能查看统计。")
    return Appraisal.objects.visible_to(actor).select_related("region", "created_by", "published_by")


def _found(request, pk: int) -> Appraisal:
    return get_object_or_404(_visible(request.actor).prefetch_related("items", "veto_rules"), pk=pk)


def _draft(request, pk: int) -> Appraisal:
    """To be changed. 404 out of sight, 403 for who may not, 409 for what is no draft any more."""
    appraisal = _found(request, pk)
    drawing_up.require(request.actor, appraisal.region)
    if not appraisal.is_draft:
        raise Conflict(
            f"这次考核现在是“{appraisal.get_state_display()}”，不能再修改。",
            back_url=drawing_up.url_of(appraisal),
        )
    return appraisal


@readonly
def appraisals(request):
    """Those somebody may see, the latest period first."""
    rows = _visible(request.actor)[:MOST_LISTED]
    shown = [{"appraisal": row, "period": terms.term(row.period)} for row in rows]
    context = {"appraisals": shown, "may_draw_up": drawing_up.may_draw_up(request.actor)}
    return render(request, "reports/appraisals/list.html", context)


@writes(methods=FORMS)
def appraisal_new(request):
    """Choose a period; the draft takes over the rules of the last one."""
    drawing_up.require(request.actor)
    form, status = StartForm(request.POST or None, today=timezone.localdate()), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = drawing_up.start(by=request.actor, period=form.cleaned_data["period"])
            except Unfit as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "草稿已建立，规则和数字只有本级看得到，发布后才通报。")
                return redirect(drawing_up.url_of(made))
    return render(request, "reports/appraisals/new.html", {"form": form}, status=status)


def _context(request, appraisal: Appraisal) -> dict:
    """What the page, its print and its file have in common."""
    actor, now, today = request.actor, timezone.now(), timezone.localdate()
    table = table_of(appraisal, actor, today)
    return {
        **showing.as_of(appraisal, now, today),
        "appraisal": appraisal,
        "table": table,
        "columns": showing.columns_of(table),
        "lines": showing.lines_of(appraisal, table, actor),
    }


@readonly
def appraisal(request, pk: int):
    """The league table: counted now for a draft, as published afterwards."""
    found, actor = _found(request, pk), request.actor
    context = _context(request, found)
    versions = _visible(actor).filter(region=found.region, period=found.period).exclude(pk=found.pk)
    context |= {
        "versions": versions,
        "is_over": terms.is_over(context["period"], context["today"]),
        "may_change": drawing_up.may_draw_up(actor) and found.region_id == actor.authority.region_id,
        "events": found.events.select_related("by") if found.region_id == actor.authority.region_id else [],
    }
    return render(request, "reports/appraisals/table.html", context)


@readonly
def appraisal_print(request, pk: int):
    """The table on A4."""
    return render(request, "reports/appraisals/print.html", _context(request, _found(request, pk)))


@writes(methods=("GET", "HEAD"))
def appraisal_file(request, pk: int):
    """The table as Excel, with who took it out and when; the trace keeps that, too."""
    found, actor, now = _found(request, pk), request.actor, timezone.localtime()
    table = table_of(found, actor, timezone.localdate())
    taken = f"{actor.user.name}（{actor.place_name}）{now:%Y-%m-%d %H:%M}"
    said = [("状态", found.get_state_display()), ("文号", found.document_number or "—"), ("导出", taken)]
    drawing_up.note_event(found, AppraisalAct.EXPORTED, actor)
    name = f"{found.region.name}{terms.term(found.period).label}考核表"
    return attachment("xlsx", name, *showing.sheet(found, table, said))


@writes(methods=FORMS)
def appraisal_rules(request, pk: int):
    """The rule set of a draft."""
    found = _draft(request, pk)
    rules = {"rules": drawing_up.rules_of(found), "edition": found.edition}
    form, status = RulesForm(**rules), 200
    if request.method == "POST":
        form, status = RulesForm(request.POST, **rules), 422
        if form.is_valid():
            with keeping_words(form):
                edition = form.cleaned_data["edition"]
                drawing_up.edit(found, by=request.actor, rules=form.rules(), edition=edition)
            messages.success(request, "规则已保存。")
            return redirect(drawing_up.url_of(found))
    context = {"appraisal": found, "period": terms.term(found.period), "form": form}
    return render(request, "reports/appraisals/rules.html", context, status=status)


@writes(methods=FORMS)
def appraisal_veto(request, pk: int):
    """认定 of one region (`?region=` code) and kind (`?kind=`), with the evidence as of now."""
    found, today = _draft(request, pk), timezone.localdate()
    kind, code = request.GET.get("kind", ""), request.GET.get("region", "")
    region = next((r for r in ranked(found.region, today) if r.code == code), None)
    if region is None or kind not in VetoKind.values:
        raise Http404("没有这个地区或这种情形。")
    flags = vetoes.flags_of(found, request.actor, [region], terms.term(found.period), today)
    flag = next((f for f in flags if f.kind == kind), vetoes.Flag(region, kind, [], None))
    form, status = VetoForm(request.POST or None, kind=kind, evidence=flag.evidence), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            with keeping_words(form):
                drawing_up.decide(found, by=request.actor, region=region, kind=kind, **form.cleaned_data)
            messages.success(request, f"{region.name}：已记录。")
            return redirect(drawing_up.url_of(found))
    context = {"appraisal": found, "period": terms.term(found.period), "flag": flag, "form": form}
    return render(request, "reports/appraisals/veto.html", context, status=status)


@writes(methods=FORMS)
def appraisal_publish(request, pk: int):
    """Freeze and tell the ranked authorities."""
    found = _draft(request, pk)
    replaces = Appraisal.objects.filter(
        region=found.region, period=found.period, state=AppraisalState.PUBLISHED
    ).first()
    facts = {"appraisal": found, "replaces": replaces}
    form, status = PublishForm(**facts), 200
    if request.method == "POST":
        form, status = PublishForm(request.POST, **facts), 422
        if form.is_valid():
            try:
                with keeping_words(form):
                    publishing.publish(found, by=request.actor, **form.cleaned_data)
            except Unfit as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已发布，数字从此固定，已通知被考核的地区。")
                return redirect(drawing_up.url_of(found))
    context = {**facts, "period": terms.term(found.period), "form": form}
    return render(request, "reports/appraisals/publish.html", context, status=status)


@writes
def appraisal_drop(request, pk: int):
    """Put a draft aside."""
    drawing_up.drop(_draft(request, pk), by=request.actor)
    messages.success(request, "草稿已弃用。")
    return redirect("reports:appraisals")


@writes
def appraisal_revise(request, pk: int):
    """A draft of the next version of what is published."""
    found = _found(request, pk)
    drawing_up.require(request.actor, found.region)
    try:
        made = drawing_up.start(by=request.actor, period=found.period)
    except Unfit as error:
        raise Conflict(str(error), back_url=drawing_up.url_of(found)) from error
    return redirect(drawing_up.url_of(made))
