"""记录问题: beside the item or free, before the visit is finished."""

import uuid
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import writes
from files.claims import Unclaimable
from files.serve import serve
from inspections import crossing, visit_queries
from inspections.actions.findings import FindingChanged, remove_finding, save_finding
from inspections.actions.viewing import log_viewing
from inspections.actions.visit_door import require_writer
from inspections.forms.findings import FindingForm
from inspections.models import ChecklistItem, Finding, FindingPhoto, Visit


def _open_visit(request, uid) -> Visit:
    """The visit in scope that this person may write; 404, 403 or 409."""
    visit = get_object_or_404(visit_queries.page(request.actor), uid=uid)
    require_writer(visit, by=request.actor)
    return visit


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _item(request, visit: Visit) -> ChecklistItem | None:
    given = request.GET.get("item", "")
    return get_object_or_404(visit.items, pk=_number(given) or 0) if given else None


def _form(request, visit, *, item=None, finding=None) -> FindingForm:
    phrase = _number(request.GET.get("phrase", ""))
    phrases = item.phrases if item else []
    key = item.pk if item else finding.pk if finding else "free"
    return FindingForm(
        *((request.POST, request.FILES) if request.method == "POST" else ()),
        actor=request.actor,
        visit=visit,
        item=item,
        finding=finding,
        phrase=phrases[phrase] if phrase is not None and phrase < len(phrases) else "",
        situations=visit_queries.situations(visit, timezone.localdate()) if item and not finding else (),
        auto_id=f"f{key}_%s",
    )


@writes(methods=("GET", "HEAD", "POST"))
def finding_new(request, uid):
    """A new problem, of the item named in the address or free. Sent again, it is the one that is there."""
    visit = _open_visit(request, uid)
    item = _item(request, visit)
    if request.method == "POST":
        return _save(request, visit, _form(request, visit, item=item, finding=_sent_before(request, visit)))
    return _page(request, visit, _form(request, visit, item=item))


def _sent_before(request, visit: Visit) -> Finding | None:
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return None
    return visit_queries.findings_of(visit).filter(uid=key, found_by=request.actor.user).first()


@writes(methods=("GET", "HEAD", "POST"))
def finding(request, uid, finding_uid):
    """One problem: looked at and changed before the finish."""
    visit = _open_visit(request, uid)
    form = _form(request, visit, finding=get_object_or_404(visit_queries.findings_of(visit), uid=finding_uid))
    return _save(request, visit, form) if request.method == "POST" else _page(request, visit, form)


def _save(request, visit: Visit, form: FindingForm):
    if not form.is_valid():
        return _page(request, visit, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    uid = {"uid": form.finding.uid} if form.finding else {}
    try:
        save_finding(visit, by=request.actor, **form.facts() | uid)
    except FindingChanged as changed:
        form.overtaken_by(changed.theirs)
        return _page(request, visit, form, HTTPStatus.CONFLICT)
    except Unclaimable as error:
        form.add_error(None, error.message)
        return _page(request, visit, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if request.htmx and form.item:
        return _row(request, visit, form.item.pk)
    messages.success(request, "问题已记录，完成检查时生成隐患。")
    anchor = f"#item-{form.item.pk}" if form.item else "#free"
    return redirect(reverse("inspections:visit", args=[visit.uid]) + anchor)


def _row(request, visit: Visit, item_pk: int, form=None, status=HTTPStatus.OK):
    """The item as the walk shows it, for htmx."""
    walk = visit_queries.walk(visit)
    context = {"visit": visit, "row": walk.row(item_pk), "form": form, "progress": walk}
    return render(request, "inspections/visits/item.html", context, status=status)


def _page(request, visit: Visit, form: FindingForm, status=HTTPStatus.OK):
    # On the walk the form stands beside its item; without JavaScript it is a page of its own.
    if request.htmx and form.item:
        return _row(request, visit, form.item.pk, form, status)
    return render(request, "inspections/visits/finding.html", {"visit": visit, "form": form}, status=status)


@writes
def finding_remove(request, uid, finding_uid):
    """Forget a problem recorded by mistake."""
    visit = _open_visit(request, uid)
    remove_finding(visit, by=request.actor, uid=finding_uid)
    messages.success(request, "问题已删除。")
    return redirect("inspections:visit", visit.uid)


@writes(methods=("GET", "HEAD"))
def photo(request, pk: int, variant: str):
    """The photo (`full`, `thumb`) of a finding, for those who may read the finding; writes only the log of viewings."""
    found = get_object_or_404(
        FindingPhoto.objects.select_related(
            "file",
            "finding__hazard__institution",
            "finding__same_as__institution",
            "finding__visit__institution",
        ).filter(finding__visit__in=crossing.reach(request.actor, timezone.localdate()).values("pk")),
        pk=pk,
    )
    known = visit_queries.known_hazards(request.actor, [found.finding])
    if not visit_queries.may_see_photo(request.actor, found, known):
        raise PermissionDenied("这张照片由检查人员在检查中拍摄，请在隐患页面查看。")
    if variant == "thumb" and not found.file.is_image:
        raise Http404
    log_viewing(found, by=request.actor, variant=variant)
    return serve(found.file, variant)
