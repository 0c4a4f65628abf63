"""What the environment may say, and what is said when it is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from regalpos import environment
from regalpos.environment import BASE_DIR, Env
from regalpos.keys import kept

LONG = "a-secret-that-is-long-enough-to-be-one-0123456789-abcdefghij"
PRODUCTION = {
    "PUBLIC_URL": "https://till.example.com",
    "DATABASE_URL": "postgresql://app:pw@db.example.com/shop",
    "DATABASE_OWNER_URL": "postgresql://owner:pw@db.example.com/shop",
    "SECRET_KEY": LONG,
    "PIN_PEPPER": LONG[::-1],
}


@pytest.fixture(autouse=True)
def _only_what_the_test_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Env.model_fields:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(Env.model_config, "env_file", None)


def test_a_shop_starts_with_no_setting_at_all() -> None:
    env = environment.load()
    assert env.embedded
    assert env.PUBLIC_URL == "http://localhost:8000"
    assert (env.DEBUG, env.DEMO, env.REQUIRE_MFA) == (False, False, False)
    assert (env.PAGE_SIZE, env.PAGE_SIZE_MAX, env.UPLOAD_MAX_MB, env.AUDIT_YEARS) == (
        50,
        200,
        10,
        7,
    )
    assert (env.ACCESS_TOKEN_MINUTES, env.REFRESH_TOKEN_DAYS) == (15, 30)


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "PORT": "eighty",
        "PAGE_SIZE": "0",
        "DATABASE_URL": "mysql://root@db/shop",
        "PUBLIC_URL": "https://till.example.com",
        "ALLOWED_HOSTS": "*",
        "DEMO": "1",
        "LOG_LEVEL": "LOUD",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.load()
    named = {line.strip().split(":")[0] for line in str(refusal.value).splitlines()[1:]}
    assert named == wrong.keys() - {"PUBLIC_URL"} | {"SECRET_KEY", "PIN_PEPPER"}


def test_a_refused_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@db/shop")
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.load()
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("where", [{"BIND": "0.0.0.0"}, {"PUBLIC_URL": "http://192.168.1.10:8000"}])
def test_the_demo_passwords_are_for_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, where: dict[str, str]
) -> None:
    for name, value in {**PRODUCTION, "PUBLIC_URL": "", "DEMO": "1", **where}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match="DEMO: its passwords are public"):
        environment.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REQUIRE_MFA", "1"),
        ("ANCHOR_TO", "/mnt/usb"),
        ("METRICS_TOKEN", "a-token"),
        ("SENTRY_DSN", "https://key@errors.example.com/1"),
        ("REDIS_URL", "redis://localhost"),
    ],
)
def test_a_guard_that_is_not_built_is_refused_and_not_pretended(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda _name: None)
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.load()
    assert f"{name}: " in str(refusal.value)


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "till.lan, 10.0.0.5,")
    assert environment.load().ALLOWED_HOSTS == ["till.lan", "10.0.0.5"]


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("[::1]", True),
        ("shop.localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.10", False),
        ("localhost.example.com", False),
    ],
)
def test_what_counts_as_this_machine(host: str, here: bool) -> None:
    assert environment.is_loopback(host) is here


def test_a_mail_address_is_read_as_mail_programs_write_it() -> None:
    assert environment.mailer("smtp://me:p%40ss@mail.example.com")["OPTIONS"] == {
        "host": "mail.example.com",
        "port": 587,
        "username": "me",
        "password": "p@ss",
        "use_ssl": False,
        "use_tls": True,
        "timeout": 10,
    }


def test_a_shop_without_mail_prints_it_at_home_and_nowhere_else() -> None:
    assert environment.mailer("")["BACKEND"].endswith("console.EmailBackend")
    assert environment.mailer("", local=False)["BACKEND"].endswith("dummy.EmailBackend")


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    first = kept(path)
    assert kept(path) == first
    assert len(first) >= 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_app_waits_seconds_where_the_owner_may_take_its_time() -> None:
    def limits(alias: str) -> list[str]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        with connections[alias].cursor() as cursor:
            return [cursor.execute(f"SHOW {name}").fetchone()[0] for name in names]

    assert limits("default") == ["5s", "2s", "10s"]
    assert limits("owner") == ["0", "5s", "1min"]


@pytest.mark.django_db
def test_the_app_is_neither_owner_nor_superuser() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)


def test_a_production_environment_passes_djangos_own_checks() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_one_role_for_everything_is_reported() -> None:
    known = {**PRODUCTION, "DATABASE_OWNER_URL": ""}
    done = manage("check", "--deploy", "--fail-level", "WARNING", **known)
    assert done.returncode == 1
    assert "regalpos.W001" in done.stderr


def test_a_wrong_setting_is_a_sentence_and_not_a_traceback() -> None:
    done = manage("check", PORT="eighty")
    assert done.returncode == 1
    assert done.stderr.startswith("RegalPOS cannot start: these settings need a look:\n  PORT: ")
    assert "Traceback" not in done.stderr


def manage(*arguments: str, **environment_: str) -> subprocess.CompletedProcess[str]:
    known = dict.fromkeys(Env.model_fields, "")
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env={**os.environ, **known, "DJANGO_SETTINGS_MODULE": "regalpos.settings", **environment_},
        capture_output=True,
        text=True,
        check=False,
    )
