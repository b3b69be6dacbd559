"""Tags and filters every template has without loading (builtins in settings): icons, dates in Chinese, tags."""

import datetime
import re
from decimal import Decimal
from functools import lru_cache

from django import template
from django.template import defaulttags
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from common.addresses import address
from common.markup import escaped

register = template.Library()

DUE_SOON_DAYS = 3


class _Address(template.Node):
    """A page without arguments: its address is the same in every request, so it is looked up once."""

    def __init__(self, name: str):
        self.name = name

    def render(self, context):
        return escaped(address(self.name))


@register.tag
def url(parser, token):
    """Django's own, quick for what a page has most of: `{% url 'name' %}`."""
    node = defaulttags.url(parser, token)
    name = node.view_name.var
    is_fixed = isinstance(name, str) and not (
        node.view_name.filters or node.args or node.kwargs or node.asvar
    )
    return _Address(name) if is_fixed else node


@register.simple_tag
@lru_cache(maxsize=512, typed=True)  # by type, too: HTML and a text that reads the same are not the same
def icon(name: str, label: str = "") -> str:
    """One icon of the sprite. Decorative unless `label` says it in words for screen readers."""
    href = f"{static('dist/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)


# --- dates: shown in Beijing time, the calendar's day passed in where it matters ------------------------


def _local_date(value: datetime.date) -> datetime.date:
    if isinstance(value, datetime.datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    return value


@register.filter
def zh_date(value: datetime.date | None) -> str:
    """2026年11月15日; an em dash for nothing."""
    if not value:
        return "—"
    day = _local_date(value)
    return f"{day.year}年{day.month}月{day.day}日"


@register.filter
def zh_day(value: datetime.date | None) -> str:
    """11月15日, with the year when it is not this one."""
    if not value:
        return "—"
    day = _local_date(value)
    return f"{day.month}月{day.day}日" if day.year == timezone.localdate().year else zh_date(day)


@register.filter
def zh_datetime(value: datetime.datetime | None) -> str:
    """2026年11月15日 16:05."""
    if not value:
        return "—"
    return f"{zh_date(value)} {timezone.localtime(value):%H:%M}"


@register.filter
def zh_moment(value: datetime.datetime | None) -> str:
    """11月15日 16:05, with the year when it is not this one."""
    if not value:
        return "—"
    return f"{zh_day(value)} {timezone.localtime(value):%H:%M}"


@register.simple_tag
def moment(value: datetime.datetime | None) -> str:
    """A <time> element reading 11月15日 16:05."""
    if not value:
        return "—"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), zh_moment(value))


@register.filter
def due_words(due_on: datetime.date | None, today: datetime.date | None = None) -> str:
    """剩余 3 天, 今天到期 or 逾期 6 天; empty for no date."""
    if not due_on:
        return ""
    days = (_local_date(due_on) - (today or timezone.localdate())).days
    if days == 0:
        return "今天到期"
    return f"剩余 {days} 天" if days > 0 else f"逾期 {-days} 天"


@register.filter
def waited_words(since: datetime.datetime | None, today: datetime.date | None = None) -> str:
    """已等 3 天 since that moment; empty on the same day."""
    if not since:
        return ""
    days = ((today or timezone.localdate()) - _local_date(since)).days
    return f"已等 {days} 天" if days > 0 else ""


@register.filter
def due_class(due_on: datetime.date | None, today: datetime.date | None = None) -> str:
    """`due-late` past the date, `due-soon` within three days, else empty."""
    if not due_on:
        return ""
    days = (_local_date(due_on) - (today or timezone.localdate())).days
    if days < 0:
        return "due-late"
    return "due-soon" if days <= DUE_SOON_DAYS else ""


@register.simple_tag
def due(due_on: datetime.date | None, today: datetime.date | None = None) -> str:
    """2026年11月15日（逾期 6 天）, coloured; for open work only: a finished one has no days left."""
    if not due_on:
        return "—"
    return format_html(
        '<span class="due {}">{}（{}）</span>',
        due_class(due_on, today),
        zh_date(due_on),
        due_words(due_on, today),
    )


# --- status and severity -------------------------------------------------------------------------------


@register.simple_tag
def status_tag(subject, label: str = "") -> str:
    """Tint, dot and word for `subject.status`; `label` replaces the word for an audience (待我验收).

    `subject` is anything with `status` and `get_status_display`, or a member of the status enum.
    """
    status = getattr(subject, "status", subject)
    if not label:
        label = subject.get_status_display() if hasattr(subject, "get_status_display") else subject.label
    return format_html('<span class="tag tag-{}">{}</span>', getattr(status, "value", status), label)


@register.simple_tag
def severity_chip(subject) -> str:
    """重大 as a solid chip, 一般 outlined; for anything with `severity` and its display, or the enum's member."""
    severity = getattr(subject, "severity", subject)
    word = subject.get_severity_display() if hasattr(subject, "get_severity_display") else subject.label
    return format_html(
        '<span class="chip chip-{}">{}</span>',
        getattr(severity, "value", severity),
        word.removesuffix("隐患"),
    )


# --- people and numbers --------------------------------------------------------------------------------


@register.filter
def phone_masked(value: str | None) -> str:
    """138****6621; land lines keep their last four digits; an em dash for nothing."""
    if not value:
        return "—"
    digits = re.sub(r"\D", "", value)
    if len(digits) < 7:
        return "****"
    head = digits[:3] if len(digits) == 11 and digits[0] == "1" else ""
    return f"{head}****{digits[-4:]}"


@register.filter
def percent(value: float | Decimal | None) -> str:
    """0.863 → 86.3%, always with one decimal; an em dash for None (0 of 0 is not 100 %). Never rounds up to 100.0% or down to 0.0%."""
    if value is None:
        return "—"
    shown = round(float(value) * 100, 1)
    if shown == 100 and value < 1:
        shown = 99.9
    elif shown == 0 and value > 0:
        shown = 0.1
    return f"{shown:.1f}%"


@register.filter
def grouped(value: int | None) -> str:
    """1482 → 1,482; an em dash for None."""
    return "—" if value is None else f"{value:,}"


@register.filter
def number_link(cell) -> str:
    """`cell.value` as `grouped`, leading to `cell.url` where there is one. A filter: pages have hundreds of them."""
    if not cell.url:
        return grouped(cell.value)
    return mark_safe(f'<a href="{escaped(cell.url)}">{grouped(cell.value)}</a>')


@register.filter
def is_image(file) -> bool:
    """Whether a stored file is shown as a picture (the other kind is pdf)."""
    return str(getattr(file, "kind", "")) == "image"


@register.inclusion_tag("includes/photo_uploader.html")
def photo_uploader(
    stage, label, hint="", uploaded=(), errors=(), max_count=9, name="upload_ids", input_name="photos"
):
    """Fieldset that takes photos and PDFs: a plain `input_name` file input, or uploads at once with evidence.js.

    `uploaded` are files the server already has (id, name, kind, thumb: URL or empty), rendered back after an
    error; each posts its id as `name`. `stage` goes with every upload. `errors` are sentences.
    """
    return {
        "stage": stage,
        "label": label,
        "hint": hint,
        "uploaded": uploaded,
        "errors": errors,
        "max_count": max_count,
        "name": name,
        "input_name": input_name,
    }
