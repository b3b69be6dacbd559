"""成员管理: people and their posts within a security administrator's region."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache

from common.http import readonly, writes
from institutions import queries
from institutions.actions import accounts
from institutions.actions import members as actions
from institutions.enums import Capability, Role
from institutions.forms.base import add_action_error, posted
from institutions.forms.members import AddMemberForm, MemberFilterForm, PostForm
from institutions.lockouts import is_locked
from institutions.models import Authority, Institution, Membership, MembershipEvent, User
from institutions.permissions import (
    may_manage_account,
    posts_in_region,
    require,
    users_in_region,
)

PER_PAGE = 30
SUGGESTED = 300


@readonly
def member_list(request):
    """People who hold or held a post in the region."""
    require(request.actor, Capability.GRANT_ROLES)
    form = MemberFilterForm(request.GET, within=request.actor.authority.region)
    if form.is_valid():
        chosen = form.cleaned_data
        found = queries.member_list(request.actor, chosen["q"], chosen["role"], chosen["region"])
    else:
        found = User.objects.none()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    template = "institutions/members/list_body.html" if request.htmx else "institutions/members/list.html"
    status = HTTPStatus.OK if form.is_valid() else HTTPStatus.UNPROCESSABLE_ENTITY
    response = render(request, template, {"form": form, "page": page}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _member(request, pk: int) -> User:
    require(request.actor, Capability.GRANT_ROLES)
    return get_object_or_404(users_in_region(request.actor), pk=pk)


def _page(request, member: User, *, form=None, status=HTTPStatus.OK, password=""):
    actor = request.actor
    memberships = list(
        member.memberships.select_related("authority__region", "institution__county").order_by("id")
    )
    here = set(Membership.objects.filter(posts_in_region(actor), user=member).values_list("pk", flat=True))
    context = {
        "member": member,
        "posts_here": [m for m in memberships if m.is_active and m.pk in here],
        "has_posts_elsewhere": any(m.is_active and m.pk not in here for m in memberships),
        "may_manage": may_manage_account(actor, member),
        "is_self": member.pk == actor.user.pk,
        "is_locked": is_locked(member.username),
        "events": MembershipEvent.objects.filter(user=member).select_related("by").order_by("-id")[:20],
        "form": form or PostForm(actor=actor),
        "password": password,
        "roles": Role,
        "suggestions": _suggestions(actor),
    }
    return render(request, "institutions/members/detail.html", context, status=status)


def _suggestions(actor) -> list[str]:
    """Names of places in the region for the form's list; bounded, the rest can be typed."""
    authorities = Authority.objects.filter(region__path__startswith=actor.authority.region.path)
    names = list(authorities.order_by("region__path").values_list("name", flat=True)[:SUGGESTED])
    column = actor.scope.institution_filter
    institutions = Institution.objects.filter(**column).order_by("county__path", "name", "id")
    return names + [f"{c}/{n}" for c, n in institutions.values_list("county__name", "name")[:SUGGESTED]]


@readonly
def detail(request, pk):
    """One person: posts, what may be done, and the trace."""
    return _page(request, _member(request, pk))


@never_cache
@writes(methods=("GET", "HEAD", "POST"))
def add(request):
    """A new account with its first post; the first password is shown once, on the answer to this very request."""
    actor = request.actor
    require(actor, Capability.GRANT_ROLES)
    form = AddMemberForm(posted(request), actor=actor)
    if form.is_bound and form.is_valid():
        try:
            user, password = actions.add_user(by=actor, **form.cleaned_data)
        except ValidationError as error:
            add_action_error(form, error)
        else:
            return _page(request, user, password=password)
    context = {"form": form, "roles": Role, "suggestions": _suggestions(actor)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "institutions/members/add.html", context, status=status)


@writes
def grant(request, pk):
    """Give a person a post."""
    member = _member(request, pk)
    form = PostForm(request.POST, actor=request.actor)
    if form.is_valid():
        try:
            membership = actions.grant(member, by=request.actor, **form.cleaned_data)
        except ValidationError as error:
            add_action_error(form, error)
        else:
            messages.success(request, f"已授予{member.name}：{membership}")
            return redirect("members:detail", pk)
    return _page(request, member, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@writes
def revoke(request, pk):
    """Take a post away."""
    require(request.actor, Capability.GRANT_ROLES)
    in_region = Membership.objects.filter(posts_in_region(request.actor))
    membership = get_object_or_404(
        in_region.select_related("user", "authority__region", "institution"), pk=pk
    )
    actions.revoke(membership, by=request.actor)
    messages.success(request, f"已收回{membership.user.name}：{membership}")
    return redirect("members:detail", membership.user_id)


@writes
def disable(request, pk):
    """Close an account."""
    member = _member(request, pk)
    accounts.disable(member, by=request.actor)
    messages.success(request, f"已停用{member.name}的账号，其登录已退出。")
    return redirect("members:detail", pk)


@writes
def enable(request, pk):
    """Open a closed account."""
    member = _member(request, pk)
    accounts.enable(member, by=request.actor)
    messages.success(request, f"已启用{member.name}的账号。")
    return redirect("members:detail", pk)


@never_cache
@writes
def reset_password(request, pk):
    """A new first password, shown once."""
    member = _member(request, pk)
    password = accounts.reset_password(member, by=request.actor)
    return _page(request, member, password=password)


@writes
def unlock(request, pk):
    """Let somebody who failed too often try again at once; from the system page as well."""
    actor = request.actor
    if not actor.can(Capability.MANAGE_SYSTEM):
        require(actor, Capability.GRANT_ROLES)
    member = get_object_or_404(users_in_region(actor), pk=pk)
    accounts.unlock(member, by=actor)
    messages.success(request, f"{member.name}可以重新登录了。")
    if actor.can(Capability.MANAGE_SYSTEM):
        return redirect("members:system")
    return redirect("members:detail", pk)
