"""What the environment may say, with types and defaults: the one list of settings.

Read once by `settings.py`, from the environment and, in development, from `.env`. Every
missing or wrong value is named at start-up, all of them at once.
"""

from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    RedisDsn,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from regalpos.places import BASE_DIR as BASE_DIR
from regalpos.places import VAR as VAR


def _split(value: object) -> object:
    """`a, b` is a list of two: nobody should have to write JSON into an environment."""
    if isinstance(value, str):
        return [part for part in (part.strip() for part in value.split(",")) if part]
    return value


def _database_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ValueError("expected like postgresql://user:password@host:5432/database")
    return value


DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Names = Annotated[list[str], NoDecode, BeforeValidator(_split)]


def is_loopback(host: str) -> bool:
    """Does `host` name this machine to itself alone?"""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class Env(BaseSettings):
    """The settings of docs/operations.md; the contract with whoever runs a shop."""

    model_config = SettingsConfigDict(
        env_file=BASE_DIR / ".env",
        env_ignore_empty=True,
        extra="ignore",
        case_sensitive=True,
    )

    # Database. Without DATABASE_URL the embedded server in var/postgres is used.
    DATABASE_URL: DatabaseUrl | None = None
    DATABASE_OWNER_URL: DatabaseUrl | None = None
    DATABASE_DIRECT_URL: DatabaseUrl | None = None
    DATABASE_POOL_MAX: int = Field(default=24, ge=16, le=500)
    REDIS_URL: RedisDsn | None = None

    # Where we are reached.
    BIND: str = "127.0.0.1"
    PORT: int = Field(default=8000, ge=1, le=65535)
    PUBLIC_URL: str = ""
    ALLOWED_HOSTS: Names = []
    CSRF_TRUSTED_ORIGINS: Names = []
    TRUSTED_PROXIES: int = Field(default=0, ge=0, le=5)

    # Secrets. On a loopback address they are made on first use and kept in var/.
    SECRET_KEY: SecretStr = SecretStr("")
    SECRET_KEY_FALLBACKS: Names = []
    PIN_PEPPER: SecretStr = SecretStr("")
    JOURNAL_KEY_FILE: Path = VAR / "journal_key"
    ANCHOR_TO: Names = []
    METRICS_TOKEN: SecretStr = SecretStr("")

    # How the house behaves.
    DEBUG: bool = False
    DEMO: bool = False
    REQUIRE_MFA: bool = False
    ACCESS_TOKEN_MINUTES: int = Field(default=15, ge=1, le=1440)
    REFRESH_TOKEN_DAYS: int = Field(default=30, ge=1, le=365)
    AUDIT_YEARS: int = Field(default=7, ge=1, le=100)
    PAGE_SIZE: int = Field(default=50, ge=1, le=1000)
    PAGE_SIZE_MAX: int = Field(default=200, ge=1, le=1000)
    MEDIA_ROOT: Path = VAR / "media"
    UPLOAD_MAX_MB: int = Field(default=10, ge=1, le=200)

    # Who hears of trouble.
    EMAIL_URL: str = ""
    SENTRY_DSN: str = ""
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def embedded(self) -> bool:
        """Is the database our own server under var/?"""
        return self.DATABASE_URL is None

    @property
    def public_host(self) -> str:
        """The host name in PUBLIC_URL."""
        return urlsplit(self.PUBLIC_URL).hostname or ""

    @property
    def secure(self) -> bool:
        """Is the shop reached by https?"""
        return self.PUBLIC_URL.startswith("https://")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self.PUBLIC_URL = (self.PUBLIC_URL or f"http://localhost:{self.PORT}").rstrip("/")
        problems = [
            *self._address_problems(),
            *self._secret_problems(),
            *self._promise_problems(),
        ]
        if self.PAGE_SIZE > self.PAGE_SIZE_MAX:
            problems.append("PAGE_SIZE: may not exceed PAGE_SIZE_MAX")
        if self.DATABASE_OWNER_URL and not self.DATABASE_URL:
            problems.append("DATABASE_OWNER_URL: needs DATABASE_URL beside it")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _address_problems(self) -> list[str]:
        problems = []
        parts = urlsplit(self.PUBLIC_URL)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
            problems.append("PUBLIC_URL: expected like https://till.example.com, without a path")
        if "*" in self.ALLOWED_HOSTS:
            problems.append("ALLOWED_HOSTS: name the hosts; * switches the socket origin check off")
        if self.DEMO and not (is_loopback(self.BIND) and is_loopback(self.public_host)):
            problems.append("DEMO: its passwords are public, so BIND and PUBLIC_URL must be local")
        return problems

    def _promise_problems(self) -> list[str]:
        """What is asked for and cannot be kept: better not to open than to seem guarded."""
        asked = {
            "REQUIRE_MFA": self.REQUIRE_MFA,
            "ANCHOR_TO": self.ANCHOR_TO,
            "METRICS_TOKEN": self.METRICS_TOKEN.get_secret_value(),
            "SENTRY_DSN": self.SENTRY_DSN,
        }
        problems = [f"{name}: not built yet, leave it empty" for name, on in asked.items() if on]
        if self.REDIS_URL and find_spec("channels_redis") is None:
            problems.append("REDIS_URL: needs the packages channels_redis and redis")
        return problems

    def _secret_problems(self) -> list[str]:
        if is_loopback(self.public_host):
            return []
        wanted = {"SECRET_KEY": self.SECRET_KEY, "PIN_PEPPER": self.PIN_PEPPER}
        return [
            f"{name}: needed where PUBLIC_URL is not local; at least 50 characters, kept secret"
            for name, secret in wanted.items()
            if len(secret.get_secret_value()) < 50
        ]


def load() -> Env:
    """The settings in force; or ImproperlyConfigured, with every wrong or missing one named."""
    try:
        return Env()
    except ValidationError as error:
        problems = _lines(error)
        wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
    if wrong:
        # What depends on several settings was not looked at yet: look, with defaults for the wrong.
        try:
            Env(**{name: Env.model_fields[name].get_default() for name in wrong})
        except ValidationError as error:
            problems |= _lines(error)
    raise ImproperlyConfigured("\n  ".join(["these settings need a look:", *sorted(problems)]))


def _lines(error: ValidationError) -> set[str]:
    """Each problem as `NAME: what is wrong`; the values, which may be secret, stay out."""
    lines: set[str] = set()
    for problem in error.errors(include_input=False, include_url=False):
        text = problem["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in problem["loc"])
        lines.update([f"{name}: {text}"] if name else text.splitlines())
    return lines


def mailer(url: str, *, local: bool = True) -> dict[str, Any]:
    """Django's MAILERS entry for `smtp://user:password@host:587`, or `smtps://` for TLS at once.

    A shop without mail is a shop: on a developer's machine it prints, elsewhere it sends nothing
    (a printed link to reset a password would lie in a log).
    """
    parts = urlsplit(url)
    if not parts.hostname:
        silent = "console" if local else "dummy"
        return {"BACKEND": f"django.core.mail.backends.{silent}.EmailBackend"}
    tls_from_the_start = parts.scheme == "smtps"
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or (465 if tls_from_the_start else 587),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": tls_from_the_start,
            "use_tls": not tls_from_the_start and not is_loopback(parts.hostname),
            "timeout": 10,
        },
    }
