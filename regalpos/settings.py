"""Django's settings, derived from the environment (`environment.py` lists what may be set)."""

from typing import Any

import dj_database_url
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from regalpos import embedded, environment, memory, observe
from regalpos.environment import BASE_DIR, VAR
from regalpos.keys import kept

memory.spare()  # first of all, for what it puts off must not be there yet
ENV = environment.load()

DEBUG = ENV.DEBUG
DEMO = ENV.DEMO
SECRET_KEY = ENV.SECRET_KEY.get_secret_value() or kept(VAR / "secret_key")
SECRET_KEY_FALLBACKS = ENV.SECRET_KEY_FALLBACKS
PIN_PEPPER = ENV.PIN_PEPPER.get_secret_value() or kept(VAR / "pin_pepper")

# ---- apps -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "channels",
    "regalpos",
    "people",
    "inventory",
    "sales",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "allauth.mfa",
    "ninja",
    "django_htmx",
]
AUTH_USER_MODEL = "people.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "regalpos.urls"
ASGI_APPLICATION = "regalpos.asgi.application"

# ---- database ---------------------------------------------------------------------------------
# Two roles serve: `default` is the app's, which can neither change a table's shape nor a ledger's
# rows; `owner` migrates. Where a host allows one role only, both are the same, and
# `check --deploy` says so.


def _database(url: object, role: str, timeouts: str) -> dict[str, Any]:
    known = dj_database_url.parse(str(url)) if url else embedded.database(embedded.HOME, role)
    options = {"connect_timeout": 5, **known.get("OPTIONS", {})}
    if not ENV.DATABASE_DIRECT_URL:  # a transaction pooler refuses these: set them on the role
        options["options"] = timeouts
        options["prepare_threshold"] = 5  # only of what asks for it: the ORM binds by itself
    return {
        **known,
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": bool(ENV.DATABASE_DIRECT_URL),
    }


_app = _database(
    ENV.DATABASE_URL,
    "regal_app",
    "-c statement_timeout=5s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s"
    # Of what is prepared (`statements.py`); any number of lines is one plan there.
    " -c plan_cache_mode=force_generic_plan",
)
_owner = _database(
    ENV.DATABASE_OWNER_URL or ENV.DATABASE_DIRECT_URL or ENV.DATABASE_URL,
    "regal_owner",
    "-c statement_timeout=0 -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s",
)
# Every lane thread keeps one connection for good; the rest of the pool is for the stock tier.
_app["OPTIONS"]["pool"] = {
    "min_size": 1,
    "max_size": ENV.DATABASE_POOL_MAX,
    "timeout": 5,
    "reconnect_timeout": 5,  # it doubles its pauses; given up, it begins anew for whoever asks
    "max_lifetime": 1800,
    "max_idle": 300,
}
DATABASES = {"default": _app, "owner": _owner}

# ---- one process or many ----------------------------------------------------------------------
# In memory, both serve one process only; `serve` refuses a second without REDIS_URL. The pubsub
# layer finds its groups again after Redis restarts; the core layer stays deaf. Nothing that Redis
# keeps is the truth about anything, and no sale waits for it.

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
if ENV.REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "regalpos.layer.Layer",
        "CONFIG": {
            "prefix": "regal",
            "hosts": [
                {
                    "address": str(ENV.REDIS_URL),
                    "socket_connect_timeout": 2,
                    "socket_keepalive": True,
                    "health_check_interval": 10,
                }
            ],
        },
    }
    CACHES["default"] = {
        "BACKEND": "regalpos.shared_cache.SharedCache",
        "LOCATION": str(ENV.REDIS_URL),
        "KEY_PREFIX": "regal",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }

# ---- addresses, cookies, headers --------------------------------------------------------------

PUBLIC_URL = ENV.PUBLIC_URL
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", ENV.public_host, *ENV.ALLOWED_HOSTS]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, *ENV.CSRF_TRUSTED_ORIGINS]
TRUSTED_PROXIES = ENV.TRUSTED_PROXIES
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-regal" if ENV.secure else "regal"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.secure
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

SECURE_SSL_REDIRECT = ENV.secure
SECURE_REDIRECT_EXEMPT = [r"^health"]  # asked by load balancers, which speak plain http
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if ENV.secure else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Subdomains and the preload list bind the shop's other sites for years: not ours to decide.
# Usernames are unique whatever their case: by a constraint that the check does not see.
# A shop need not have mail (environment.mailer says what happens then).
SILENCED_SYSTEM_CHECKS = ["mail.E001", "security.W005", "security.W021", "auth.W004"]

# Nothing runs, and nothing is fetched, that does not come from here. Sockets count as `self`.
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
# What a browser can do that a till never asks for is off, for us and for anything we might load.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "camera": ["self"],
    "publickey-credentials-create": ["self"],
    "publickey-credentials-get": ["self"],
    "accelerometer": [],
    "display-capture": [],
    "geolocation": [],
    "gyroscope": [],
    "magnetometer": [],
    "microphone": [],
    "midi": [],
    "payment": [],
    "serial": [],
    "usb": [],
}

# From the outside in. The pin at the end keeps the whole chain in one thread (see pin.py).
MIDDLEWARE = [
    "regalpos.observe.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_http_compression.middleware.HttpCompressionMiddleware",
    "regalpos.answers.Answers",
    "regalpos.bodies.ApiBodies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "regalpos.pin.pin",
]
CSRF_FAILURE_VIEW = "regalpos.answers.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"  # never the database

# ---- sign-in ----------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "email")},
    },
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "people.adapters.ClosedAdapter"
USERSESSIONS_ADAPTER = "people.adapters.SessionsAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# A whole shop is one address behind its router, so by address the limits are wide. Wrong passwords
# are counted in the database, by `people.services.sign_in`.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "reset_password": "100/m/ip,5/m/key",
    "reset_password_from_key": "100/m/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

REQUIRE_MFA = ENV.REQUIRE_MFA
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = environment.is_loopback(ENV.public_host)
MFA_TOTP_TOLERANCE = 1
MFA_RATE_LIMITS = {"webauthn_login": "100/m/ip"}

# ---- words, time, files -----------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("ur", _("Urdu"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"  # each store has its own; instants are stored in UTC

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "people.menu.menu",
            ],
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# Source maps are the largest files by far, and only a developer's tools ever ask for them.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "jpg", "jpeg", "png", "gif", "webp", "avif", "woff2")
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = ENV.MEDIA_ROOT
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "regalpos.static_files.HashedFiles"},
}
UPLOAD_MAX_MB = ENV.UPLOAD_MAX_MB
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

_local = environment.is_loopback(ENV.public_host)
MAILERS: dict[str, dict[str, Any]] = {"default": environment.mailer(ENV.EMAIL_URL, local=_local)}

# ---- the house's own --------------------------------------------------------------------------

PAGE_SIZE = ENV.PAGE_SIZE
PAGE_SIZE_MAX = ENV.PAGE_SIZE_MAX
ACCESS_TOKEN_MINUTES = ENV.ACCESS_TOKEN_MINUTES
REFRESH_TOKEN_DAYS = ENV.REFRESH_TOKEN_DAYS
AUDIT_YEARS = ENV.AUDIT_YEARS
JOURNAL_KEY_FILE = ENV.JOURNAL_KEY_FILE
ANCHOR_TO = ENV.ANCHOR_TO
METRICS_TOKEN = ENV.METRICS_TOKEN.get_secret_value()
SENTRY_DSN = ENV.SENTRY_DSN
LOG_LEVEL = ENV.LOG_LEVEL
LOGGING = observe.configure_logging(LOG_LEVEL)
KNOWN_SECONDS = 5.0  # at most so long is whoever asks not looked up again (known.py)
LANES: dict[str, dict[str, Any]] = {}  # changes to the rules in lanes.py
