"""All settings, read once from the environment. `.env.example` lists every variable."""

from pathlib import Path
from urllib.parse import urlsplit

import environ

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- The installation -------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY")
FIELD_KEYS = env.str("FIELD_KEYS")  # "k2:<key>,k1:<key>"; the first one seals
DEBUG = env.bool("DEBUG", default=False)
BALCAO_DEMO = env.bool("BALCAO_DEMO", default=False)
BALCAO_DEMO_DIR = env.str("BALCAO_DEMO_DIR", default="")
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000")
_public = urlsplit(PUBLIC_URL)
PUBLIC_HOST = (_public.hostname or "localhost").lower()
PUBLIC_PORT = _public.port
IS_TLS = _public.scheme == "https"
# How many proxies of ours stand in front and append to X-Forwarded-For.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# Of one IPv4 address or IPv6 /64 that is not signed in on a page; 0: as many as it likes.
ADDRESS_REQUESTS_PER_MINUTE = env.int("ADDRESS_REQUESTS_PER_MINUTE", default=1200)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# --- Apps -------------------------------------------------------------------------------------
SHARED_APPS = [
    "config",
    "unfold.apps.BasicAppConfig",  # before django_tenants, or the console's lists collapse
    "unfold.contrib.filters",
    "django_tenants",
    "config.apps.ConsoleConfig",  # django.contrib.admin with a site of our own
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "tenants",
    "whatsapp.webhooks",
]
TENANT_APPS = ["tenants.feed", "whatsapp", "conversations", "analytics"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
AUTH_USER_MODEL = "tenants.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.health.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.middleware.TenantMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "config.bodies.BodySizeMiddleware",  # before anybody reads a form
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "tenants.middleware.ActorMiddleware",
    "config.limits.AddressLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.errors.DomainErrorMiddleware",
]
ROOT_URLCONF = "config.urls_tenant"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
ASGI_APPLICATION = "config.asgi.application"
# Consumers by path and dotted name: tenants.sockets admits, and stands below the apps that consume.
SOCKET_CONSUMERS = {"/ws/inbox/": "conversations.consumers.inbox"}
WSGI_APPLICATION = "config.wsgi.application"

# --- Database ---------------------------------------------------------------------------------
DATABASE_STATEMENT_TIMEOUT_SECONDS = env.int("DATABASE_STATEMENT_TIMEOUT_SECONDS", default=30)
DATABASE_POOL_MAX = env.int("DATABASE_POOL_MAX", default=16)
DATABASES = {"default": env.db("DATABASE_URL", engine="tenants.db")}
DATABASES["default"]["CONN_MAX_AGE"] = 0  # the pool keeps the sessions
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),  # what the address says, such as sslmode
    "pool": {"min_size": 1, "max_size": DATABASE_POOL_MAX, "timeout": 5},
    "options": f"-c statement_timeout={DATABASE_STATEMENT_TIMEOUT_SECONDS}s"
    " -c idle_in_transaction_session_timeout=30s -c timezone=UTC",
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

# --- Redis: an accelerator only ---------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL").rstrip("/")
REDIS_PREFIX = env.str("REDIS_PREFIX", default="balcao:")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            # A hint may wait for ever: the layer's reader must not die of silence.
            "hosts": [{"address": f"{REDIS_URL}/1", "socket_timeout": None}],
            "prefix": f"{REDIS_PREFIX}live",
            "symmetric_encryption_keys": [SECRET_KEY],
        },
    }
}

# Where senders reserve their moments (tenants.buckets), and requests are counted (tenants.limits).
BUCKET_REDIS_URL = f"{REDIS_URL}/2"
BUCKET_KEY_PREFIX = f"{REDIS_PREFIX}bucket:"

# For tests of faults: the place at which a process is killed (tenants.crashing). Empty: nowhere.
CRASH_AT = env.str("CRASH_AT", default="")

# --- Celery: nudges only, the work is in Postgres -----------------------------------------------
CELERY_BROKER_URL = f"{REDIS_URL}/0"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "global_keyprefix": REDIS_PREFIX,
    "socket_connect_timeout": 0.5,
    "max_retries": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_LIMIT = 4
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "conversations.tasks.process_deliveries": {"queue": "webhooks"},
    "conversations.tasks.drain_outbox": {"queue": "send"},
    "conversations.tasks.run_broadcasts": {"queue": "bulk"},
    "conversations.tasks.prepare_broadcast": {"queue": "bulk"},
    "conversations.tasks.fetch_media": {"queue": "media"},
    "conversations.tasks.upload_media": {"queue": "media"},
    "conversations.tasks.relay_changes": {"queue": "hooks"},
    "conversations.tasks.deliver_hooks": {"queue": "hooks"},
    "whatsapp.tasks.run_urgent_job": {"queue": "urgent"},
}
CELERY_TASK_PUBLISH_RETRY = False
# A worker that looks for more by itself says so here, and nobody nudges it meanwhile.
AWAKE_KEY_PREFIX = f"{REDIS_PREFIX}awake:"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# After SIGTERM what is under way ends as it may; after SIGQUIT it has so long, and is dropped then.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- Who is who -------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
SILENCED_SYSTEM_CHECKS = [
    # An address is unique whatever its case: a constraint on Lower(email), which the check misses.
    "auth.E003",
    # Each of our hosts sends its own HSTS header; the domain's other hosts may not be ours.
    "security.W005",
    "security.W021",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a link in a letter works
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/inbox/"
SESSION_COOKIE_NAME = "__Host-session" if IS_TLS else "session"
SESSION_COOKIE_SECURE = IS_TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_TLS else "csrf"
CSRF_COOKIE_SECURE = IS_TLS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
ACCESS_TOKEN_SECONDS = 600
REFRESH_TOKEN_DAYS = 30

# --- Mail -------------------------------------------------------------------------------------
_email_url = env.str("EMAIL_URL", default="")
MAIL_IS_SET_UP = bool(_email_url)  # else letters wait
vars().update(env.email_url_config(_email_url or "dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="") or f"Balcão <no-reply@{PUBLIC_HOST}>"

# --- HTTP -------------------------------------------------------------------------------------
ALLOWED_HOSTS = ["*"]  # tenants.middleware answers 404 to a host that is nobody's
USE_X_FORWARDED_HOST = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_SSL_REDIRECT = IS_TLS and bool(TRUSTED_PROXY_COUNT)
SECURE_REDIRECT_EXEMPT = [r"^health", r"^metrics", r"^webhook/"]
SECURE_HSTS_SECONDS = 31_536_000 if IS_TLS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- WhatsApp ---------------------------------------------------------------------------------
# Whether tenants' own addresses may lead to this machine: for tests, and never from outside.
EGRESS_LOOPBACK = False
GRAPH_API_URL = env.str("GRAPH_API_URL", default="https://graph.facebook.com")
GRAPH_API_VERSION = env.str("GRAPH_API_VERSION", default="v25.0")
# Of "Facebook Login for Business"; empty: numbers are connected with a token only.
META_SIGNUP_CONFIG_ID = env.str("META_SIGNUP_CONFIG_ID", default="")
META_SDK_URL = env.str("META_SDK_URL", default="https://connect.facebook.net/en_US/sdk.js")
WEBHOOK_RETENTION_DAYS = env.int("WEBHOOK_RETENTION_DAYS", default=7)
# By the hash of its body a delivery that comes again is known for so long.
WEBHOOK_HASH_RETENTION_DAYS = env.int("WEBHOOK_HASH_RETENTION_DAYS", default=400)
# Where files may be fetched from, beside the Graph API's own host; with a dot: every host below.
MEDIA_HOSTS = env.list("MEDIA_HOSTS", default=["lookaside.fbsbx.com", ".fbcdn.net"])
MEDIA_QUOTA_BYTES = env.int("MEDIA_QUOTA_BYTES", default=10 * 1024**3)  # of one tenant
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / ".media"))
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.authentication.AccessTokenAuthentication",
        "tenants.authentication.ApiKeyAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.parsers.SafeJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.openapi.ProblemAutoSchema",
    "EXCEPTION_HANDLER": "config.errors.problem_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # ?format= is an unknown parameter like any other
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Balcão API",
    "DESCRIPTION": "Conversations on WhatsApp. Sign in with `auth/login`, then send the access"
    " token, or a program's API key, as `Authorization: Bearer ...`. Refusals are problem documents"
    " (RFC 9457) whose code does not change.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "PREPROCESSING_HOOKS": ["config.openapi.one_spelling"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.with_headers",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AttributeKind": "conversations.models.ContactAttribute.Kind",
        "BlockState": "conversations.models.Block.State",
        "ConversationStatus": "conversations.models.Conversation.Status",
        "JobKind": "whatsapp.models.Job.Kind",
        "JobState": "whatsapp.models.Job.State",
        "MediaState": "whatsapp.models.MediaFile.State",
        "MessageDirection": "conversations.models.Message.Direction",
        "MessageStatus": "conversations.models.Message.Status",
        "MessageType": "conversations.models.Message.Type",
        "Role": "tenants.models.Membership.Role",
        "StepState": "whatsapp.findings.Grade",
        "SupportLevel": "tenants.models.SupportAccess.Level",
    },
    # A schema of its own for what is sent: what is only read is not asked for.
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- Pages ------------------------------------------------------------------------------------
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
DISPLAY_TIME_ZONE = env.str("DISPLAY_TIME_ZONE", default="America/Sao_Paulo")
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / ".static"))
WHITENOISE_USE_FINDERS = BALCAO_DEMO or DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- Console ----------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Balcão",
    "SITE_HEADER": "Balcão",
    "SITE_URL": None,
    "SITE_SYMBOL": "forum",
    "SITE_SUBHEADER": DISPLAY_TIME_ZONE,  # in which the console shows times, too
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "config.console.figures",
    "SIDEBAR": {"navigation": "config.console.navigation"},
    "COLORS": {
        "primary": {  # the pages' green; white on 600 can be read
            "50": "oklch(97.9% .021 166)",
            "100": "oklch(95% .052 163)",
            "200": "oklch(90.5% .093 164)",
            "300": "oklch(84.5% .143 165)",
            "400": "oklch(76.5% .165 163)",
            "500": "oklch(64% .15 163)",
            "600": "oklch(50.8% .118 165.6)",
            "700": "oklch(43.2% .095 167)",
            "800": "oklch(37.8% .077 169)",
            "900": "oklch(32% .064 171)",
            "950": "oklch(26.2% .051 172.5)",
        }
    },
}
OTP_TOTP_ISSUER = "Balcão"

# --- Logs -------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "redact": {"()": "tenants.redaction.RedactingFilter"},
        "request": {"()": "tenants.trace.RequestFilter"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"}
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["redact", "request"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # At DEBUG it writes addresses, and Meta wants some secrets in them.
    "loggers": {"urllib3": {"level": "INFO"}},
}
