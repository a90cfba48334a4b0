"""Django's settings, from the environment as ``environment.py`` read it."""

from __future__ import annotations

from dataclasses import asdict
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from serment.config import environment, mail_provider
from serment.config.database import connecting

ENV = environment.read()

DEBUG = ENV.debug
DEMO = ENV.demo
SECRET_KEY = (
    ENV.secret_key_file.read_text().strip() if ENV.secret_key_file.exists() else "not-for-serving"
)
PUBLIC_URL = ENV.public_url
# The public name alone: a request for any other is refused. This machine's own names are public
# where the instance is only for whoever sits at it.
_PUBLIC = urlsplit(ENV.public_url)
_NAMES = {_PUBLIC.hostname or "", ENV.host} - {"localhost"}
if _PUBLIC.hostname in environment.LOOPBACK_NAMES:
    _NAMES |= {"localhost", "127.0.0.1", "[::1]"}
ALLOWED_HOSTS = sorted(_NAMES)
STATE = ENV.state
KEEPER_SOCKET = ENV.keeper_socket
# The published ledger, read for the proofs in receipts: files that everybody may read.
LEDGER_SITE = ENV.ledger_site
LEDGER_KEY_FILE = ENV.ledger_public / "key"
TIMESTAMP_URL = ENV.timestamp_url
# How the record of an opening calls this process: web or worker, with its number.
PROCESS_NAME = ENV.database_role.removeprefix("serment_")
CSRF_TRUSTED_ORIGINS = [ENV.public_url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    # Before allauth: its templates are replaced by ours.
    "serment.identity",
    "allauth",
    "allauth.account",
    "procrastinate.contrib.django",
    "serment.sightings",
    "serment.disclosure",
    "serment.directory",
    "serment.outbox",
    "serment.scheduling",
    "serment.care",
    "serment.custody",
    "serment.web",
    "serment.web.patient",
    "serment.web.practice",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Outside everything that can fail: a page that says so is a page like any other.
    "csp.middleware.CSPMiddleware",
    "serment.identity.turned_away.Counting",
    "serment.web.failures.FailurePages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "serment.web.slashes.Common",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "serment.web.practice.kiosk_guard.Locked",
    "serment.identity.standing.Standing",
    "serment.web.doorkeeper.Doorkeeper",
]
ROOT_URLCONF = "serment.config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "serment.web.context.everywhere",
            ],
        },
    }
]


# A page's statement never outlives the patience of who asked for the page, and takes one core: to
# start helpers for a few milliseconds' work takes longer than the work, most of all when many ask.
_PATIENCE = "-c statement_timeout=30s -c max_parallel_workers_per_gather=0"


def _database(role: str) -> dict[str, Any]:
    """Connection of one database role; one SQL, whether embedded or a server."""
    given = connecting.parameters(ENV, role)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given["dbname"],
        "USER": role,
        "PASSWORD": given.get("password", ""),
        "HOST": given["host"],
        "PORT": given["port"],
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": role != "serment_owner",
        "OPTIONS": {
            "connect_timeout": given["connect_timeout"],
            "options": "" if role == "serment_owner" else _PATIENCE,
            **connecting.sealing(given),
        },
    }


DATABASES = {
    "default": _database(ENV.database_role),
    "search": _database("serment_search"),
    "owner": _database("serment_owner"),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Room for random numbers (identity's migration 0003): a counted one would tell who came first.
ALLAUTH_DEFAULT_AUTO_FIELD = DEFAULT_AUTO_FIELD
AUTH_USER_MODEL = "identity.Account"

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("Français")), ("en", _("English"))]
LOCALE_PATHS = [environment.ROOT / "serment" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = ENV.state / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SESSION_ENGINE = "serment.identity.sessions"
_HTTPS = _PUBLIC.scheme == "https"
# A browser takes a __Host- cookie from this very name alone, over https, for every path: a
# neighbour's site under the same domain cannot plant one. On http://localhost it would be refused.
COOKIE_PREFIX = "__Host-" if _HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _HTTPS
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}langue"
# In the sealed session: the library's own way is a further cookie, readable and under any name.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Headers that need no page stand at the public port (serment/live/headers.py).
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        # Providers of sign-in are reached by links: a form's answer leads nowhere else.
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# Only the demo steals its own database.
DEMO_DUMP = "serment.config.database.dump.whole"
SECURITY_CONTACT = ENV.security_contact
CSRF_FAILURE_VIEW = "serment.web.failures.csrf_failed"
# Where the operator registered; a provider that is not here has no button (docs/operate/openid.md).
OPENID_PROVIDERS = {one.slug: asdict(one) for one in ENV.openid}
LOGIN_URL = "/compte/connexion/"
LOGIN_REDIRECT_URL = "/mes-rendez-vous/"

AUTHENTICATION_BACKENDS = ["serment.identity.backend.SealedBackend"]
# The first makes new hashes; one made by another is read, and made anew at the next sign-in.
PASSWORD_HASHERS = [
    "serment.identity.passwords.Argon2id",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "serment.identity.passwords.StrongEnough"}]
ACCOUNT_ADAPTER = "serment.identity.adapter.SealedAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# The library knows an alias only (serment/identity/adapter.py).
ACCOUNT_USER_MODEL_EMAIL_FIELD = "alias"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "serment.identity.forms.SignInForm",
    "signup": "serment.identity.forms.SignUpForm",
    "reset_password": "serment.identity.forms.ForgottenPasswordForm",
}
# A code by e-mail, for a known address as for an unknown one: nobody learns who has an account.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# Enough to ask for a second code; counted in memory under a hash of the alias.
ACCOUNT_RATE_LIMITS = {"confirm_email": "4/10m/key"}
# As long as the other links of sign-in: one left in a mailbox for days opens nothing.
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False

# An uploaded patient list stays in memory: Django's other handler would leave it readable on disk.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024

# Limits count over all web processes, in files outside the database (identity/shared_cache.py).
CACHES = {
    "default": {
        "BACKEND": "serment.identity.shared_cache.SharedCache",
        "LOCATION": str(ENV.run / "counted"),
    }
}
# A demo writes its mail to a folder outside the database, where /demo shows it. A copy made to try
# a backup sends none: its patients are real, and the living instance writes to them.
_MAIL = "dummy" if ENV.trial else "filebased" if ENV.demo else "smtp"
EMAIL_BACKEND = f"django.core.mail.backends.{_MAIL}.EmailBackend"
# Providers of mail speak through django-anymail; a demo sends nothing whatever is set.
ANYMAIL: dict[str, str | int] = {}
if ENV.mail_provider is not None and _MAIL == "smtp":
    EMAIL_BACKEND, ANYMAIL = mail_provider.chosen(ENV.mail_provider)
EMAIL_FILE_PATH = str(ENV.state / "demo-mail")
EMAIL_TIMEOUT = 10
MAIL_LINES = ENV.mail_lines
# smtp://user:password@host:587 speaks STARTTLS, smtps://… TLS from the first byte; a server on
# this very machine needs neither.
_SMTP = urlsplit(ENV.smtp_url or "smtp://localhost:25")
EMAIL_HOST = _SMTP.hostname or "localhost"
EMAIL_PORT = _SMTP.port or (465 if _SMTP.scheme == "smtps" else 25)
EMAIL_HOST_USER = unquote(_SMTP.username or "")
EMAIL_HOST_PASSWORD = unquote(_SMTP.password or "")
EMAIL_USE_SSL = _SMTP.scheme == "smtps"
EMAIL_USE_TLS = _SMTP.scheme == "smtp" and EMAIL_HOST not in ("localhost", "127.0.0.1", "::1")
DEFAULT_FROM_EMAIL = ENV.mail_from or f"Serment <ne-pas-repondre@{ENV.host}>"
MAIL_DOMAIN = parseaddr(DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or ENV.host
# The names by which what was handed to a provider is found: serment perimeter --recipient NAME.
MAIL_PROVIDER = ENV.mail_provider.provider if ENV.mail_provider else f"smtp:{EMAIL_HOST}"
CALENDARS_INSIDE = ENV.calendars_inside
SMS: dict[str, Any] | None = asdict(ENV.sms) if ENV.sms else None
# A demo's texts go to a folder likewise, which is made when it starts.
DEMO_SMS = ENV.state / "demo-sms"
if ENV.demo and DEMO_SMS.is_dir():
    SMS = {"provider": "demo", "secret_file": DEMO_SMS, "sender": "Rappel", "url": ""}
# Of messages to whoever wants them neutral: an address without a name.
NEUTRAL_FROM_EMAIL = ENV.mail_neutral_from or parseaddr(DEFAULT_FROM_EMAIL)[1]

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "serment.config.quiet_log.QuietFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"routes": {"()": "serment.config.quiet_log.RouteNotPath"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["routes"]}
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        # Tells the id of each credential used.
        "fido2": {"level": "ERROR"},
        # Tells every refused request with its path and user.
        "django.request": {"level": "ERROR"},
        # Tells the path of each refused form: it may name an appointment.
        "django.security.csrf": {"level": "ERROR"},
        # Whoever scans the Internet asks under other names all day; they are refused.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
