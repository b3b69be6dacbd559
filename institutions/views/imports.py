"""机构导入: template, upload, dry run, the sheet with its errors, confirmation."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header

from common.http import readonly, writes
from institutions import sheet
from institutions.actions import imports as actions
from institutions.forms.base import posted
from institutions.forms.imports import UploadForm
from institutions.import_plan import Plan, make_plan
from institutions.models import ImportDraft

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 200  # rows of a kind on the dry-run page; the rest are counted


def _xlsx(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response


@readonly
def template(request):
    """The empty sheet."""
    actions.may_import(request.actor)
    return _xlsx(sheet.template(), "机构导入模板.xlsx")


@writes(methods=("GET", "HEAD", "POST"))
def upload(request):
    """Take a filled sheet; on to its dry run."""
    actions.may_import(request.actor)
    form = UploadForm(posted(request), request.FILES if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            draft, ignored = actions.keep_draft(file.read(), file.name, by=request.actor)
        except sheet.SheetError as error:
            form.add_error("file", str(error))
        else:
            if ignored:
                messages.warning(request, f"这些列不认识，不会导入：{'、'.join(ignored)}")
            return redirect("institutions:import_dry_run", draft.pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(
        request, "institutions/import.html", {"form": form, "columns": sheet.COLUMNS}, status=status
    )


def _dry_run_page(request, draft: ImportDraft, plan: Plan, refusal: str = "") -> HttpResponse:
    context = {
        "draft": draft,
        "plan": plan,
        "refusal": refusal,
        "groups": [
            {"outcome": key, "word": word, "tone": tone, "rows": rows[:SHOWN], "count": len(rows)}
            for key, word, tone in (
                ("wrong", "有错误", "red"),
                ("created", "将新建", "green"),
                ("changed", "将更新", "amber"),
                ("same", "没有变化", "grey"),
            )
            if (rows := plan.of(key))
        ],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refusal else HTTPStatus.OK
    return render(request, "institutions/import_dry_run.html", context, status=status)


@readonly
def dry_run(request, pk):
    """What importing the sheet would do, judged now. Nothing is imported by looking."""
    actions.may_import(request.actor)
    draft = get_object_or_404(actions.drafts_of(request.actor).defer("content"), pk=pk)
    return _dry_run_page(request, draft, make_plan(draft.rows, by=request.actor))


@readonly
def annotated(request, pk):
    """The person's own sheet with what is wrong beside each row."""
    actions.may_import(request.actor)
    draft = get_object_or_404(actions.drafts_of(request.actor), pk=pk)
    plan = make_plan(draft.rows, by=request.actor)
    try:
        content = sheet.annotate(bytes(draft.content), plan.errors)
    except sheet.SheetError as error:
        return _dry_run_page(request, draft, plan, refusal=str(error))
    return _xlsx(content, f"错误说明-{draft.filename}")


@writes
def confirm(request, pk):
    """Import all of it or nothing."""
    actions.may_import(request.actor)
    draft = actions.drafts_of(request.actor).defer("content").filter(pk=pk).first()
    try:
        plan = draft and actions.confirm(draft, by=request.actor, digest=request.POST.get("digest", ""))
    except actions.ImportRefused as refused:
        return _dry_run_page(request, draft, refused.plan, refusal=refused.message)
    if plan is None:
        messages.info(request, "这份表格已经导入，或已超过两小时失效。")
        return redirect("institutions:import")
    done = f"新建 {len(plan.of('created'))} 家，更新 {len(plan.of('changed'))} 家，{len(plan.of('same'))} 家没有变化。"
    messages.success(request, f"导入完成：{done}")
    return redirect("institutions:list")
