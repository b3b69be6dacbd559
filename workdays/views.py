"""工作日历: everybody looks; who may edit sees what would move before it moves."""

from datetime import date

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from common.http import readonly, writes
from common.words import keeping_words
from institutions.enums import Capability
from institutions.permissions import require
from workdays import calendar, queries, rules
from workdays.actions import enter_notice, set_day
from workdays.dependents import moved_by
from workdays.forms import CountForm, DayForm, NoticeForm
from workdays.models import Day
from workdays.proposal import Proposal, propose, propose_year
from workdays.rules import FIRST_YEAR, LAST_YEAR, Mark


def _page_of(year: int) -> str:
    return f"{reverse('workdays:calendar')}?year={year}"


@readonly
def calendar_year(request):
    """A year as twelve small months (`?year=`), and 算一算 (`?start=&n=`)."""
    today = timezone.localdate()
    asked = request.GET.get("year", "")
    is_year = asked.isdecimal() and FIRST_YEAR <= int(asked[:9]) <= LAST_YEAR
    year = int(asked) if is_year else today.year
    years = calendar.maintained_years()
    marks = queries.marks_of(year)
    counting = CountForm(request.GET) if "n" in request.GET else CountForm(initial={"start": today, "n": 5})
    context = {
        "year": year,
        "row": queries.year_row(year),
        "months": queries.months(marks),
        "workdays": queries.workdays_in(marks),
        "holidays": queries.holidays(marks),
        "changes": queries.latest_changes(year),
        "today": today,
        "years": years[-6:] if year in years[-6:] or year not in years else years,
        "next_year": years[-1] + 1 if years else year,
        "may_edit": request.actor.can(Capability.EDIT_CALENDAR),
        "counting": counting,
    }
    return render(request, "workdays/calendar.html", context | _counted(counting))


def _counted(form: CountForm) -> dict:
    """The strip asked for, or why there is none."""
    if not form.is_bound or not form.is_valid():
        return {"strip": None, "no_strip": ""}
    start = form.cleaned_data["start"]
    try:
        end = calendar.add_workdays(start, form.cleaned_data["n"])
        return {"strip": calendar.strip(start, end), "no_strip": ""}
    except calendar.MissingYear as missing:
        return {"strip": None, "no_strip": str(missing)}


def _effects(proposal: Proposal) -> dict:
    return {"proposal": proposal, "moved": moved_by(proposal) if proposal.changes else []}


@writes(methods=("GET", "HEAD", "POST"))
def day(request, on):
    """Change one day: preview, then save."""
    require(request.actor, Capability.EDIT_CALENDAR)
    row = _day_or_404(on)
    year = queries.year_row(row.date.year)
    initial = {"kind": row.kind, "name": row.name}
    form = DayForm(request.POST or None, day=row.date, initial=initial)
    why = rules.why(row.date, Mark(row.kind, row.name))
    context, status = (
        {"row": row, "weekday": rules.weekday(row.date), "why": why, "form": form, "proposal": None},
        200,
    )
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        elif form.is_previewed:
            return _save_day(request, form, row.date)
        else:
            context |= _effects(propose({row.date: form.cleaned_data["mark"]})) | {"version": year.version}
    return render(request, "workdays/day.html", context, status=status)


def _day_or_404(on: str) -> Day:
    try:
        return Day.objects.get(date=date.fromisoformat(on))
    except (ValueError, Day.DoesNotExist):
        raise Http404("工作日历里没有这一天。") from None


def _save_day(request, form: DayForm, on: date):
    data = form.cleaned_data
    with keeping_words(form):
        set_day(by=request.actor, day=on, mark=data["mark"], reason=data["reason"], version=data["version"])
    messages.success(request, f"{on.year}年{rules.words(on)}已保存：{rules.why(on, data['mark'])}。")
    return redirect(_page_of(on.year))


@writes(methods=("GET", "HEAD", "POST"))
def notice(request):
    """Enter a year from the official notice, new or maintained already: preview, then save."""
    require(request.actor, Capability.EDIT_CALENDAR)
    years = _years_to_enter()
    form = NoticeForm(request.POST or None, years=years)
    context, status = {"form": form, "proposal": None}, 200
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        elif form.is_previewed:
            return _save_notice(request, form)
        else:
            context |= _notice_preview(form)
    return render(request, "workdays/notice.html", context, status=status)


def _years_to_enter() -> list[int]:
    """The year that comes next, then those that may still need a correction."""
    known = calendar.maintained_years()
    following = known[-1] + 1 if known else timezone.localdate().year
    return [following, *reversed(known[-2:])]


def _notice_preview(form: NoticeForm) -> dict:
    said, year = form.cleaned_data["notice"], form.cleaned_data["year"]
    proposal = propose_year(year, said.marks)
    marks = queries.proposed_marks(year, proposal)
    changed = frozenset() if proposal.adds_days else frozenset(change.date for change in proposal.changes)
    known = queries.year_row(year)
    return _effects(proposal) | {
        "year": year,
        "version": known.version if known else "",
        "is_new": proposal.adds_days,
        "months": queries.months(marks, changed),
        "workdays": queries.workdays_in(marks),
        "holidays": queries.holidays(marks),
        "changes": [change for change in proposal.changes if change.before is not None],
    }


def _save_notice(request, form: NoticeForm):
    data = form.cleaned_data
    with keeping_words(form):
        enter_notice(
            by=request.actor, year=data["year"], marks=data["notice"].marks,
            source=data["source"], version=data["version"],
        )  # fmt: skip
    messages.success(request, f"{data['year']} 年的放假安排已保存。")
    return redirect(_page_of(data["year"]))
