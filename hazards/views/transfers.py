"""移送: what other departments see and answer, and the same pages for those who sent it."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly, writes
from common.words import keeping_words
from files.serve import serve
from hazards import matter_queries
from hazards.actions import once
from hazards.actions.transferring import answer_transfer as answer
from hazards.enums import TransferState
from hazards.forms import AnswerTransferForm
from hazards.models import Transfer, TransferEvidence
from hazards.views.orders import PER_PAGE
from institutions.actor import Actor
from institutions.enums import Capability


def _require(actor: Actor) -> None:
    if not actor.can(Capability.ANSWER_TRANSFER) and not actor.can(Capability.VIEW_ORDERS):
        raise PermissionDenied("您的角色没有“查看督办、移送和约谈”的权限。")


@readonly
def transfers(request):
    """Transfers in scope: unanswered ones by date, or (`?tab=ended`) what is over, latest first."""
    _require(request.actor)
    rows = Transfer.objects.visible_to(request.actor).select_related("hazard__institution", "from_authority")
    waiting = rows.unanswered().order_by("due_on", "id")
    ended = rows.exclude(state=TransferState.SENT).order_by("-ended_at", "-id")
    tab = "ended" if request.GET.get("tab") == "ended" else "sent"
    context = {
        "tab": tab,
        "tabs": [("sent", "待回执", waiting.count()), ("ended", "已结束", ended.count())],
        "page": Paginator(ended if tab == "ended" else waiting, PER_PAGE).get_page(request.GET.get("page")),
        "today": timezone.localdate(),
    }
    return render(request, "hazards/transfers/list.html", context)


def _found(actor: Actor, pk: int) -> Transfer:
    return get_object_or_404(matter_queries.for_transfer(actor), pk=pk)


def _may_answer(actor: Actor, sent: Transfer) -> bool:
    is_ours = actor.authority is not None and actor.authority.pk == sent.authority_id
    return is_ours and actor.can(Capability.ANSWER_TRANSFER)


@readonly
def transfer(request, pk: int):
    """One letter with its photos and its answer. Nothing else of the hazard is on the page."""
    sent = _found(request.actor, pk)
    context = {
        "transfer": sent,
        "today": timezone.localdate(),
        "may_answer": sent.is_unanswered and _may_answer(request.actor, sent),
        "sees_hazard": request.actor.may_view_hazards,
    }
    return render(request, "hazards/transfers/detail.html", context)


@readonly
def transfer_print(request, pk: int):
    """移送函 on A4, with the receipt to send back."""
    return render(request, "hazards/transfers/print.html", {"transfer": _found(request.actor, pk)})


@readonly
def transfer_photo(request, pk: int, variant: str):
    """A photo that was chosen to go with a letter the actor may see."""
    chosen = get_object_or_404(
        TransferEvidence.objects.select_related("evidence__file").filter(
            transfer__in=Transfer.objects.visible_to(request.actor)
        ),
        pk=pk,
    )
    if variant == "thumb" and not chosen.evidence.file.is_image:
        raise Http404
    return serve(chosen.evidence.file, variant)


@writes(methods=("GET", "HEAD", "POST"))
def answer_transfer(request, pk: int):
    """部门回执. 404 for what went elsewhere, 403 for who only reads, 409 when it is over, 422 for bad input."""
    sent = _found(request.actor, pk)
    if not _may_answer(request.actor, sent):
        raise PermissionDenied("由接收单位的联络员回执。")
    if request.method != "POST":
        if not sent.is_unanswered:
            return redirect("hazards:transfer", pk)
        return _page(request, sent, AnswerTransferForm(actor=request.actor, transfer=sent))
    form = AnswerTransferForm(request.POST, actor=request.actor, transfer=sent)
    is_valid = form.is_valid()
    key = form.cleaned_data.get("key")
    with keeping_words(form):
        if location := once.answered(key, form.digest, request.actor.user):
            return redirect(location)
        if not is_valid:
            return _page(request, sent, form, status=422)
        location = once.once(key, form.digest, request.actor.user, partial(_answer, sent, form))
    messages.success(request, "回执已送达移送单位。")
    return redirect(location)


def _answer(sent: Transfer, form: AnswerTransferForm) -> str:
    answer(sent, by=form.actor, **form.facts())
    return reverse("hazards:transfer", args=[sent.pk])


def _page(request, sent: Transfer, form, status=200):
    context = {"transfer": sent, "form": form}
    return render(request, "hazards/transfers/answer.html", context, status=status)
