"""检查表: list, read, print; drafts of those who keep them."""

from functools import partial
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from common.http import readonly, writes
from common.words import keeping_words
from hazards.actions import once
from inspections import queries
from inspections.actions import checklists as actions
from inspections.enums import ChecklistStatus
from inspections.forms.base import KeyedForm
from inspections.forms.checklists import FactsForm, ItemForm, ListFilter, SearchForm
from inspections.models import Checklist
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.forms.base import add_action_error, posted
from institutions.permissions import require

PAGE = ("GET", "HEAD", "POST")


@readonly
def checklist_list(request):
    """The checklists in use and the drafts one may see, by kind and status."""
    actor = request.actor
    require(actor, Capability.VIEW_HAZARDS)
    form = ListFilter(request.GET)
    found = queries.checklist_list(actor)
    if form.is_valid():
        if kind := form.cleaned_data["kind"]:
            found = found.filter(kinds__contains=[kind])
        status = form.cleaned_data["status"]
        found = found.filter(Q(status=status) if status else ~Q(status=ChecklistStatus.WITHDRAWN))
    context = {
        "form": form,
        "checklists": found if form.is_valid() else found.none(),
        "may_add": actor.can(Capability.EDIT_CHECKLISTS) and actor.scope.column is not None,
    }
    return render(request, "inspections/checklists/list.html", context, status=_status(form))


@readonly
def checklist(request, pk: int):
    """One version: its items by domain, search within, its other versions and its trace."""
    actor = request.actor
    require(actor, Capability.VIEW_HAZARDS)
    shown = get_object_or_404(queries.checklist_page(actor), pk=pk)
    form = SearchForm(request.GET, checklist=shown)
    items = _found(shown, form)
    context = {
        "checklist": shown,
        "form": form,
        "groups": queries.by_domain(items),
        "count": len(items),
        "versions": queries.versions(shown, actor),
        "events": queries.events_of(shown),
        "may_edit": actions.may_edit(actor, shown),
        "act_form": KeyedForm(revision=shown.revision),
    }
    return render(request, "inspections/checklists/detail.html", context, status=_status(form))


@readonly
def checklist_print(request, pk: int):
    """The official sheet on A4, to be filled in by hand; `kind` leaves out what is not asked there."""
    actor = request.actor
    require(actor, Capability.VIEW_HAZARDS)
    shown = get_object_or_404(queries.checklist_page(actor), pk=pk)
    items = _found(shown, SearchForm(request.GET, checklist=shown))
    context = {"checklist": shown, "groups": queries.by_domain(items), "count": len(items)}
    return render(request, "inspections/checklists/print.html", context)


def _found(shown: Checklist, form: SearchForm) -> list:
    if not form.is_valid():
        return []
    said = form.cleaned_data
    return list(queries.search_items(shown, q=said["q"], kind=said.get("kind", ""), is_major=said["major"]))


@writes(methods=PAGE)
def checklist_add(request):
    """A new checklist of the actor's own region."""
    actor = request.actor
    require(actor, Capability.EDIT_CHECKLISTS)
    form = FactsForm(posted(request), about=request.path)
    if request.method == "POST" and form.is_valid():
        facts = form.facts() | {"by": actor}
        facts.pop("revision")
        with keeping_words(form):
            location = once.once(
                form.cleaned_data["key"],
                form.digest,
                actor.user,
                lambda: _edit_url(actions.create_own(**facts)),
            )
        return redirect(location)
    return render(request, "inspections/checklists/facts.html", {"form": form}, status=_status(form))


@writes
def checklist_draft(request, pk: int):
    """Copy a version to a draft, or go to the draft there is."""
    shown = _kept(request.actor, pk)
    draft = actions.copy_to_draft(shown, by=request.actor)
    messages.success(request, f"正在修改第 {draft.version} 版草稿，发布以前不影响检查。")
    return redirect(_edit_url(draft))


@readonly
def checklist_edit(request, pk: int):
    """The draft with its items, each with its own page to change it."""
    draft = _kept(request.actor, pk)
    items = list(queries.search_items(draft))
    context = {
        "checklist": draft,
        "groups": queries.by_domain(items),
        "count": len(items),
        "act_form": KeyedForm(revision=draft.revision),
        "events": queries.events_of(draft),
    }
    return render(request, "inspections/checklists/edit.html", context)


@writes(methods=PAGE)
def checklist_facts(request, pk: int):
    """Name and kinds of a draft."""
    draft = _kept(request.actor, pk)
    initial = {"name": draft.name, "kinds": draft.kinds}
    form = FactsForm(posted(request), about=request.path, initial=initial, revision=draft.revision)
    if location := _acted(request, form, partial(actions.save_facts, draft), _edit_url(draft)):
        messages.success(request, "已保存。")
        return redirect(location)
    return render(
        request,
        "inspections/checklists/facts.html",
        {"form": form, "checklist": draft},
        status=_status(form),
    )


@writes(methods=PAGE)
def item_add(request, pk: int):
    """A new item of a draft."""
    return _item_page(request, _kept(request.actor, pk), None)


@writes(methods=PAGE)
def item_edit(request, pk: int, item_pk: int):
    """Change one item of a draft."""
    draft = _kept(request.actor, pk)
    return _item_page(request, draft, get_object_or_404(draft.items, pk=item_pk))


def _item_page(request, draft: Checklist, item):
    form = ItemForm(posted(request), about=request.path, checklist=draft, item=item)
    if location := _acted(request, form, partial(actions.save_item, draft, item=item), _edit_url(draft)):
        messages.success(request, f"已保存检查项：{form.cleaned_data['text']}")
        return redirect(location)
    context = {"form": form, "checklist": draft, "item": item}
    return render(request, "inspections/checklists/item.html", context, status=_status(form))


@writes
def item_remove(request, pk: int, item_pk: int):
    """Take an item out of a draft."""
    draft = _kept(request.actor, pk)
    item = draft.items.filter(pk=item_pk).first()
    if item is not None:
        _act(request, partial(actions.remove_item, draft, item=item), f"已删除检查项 {item.code}。")
    return redirect(_edit_url(draft))


@writes
def checklist_publish(request, pk: int):
    """The draft becomes the version in use."""
    draft = _kept(request.actor, pk)
    done = f"已发布 {draft.name} 第 {draft.version} 版，今后的检查使用这一版。"
    is_done = _act(request, partial(actions.publish, draft), done)
    return redirect(reverse("inspections:checklist", args=[pk]) if is_done else _edit_url(draft))


@writes
def checklist_withdraw(request, pk: int):
    """Give up a draft, or stop using a region's own checklist."""
    shown = _kept(request.actor, pk)

    def withdraw(*, by, revision):
        actions.withdraw(shown, by=by)

    _act(request, withdraw, "草稿已弃用。" if shown.is_draft else "已停用，今后的检查不再使用。")
    return redirect("inspections:checklists")


def _kept(actor: Actor, pk: int) -> Checklist:
    """403 without the capability or for what others keep, 404 for what is out of sight."""
    require(actor, Capability.EDIT_CHECKLISTS)
    shown = get_object_or_404(queries.checklist_page(actor), pk=pk)
    actions.require_editor(actor, shown)
    return shown


def _acted(request, form, action, location: str) -> str:
    """Run the action once for a valid form and say where to go; empty when the page is to be shown (again)."""
    if request.method != "POST" or not form.is_valid():
        return ""

    def act():
        action(by=request.actor, **form.facts())
        return location

    try:
        with keeping_words(form):
            return once.once(form.cleaned_data["key"], form.digest, request.actor.user, act)
    except ValidationError as error:
        add_action_error(form, error)
        return ""


def _act(request, action, done: str) -> bool:
    """Run an act that is one button; what it refuses is said on the next page."""
    form = KeyedForm(request.POST, about=request.path)
    if not form.is_valid():
        messages.error(request, "页面已过期，请重新操作。")
        return False
    if _acted(request, form, action, "done"):
        messages.success(request, done)
        return True
    messages.error(request, " ".join(form.non_field_errors()))
    return False


def _edit_url(draft: Checklist) -> str:
    return reverse("inspections:checklist_edit", args=[draft.pk])


def _status(form) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK
