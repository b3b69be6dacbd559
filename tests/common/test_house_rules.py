"""The rules of the house that no single test of a feature would notice being broken.

Linters, floors and migrations are in tests/ops/test_checks.py; the words of actions in tests/hazards/test_workflow.py.
"""

import ast
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from factory.django import DjangoModelFactory

from files.models import StoredFile
from tests import factories
from tests.inspections import factories as inspecting

ROOT = Path(settings.BASE_DIR)
APPS = (
    "config",
    "common",
    "institutions",
    "files",
    "notifications",
    "workdays",
    "clocks",
    "hazards",
    "inspections",
    "reports",
    "api",
)
SOURCES = sorted(
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)  # fmt: skip
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODELS = [model for model in apps.get_models() if model.__module__.split(".")[0] in APPS]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def trees():
    return [(named(path), ast.parse(path.read_text())) for path in SOURCES]


# --- models ------------------------------------------------------------------------------------------------

MADE_BY_THE_REAL_ACTS = {
    "Hazard", "HazardEvent", "Evidence", "EvidenceView", "RectificationPlan", "RectificationSubmission", "Verification",
    "Closure", "FormReceipt", "AuditAnchor", "Notice", "Delivery", "MembershipEvent", "InstitutionEvent",
    "ClosingPolicyChange", "ExtensionPolicyChange", "DraftingRuleChange", "ExtensionRequest", "SupervisionOrder",
    "ProgressReport", "Transfer", "TransferEvidence", "Circular", "Summons", "Bulletin", "RobotEvent", "Guard",
    "CalendarYear", "Day", "CalendarChange", "Ladder", "Rung", "Clock", "Reminder", "PendingLine", "Digest", "Draft",
    "ExportEvent", "FilterAlert", "FilterMatch", "ClearanceTarget", "ImportFile", "ImportEvent", "ImportedRow",
    "PastHazard", "RememberedColumn", "WithdrawnRow",
    "AccessEvent", "Dispatch",
    "AppraisalMark", "AppraisalEvent", "VetoDecision",
}  # fmt: skip
FACTS_WITHOUT_A_STORY = {
    "LegalTransition", "ClosingPolicy", "ExtensionPolicy", "DraftingRule", "ImportDraft", "Heartbeat", "ChannelRest",
    "Reading", "SummaryCell", "SummaryDelta",
}  # fmt: skip


def test_every_model_has_a_factory_or_comes_from_a_real_act():
    made = {
        value._meta.model.__name__
        for module in (factories, inspecting)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, DjangoModelFactory) and not value._meta.abstract
    }
    explained = MADE_BY_THE_REAL_ACTS | FACTS_WITHOUT_A_STORY
    there = {model.__name__ for model in MODELS}
    assert (there - made - explained, explained - there, made & explained) == (set(), set(), set())


def test_when_and_who_are_set_together_or_not_at_all():
    unpaired = []
    for model in MODELS:
        fields = {field.name: field for field in model._meta.concrete_fields}
        checks = [repr(c) for c in model._meta.constraints if isinstance(c, models.CheckConstraint)]
        for name in (n.removesuffix("_at") for n in fields if n.endswith("_at") and n[:-2] + "by" in fields):
            at, by = fields[f"{name}_at"], fields[f"{name}_by"]
            is_checked = any(f"'{name}_at" in check and f"'{name}_by" in check for check in checks)
            if not (is_checked if at.null or by.null else True):
                unpaired.append(f"{model.__name__}.{name}")
    assert unpaired == []


def test_no_stored_file_goes_while_something_refers_to_it():
    relations = [
        (model.__name__, field.name, field.remote_field.on_delete)
        for model in MODELS
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is StoredFile
    ]
    assert [name for name, *_ in relations] != []
    assert [relation for relation in relations if relation[2] is not models.PROTECT] == []
    assert [f for m in MODELS for f in m._meta.concrete_fields if isinstance(f, models.FileField)] == []


# --- code --------------------------------------------------------------------------------------------------


def writes_status(node: ast.AST) -> bool:
    """`x.status = …` (also among several), or `….update(status=…)`."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        flat = [t for target in targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])]
        return any(isinstance(t, ast.Attribute) and t.attr == "status" for t in flat)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_update = node.func.attr in ("update", "bulk_update", "update_or_create")
        return is_update and any(keyword.arg == "status" for keyword in node.keywords)
    return False


def test_what_a_tool_is_told_to_overlook_has_its_reason_beside_it():
    """`noqa: CODE  (why)`; a warning let through by a test has a comment above it, or above the one before."""
    bare = []
    everywhere = {path for folder in (*APPS, "ops", "tests") for path in (ROOT / folder).rglob("*.py")}
    for path in sorted(everywhere - {Path(__file__).resolve()}):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if re.search(r"#\s*(noqa|type:\s*ignore|pragma)(?!.*\(\S)", line):
                bare.append(f"{named(path)}:{number}")
            if "mark.filterwarnings" in line:
                above = [x for x in lines[: number - 1][::-1] if "filterwarnings" not in x]
                if not above[0].lstrip().startswith("#"):
                    bare.append(f"{named(path)}:{number}")
    assert bare == []


def test_status_is_written_in_one_file():
    knows_hazards = ("hazards/", "reports/", "config/")
    written = {
        name
        for name, tree in trees()
        if name.startswith(knows_hazards) and any(map(writes_status, ast.walk(tree)))
    }
    assert written == {"hazards/actions/_transition.py"}


def test_today_is_the_day_in_beijing():
    wrong = re.compile(
        r"\bdate\.today\(|datetime\.(now|today|utcnow)\(\)|timezone\.now\(\)\.date\(|current_date|CURRENT_DATE|TruncDate\(\s*Now"
    )
    assert [named(path) for path in SOURCES if wrong.search(path.read_text())] == []


def test_modules_are_named_after_what_they_do():
    vague = {
        "utils",
        "util",
        "helpers",
        "helper",
        "services",
        "service",
        "manager",
        "managers",
        "misc",
        "core",
    }
    assert [named(path) for path in SOURCES if {path.stem, *path.relative_to(ROOT).parts} & vague] == []


def test_modules_stay_short_enough_to_read():
    assert [named(path) for path in SOURCES if path.read_text().count("\n") > 330] == []


# --- templates ---------------------------------------------------------------------------------------------

TAKEN_BY_NAME = {"403.html", "404.html", "500.html", "403_csrf.html"}  # by Django's own views


def references() -> dict[str, set[str]]:
    """Names of templates and where they are asked for, in templates and in Python."""
    found = {}
    for path in [*TEMPLATES, *SOURCES]:
        text = re.sub(r"{#.*?#}", "", path.read_text())
        for name in re.findall(r"""["']([\w/.-]+\.html)["']""", text):
            found.setdefault(name, set()).add(named(path))
    return found


def test_every_template_that_is_asked_for_exists():
    there = {path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES}
    missing = {
        name: where for name, where in references().items() if name.removeprefix("django/") not in there
    }
    assert {name: where for name, where in missing.items() if not name.startswith("django/forms/")} == {}


def test_every_template_is_used():
    asked = set(references()) | TAKEN_BY_NAME
    names = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]
    # What stands at a widget's name restyles Django's own, through common.forms.HouseRenderer.
    assert [name for name in names if name not in asked and not name.startswith("forms/widgets/")] == []


def test_every_restyled_widget_is_one_of_djangos_or_the_houses():
    library = Path(models.__file__).parents[2] / "forms" / "templates" / "django"
    own = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES if "widgets" in path.parts]
    asked = references()
    assert [name for name in own if not (library / name).exists() and name not in asked] == []


FORBIDDEN_IN_TEMPLATES = {
    "inline style": r"""\sstyle\s*=|<style\b""",
    "inline handler": r"""\son[a-z]+\s*=\s*["']""",
    "script of its own": r"""<script(?![^>]*\bsrc=)[^>]*>""",
    "hx-on": r"hx-on",
    "evaluated values": r"""["'\s]js:|javascript:""",
    "filter in a trigger": r"""hx-trigger="[^"]*\[""",
    "eval'd hx-vals": r"hx-vars",
    "unescaped text": r"\|\s*safe\b|{%\s*autoescape off",
    "something from elsewhere": r"""(src|href)\s*=\s*["'](https?:)?//""",
}


# The one file that opens from a phone's own storage carries its styles and script, under a policy that names their
# hashes and lets it reach nothing (inspections.packet_file).
ONE_FILE = "templates/inspections/field/packet.html"
ALLOWED_IN_ONE_FILE = {"inline style", "script of its own"}


@pytest.mark.parametrize("what", FORBIDDEN_IN_TEMPLATES)
def test_templates_keep_to_the_strict_policy(what):
    wrong = re.compile(FORBIDDEN_IN_TEMPLATES[what], re.IGNORECASE)
    found = {}
    for path in TEMPLATES:
        if named(path) == ONE_FILE and what in ALLOWED_IN_ONE_FILE:
            continue
        if match := wrong.search(path.read_text()):
            found[named(path)] = match[0]
    assert found == {}


def test_no_widget_carries_what_the_policy_forbids():
    wrong = re.compile(r"""["'](style|on[a-z]{4,}|hx-on[^"']*)["']\s*:""")
    assert [named(path) for path in SOURCES if wrong.search(path.read_text())] == []


# --- what is installed, and how it starts ------------------------------------------------------------------

IMPORTED_AS = {
    "Django": "django", "psycopg2-binary": "psycopg2", "django-filter": "django_filters", "django-environ": "environ",
    "django-htmx": "django_htmx", "django-axes": "axes", "django-csp": "csp", "Pillow": "PIL",
    "pillow-heif": "pillow_heif", "PyYAML": "yaml", "chinesecalendar": "chinese_calendar", "argon2-cffi": "Argon2PasswordHasher",
    "rustpy-xlsxwriter": "rustpy_xlsxwriter", "django-ninja": "ninja",
}  # fmt: skip
NOT_IMPORTED = {
    "psycopg2-binary": "Django's PostgreSQL backend imports it",
    "redis": "Celery's transport imports it when the broker's address says redis://",
    "gunicorn": "started as a program",
}


def test_every_requirement_is_used():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [match[1] for line in lines if (match := re.match(r"([A-Za-z0-9-]+)(?:\[|==)", line))]
    code = "\n".join(path.read_text() for path in SOURCES)
    unused = [
        name
        for name in wanted
        if name not in NOT_IMPORTED and not re.search(rf"\b{IMPORTED_AS.get(name, name)}\b", code)
    ]
    assert (len(wanted) > 10, unused) == (True, [])
    assert set(NOT_IMPORTED) - set(wanted) == set()


def test_the_production_settings_pass_djangos_own_deployment_check():
    environment = {k: v for k, v in os.environ.items() if k not in ("DEBUG", "IS_DEMO", "LOG_LEVEL")}
    environment |= {
        "HTTPS": "on",
        "DATABASE_ROLE": "runtime",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "yinhuan.example.cn",
        "CSRF_TRUSTED_ORIGINS": "https://yinhuan.example.cn",
        "SITE_URL": "https://yinhuan.example.cn",
    }
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "check", "--deploy", "--fail-level", "DEBUG"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    said = (result.returncode, result.stdout.strip(), result.stderr.strip())
    assert said == (0, "System check identified no issues (1 silenced).", "")
