"""The one settings file. Everything that differs between machines comes from the environment or `.env`."""

import os
import sys
import warnings
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.csp import CSP

from project.environment import Environment
from project.log_setup import configure_logging

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Environment()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEBUG and "collectstatic" not in sys.argv:
        raise ImproperlyConfigured("SECRET_KEY is not set: put a long random value into the environment or .env.")
    SECRET_KEY = "only-for-development-and-building-static-files"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ALLOW_SIGNUP = env.bool("ALLOW_SIGNUP", default=False)

INSTALLED_APPS = [
    # Daphne only changes `runserver`, and every other process would pay for importing Twisted.
    *(["daphne"] if "runserver" in sys.argv else []),
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "conversations.admin_config.ReviewAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "conversations",
    "accounts",
    "live_proxy",
    "simulator",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Data -------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    # A deferred transaction that reads and then writes fails at once under WAL, whatever the timeout.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, since threads see an in-memory database only by sharing its locks; one for each run of the tests.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / f"test-{os.getpid()}.sqlite3"}
else:
    # The pool is per process; with it CONN_MAX_AGE must stay 0.
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": 10, "timeout": 5, "max_lifetime": 1800},
        "connect_timeout": 5,
        # A database host that vanishes must cost seconds, not the system's quarter of an hour.
        "tcp_user_timeout": 5000,
        "keepalives_idle": 5,
    }
    if "migrate" not in sys.argv:
        DATABASES["default"]["OPTIONS"]["options"] = "-c statement_timeout=8000 -c lock_timeout=5000"
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    # The pub/sub layer outlives a Redis outage; the core layer kills every socket.
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, "health_check_interval": 30}]},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "default"}
    )
}

# --- People -----------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["accounts.throttle.ThrottledModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "chat"
LOGOUT_REDIRECT_URL = "login"

# --- Security ---------------------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "font-src": [CSP.SELF],
    "media-src": [CSP.SELF, "blob:"],
    "connect-src": [CSP.SELF],
    "worker-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
# TLS ends in front of the service or in `serve --tls-cert`; cookies follow what the public origin says.
_served_by_tls = any(urlsplit(origin).scheme == "https" for origin in CSRF_TRUSTED_ORIGINS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=_served_by_tls)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
# HTTPS, its redirect and preload lists belong to whatever ends TLS in front of the service.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Pages ------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # what there is a catalogue of; see CONTRIBUTING.md
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "project.static_storage.ModuleManifestStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# WhiteNoise hands files out as plain iterators. They are small, and the warning reads like a fault of the service.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
MEDIA_ROOT = VAR_DIR / "media"

UNFOLD = {
    "SITE_TITLE": "Live Proxy",
    "SITE_HEADER": "Live Proxy",
    "SITE_SUBHEADER": "Conversations and how they were carried",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Review",
                "items": [
                    {
                        "title": title,
                        "icon": icon,
                        "link": reverse_lazy(f"admin:conversations_{model}_changelist"),
                        "permission": lambda request, model=model: request.user.has_perm(f"conversations.view_{model}"),
                    }
                    for title, icon, model in [
                        ("Messages", "chat", "message"),
                        ("Conversations", "forum", "conversation"),
                        ("Sessions", "cable", "session"),
                        ("Attempts", "network_ping", "transportattempt"),
                        ("Fallbacks", "alt_route", "fallbackevent"),
                    ]
                ],
            },
            {
                "title": "Operation",
                "items": [
                    {
                        "title": "Transports",
                        "icon": "electrical_services",
                        "link": "/admin/transports/",  # a page of live_proxy's, which conversations must not know
                        "permission": lambda request: request.user.is_staff,
                    }
                ],
            },
            {
                "title": "People",
                "items": [
                    {
                        "title": title,
                        "icon": icon,
                        "link": reverse_lazy(f"admin:auth_{model}_changelist"),
                        "permission": lambda request, model=model: request.user.has_perm(f"auth.view_{model}"),
                    }
                    for title, icon, model in [("Users", "person", "user"), ("Groups", "group", "group")]
                ]
                + [
                    {
                        "title": title,
                        "icon": icon,
                        "link": reverse_lazy(f"admin:live_proxy_{model}_changelist"),
                        "permission": lambda request, model=model: request.user.has_perm(f"live_proxy.view_{model}"),
                    }
                    for title, icon, model in [
                        ("API tokens", "key", "apitoken"),
                        ("Set-up policies", "rule", "setuppolicy"),
                    ]
                ],
            },
        ],
    },
    "STYLES": [lambda request: static("conversations/admin.css")],
}

# --- Gemini: Google's own names, then ours (read by live_proxy.config alone) --------------------------------------

GOOGLE_CLOUD_PROJECT = env.str("GOOGLE_CLOUD_PROJECT", default="")
GOOGLE_CLOUD_LOCATION = env.str("GOOGLE_CLOUD_LOCATION", default="us-central1")
GOOGLE_API_KEY = (env.str("GOOGLE_API_KEY", default="") or env.str("GEMINI_API_KEY", default="")).strip()
GOOGLE_VERTEX_BASE_URL = env.str("GOOGLE_VERTEX_BASE_URL", default="")
GOOGLE_GEMINI_BASE_URL = env.str("GOOGLE_GEMINI_BASE_URL", default="")

LIVE_TRANSPORTS = env.list("LIVE_TRANSPORTS", default=["websocket", "sdk", "rest"])
LIVE_ENDPOINTS = env.list("LIVE_ENDPOINTS", default=["bidi"])
LIVE_TOKEN_SOURCES = env.list("LIVE_TOKEN_SOURCES", default=["gcloud", "google-auth"])
LIVE_FAMILIES_FILE = env.str("LIVE_FAMILIES_FILE", default="")
LIVE_MODELS = env.list("LIVE_MODELS", default=[])
LIVE_STANDARD_MODELS = env.list("LIVE_STANDARD_MODELS", default=[])
LIVE_SETUP_TIMEOUT = env.float("LIVE_SETUP_TIMEOUT", default=5.0)
LIVE_CLIMB_TIMEOUT = env.float("LIVE_CLIMB_TIMEOUT", default=20.0)
LIVE_FIRST_OUTPUT_TIMEOUT = env.float("LIVE_FIRST_OUTPUT_TIMEOUT", default=10.0)
LIVE_STALL_TIMEOUT = env.float("LIVE_STALL_TIMEOUT", default=15.0)
LIVE_REQUEST_TIMEOUT = env.float("LIVE_REQUEST_TIMEOUT", default=60.0)
LIVE_DRAIN_TIMEOUT = env.float("LIVE_DRAIN_TIMEOUT", default=30.0)
LIVE_MAX_SESSIONS = env.int("LIVE_MAX_SESSIONS", default=500)
LIVE_MAX_SESSIONS_PER_USER = env.int("LIVE_MAX_SESSIONS_PER_USER", default=5)

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if DEBUG else "json")
LOGGING_CONFIG = None
configure_logging(level=LOG_LEVEL, output=LOG_FORMAT)
