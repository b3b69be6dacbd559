"""Settings. Everything that differs between machines comes from the environment; see README, "Deploy"."""

import os
import sys
from pathlib import Path
from urllib.parse import unquote

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.beat import BEAT
from notifications.rules import origin_of, parse_quiet_hours

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, example: str) -> str:
    """The value of `name`; stops the start with a sentence that says what to set when it is missing."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"环境变量 {name} 未设置。请设置 {name}，例如：{name}={example}")
    return value


def database(name: str) -> dict:
    """Connection settings from the URL in `name`; a URL that cannot be read stops the start with words."""
    url = required(name, "postgres://runtime:密码@127.0.0.1:5432/hazards")
    config = env.db_url_config(url)
    if config.get("ENGINE") != "django.db.backends.postgresql" or not config.get("NAME"):
        raise ImproperlyConfigured(
            f"环境变量 {name} 不是可用的 PostgreSQL 地址。格式：postgres://用户:密码@主机:5432/库名"
        )
    config["HOST"] = unquote(config["HOST"])  # a socket folder is written %2Frun%2Fpostgresql
    return config


# --- what this process is -------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = required("SECRET_KEY", "50 个以上随机字符")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")  # in e-mails only
HTTPS = env.bool("HTTPS", default=True)  # off only for the demo and closed test networks on plain http
IS_DEMO = env.bool("IS_DEMO", default=False)  # shows the demo accounts on the login page

# --- database: two roles (docs/adr/0002) -------------------------------------------------------------
DATABASE_ROLE = os.environ.get("DATABASE_ROLE", "runtime")
_connection = database("DATABASE_OWNER_URL" if DATABASE_ROLE == "owner" else "DATABASE_URL")
_connection["OPTIONS"] = _connection.get("OPTIONS", {}) | {
    "options": (
        "-c lock_timeout=3000 "
        f"-c statement_timeout={0 if DATABASE_ROLE == 'owner' else 15000} "
        "-c idle_in_transaction_session_timeout=30000 "
        "-c random_page_cost=1.1 "  # memory or SSD: reading here and there costs no more
        "-c jit=off "  # pages ask for little; compiling a statement took longer than running it
        "-c search_path=public"
    ),
    "connect_timeout": 5,
}
_connection |= {
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
}
DATABASES = {"default": _connection}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
RUNTIME_DATABASE_USER = env.db_url_config(env.str("DATABASE_URL", default="postgres://runtime@/")).get("USER")

# --- applications -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
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
    "config",
]
MIDDLEWARE = [
    "common.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "common.middleware.ErrorPagesMiddleware",
    "institutions.middleware.SessionLimitsMiddleware",
    "institutions.middleware.ActorMiddleware",
    "institutions.first_login.PasswordChangeMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "builtins": ["common.templatetags.house"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "config.context.house",
            ],
            "loaders": [
                ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])
            ],
        },
    }
]
FORM_RENDERER = "common.forms.HouseRenderer"

# What prepare_database loads after migrating: data every installation needs, each command safe to repeat.
REFERENCE_DATA_COMMANDS = ["load_workdays", "load_ladders"]

# --- language and time --------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# --- static files and uploads ---------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [("dist", BASE_DIR / "static" / "dist")]
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / ".data" / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["files.upload_handlers.CappedUploadHandler"]  # sizes enforced while streaming
FILE_UPLOAD_PERMISSIONS = 0o640
# Where behind nginx the same files are reachable as an internal location (X-Accel-Redirect); empty: we stream.
ACCEL_REDIRECT_PREFIX = env.str("ACCEL_REDIRECT_PREFIX", default="")
UPLOAD_MIN_FREE_BYTES = env.int("UPLOAD_MIN_FREE_BYTES", default=512 * 1024 * 1024)
# Hash of the audit chain: "sha256", or "sm3" where national algorithms are required.
AUDIT_HASH = env.str("AUDIT_HASH", default="sha256")
KEEP_ORIGINALS = env.bool("KEEP_ORIGINALS", default=False)

# --- who gets in (docs/adr/0007) ------------------------------------------------------------------------
AUTH_USER_MODEL = "institutions.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "institutions.backends.PersonBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": env.int("PASSWORD_MIN_LENGTH", default=10)},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "institutions.passwords.ThreeKindsValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "workbench"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "yh_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=30 * 60)
SESSION_ABSOLUTE_SECONDS = env.int("SESSION_ABSOLUTE_SECONDS", default=12 * 3600)
# Asked by the page on its own, not by the person: these keep no session alive.
SESSION_BACKGROUND_PATHS = ["/notices/bell/", "/inspections/sync/session/"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = False
CSRF_FAILURE_VIEW = "common.http.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=5)
AXES_COOLOFF_TIME = 0.25  # hours: 15 minutes
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "institutions.views.session.locked_out"
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Celery: wake-ups only, never facts (docs/adr/0006) ---------------------------------------------------
CELERY_BROKER_URL = required("REDIS_URL", "redis://127.0.0.1:6379/0")
if not CELERY_BROKER_URL.startswith(("redis://", "rediss://", "redis+socket://")):
    raise ImproperlyConfigured("环境变量 REDIS_URL 不是可用的 Redis 地址。格式：redis://:密码@主机:6379/0")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
}
CELERY_BEAT_SCHEDULE = BEAT

# --- mail -------------------------------------------------------------------------------------------------
# smtp://user:password@host:25 ; empty: no mail is sent, notices stay in the app.
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_ENABLED = bool(EMAIL_URL)
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="隐患闭环 <noreply@localhost>")

# --- other ways out (docs/adr/0023) ---------------------------------------------------------------------------
# When nobody's phone rings or mailbox fills, but for what is urgent; each person may choose otherwise. Empty: never.
QUIET_HOURS = env.str("QUIET_HOURS", default="21:00-07:30")
try:
    parse_quiet_hours(QUIET_HOURS)
except ValueError:
    raise ImproperlyConfigured(
        "环境变量 QUIET_HOURS 不是可用的时段。格式：21:00-07:30，最长 12 小时"
    ) from None
# Where a short message is handed over; empty: none is sent. The interface is described in the ADR.
SMS_URL = env.str("SMS_URL", default="")
SMS_TOKEN = env.str("SMS_TOKEN", default="")
SMS_SIGNATURE = env.str("SMS_SIGNATURE", default="【隐患闭环】")
SMS_GATEWAY = env.str("SMS_GATEWAY", default="notifications.channels.sms.HttpGateway")
# Scheme, host and port that group robots may live at; empty: no robots. Redirects are never followed.
WEBHOOK_ORIGINS = env.list(
    "WEBHOOK_ORIGINS", default=["https://qyapi.weixin.qq.com", "https://oapi.dingtalk.com"]
)
# Scheme, host and port of other systems that may be told of changes (docs/adr/0029); empty: none is.
SUBSCRIBER_ORIGINS = env.list("SUBSCRIBER_ORIGINS", default=[])
if SMS_URL and origin_of(SMS_URL) is None:
    raise ImproperlyConfigured("环境变量 SMS_URL 不是可用的网址。格式：https://sms.example.gov.cn/send")
for _name, _origins in {"WEBHOOK_ORIGINS": WEBHOOK_ORIGINS, "SUBSCRIBER_ORIGINS": SUBSCRIBER_ORIGINS}.items():
    if wrong := [origin for origin in _origins if origin_of(origin) != origin]:
        raise ImproperlyConfigured(
            f"环境变量 {_name} 里的“{wrong[0]}”不是可用的来源。格式：https://主机 或 https://主机:端口，逗号分隔"
        )
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=120)  # of one token of the read API
API_BURST = env.int("API_BURST", default=30)  # so many may come at once
if min(API_REQUESTS_PER_MINUTE, API_BURST) < 1:
    raise ImproperlyConfigured(
        "环境变量 API_REQUESTS_PER_MINUTE 和 API_BURST 须是 1 以上的整数，例如 120 和 30"
    )

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "common.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"axes": {"level": "ERROR"}, "django.request": {"level": "ERROR"}},
}
# Locks are per account, not per address: a whole county office often comes from one address (docs/adr/0007).
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
if "pytest" in sys.modules:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
