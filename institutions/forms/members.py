"""Forms of 成员管理."""

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError

from institutions.actions.members import check_post
from institutions.actor import Actor
from institutions.enums import Role
from institutions.models import Authority, Institution, Region, User
from institutions.permissions import is_in_region
from institutions.rules import validate_phone


class MemberFilterForm(forms.Form):
    """Words to find people by, the role they hold, and where: one of the regions right below one's own."""

    q = forms.CharField(
        label="姓名、登录名或单位", required=False, max_length=60,
        widget=forms.TextInput(attrs={"type": "search"}),
    )  # fmt: skip
    role = forms.ChoiceField(label="角色", required=False, choices=[("", "全部"), *Role.choices])
    region = forms.ModelChoiceField(
        Region.objects.none(), label="地区", required=False, empty_label="全部", to_field_name="code"
    )

    def __init__(self, *args, within: Region, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = Region.objects.filter(parent=within).order_by("path")


class PostForm(forms.Form):
    """A role and where it is held, within the security administrator's region.

    The place is typed with suggestions, because a province has thousands; it must be the exact name, and names that
    occur twice are told apart by the county in front of them.
    """

    role = forms.ChoiceField(label="角色", choices=[("", "请选择"), *Role.choices])
    place = forms.CharField(
        label="单位",
        max_length=160,
        help_text="监管部门或机构的全称；机构重名时写成“赣县区/某某养老院”。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "list": "places"}),
    )

    is_leader = forms.BooleanField(
        label="分管或主要负责人", required=False, help_text="监管部门的负责人勾选：逾期升级时报到本人"
    )

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor = actor

    def clean_role(self):
        return Role(self.cleaned_data["role"])

    def clean(self):
        cleaned = super().clean()
        role, words = cleaned.get("role"), cleaned.get("place")
        if not role or not words:
            return cleaned
        if cleaned.get("is_leader") and role.facts.is_held_at_institution:
            self.add_error("is_leader", "只用于监管部门的负责人。")
        found = self._institutions(words) if role.facts.is_held_at_institution else self._authorities(words)
        if not found:
            kind = "机构" if role.facts.is_held_at_institution else "监管部门"
            self.add_error("place", f"您的辖区内没有名称为“{words[:40]}”的{kind}。")
        elif len(found) > 1:
            names = "、".join(f"{place.county.name}/{place.name}" for place in found[:5])
            self.add_error("place", f"有 {len(found)} 家同名机构，请写明县：{names}")
        else:
            try:
                check_post(role, found[0])
            except ValidationError as error:
                self.add_error("role", error)
            cleaned["place"] = found[0]
        return cleaned

    def _authorities(self, words: str) -> list[Authority]:
        named = Authority.objects.filter(name=words).select_related("region")
        return [authority for authority in named if is_in_region(self.actor, authority)]

    def _institutions(self, words: str) -> list[Institution]:
        county, _, name = words.rpartition("/")
        named = Institution.objects.filter(name=name.strip()).select_related("county")
        if county:
            named = named.filter(county__name=county.strip())
        return [institution for institution in named if is_in_region(self.actor, institution)]


class AddMemberForm(PostForm):
    """A new person with the first post."""

    username = forms.CharField(
        label="登录名", max_length=60, validators=[UnicodeUsernameValidator()],
        help_text="登录时用，建好后不能改。字母、数字和 @ . + - _ 都可以。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )  # fmt: skip
    name = forms.CharField(label="姓名", max_length=30)
    phone = forms.CharField(label="电话", max_length=20, required=False, validators=[validate_phone])
    email = forms.EmailField(label="邮箱", required=False, max_length=254)
    field_order = ["username", "name", "phone", "email", "role", "place", "is_leader"]

    def clean_username(self):
        return User.normalize_username(self.cleaned_data["username"])
