"""The settings inside a test process; servers that tests start have `server_settings`.

The database is TEST_DATABASE_URL (with TEST_DATABASE_OWNER_URL), else DATABASE_URL, else an
embedded server for tests. The owner must be allowed to create databases.
"""

import os

# A developer's .env, and what CI's machine happens to set, must not change what tests see.
for _name in ("DEMO", "PUBLIC_URL", "PORT", "BIND", "REDIS_URL", "DEBUG", "SECRET_KEY"):
    os.environ[_name] = ""
for _name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
    os.environ[_name] = os.environ.get(f"TEST_{_name}") or os.environ.get(_name, "")

from regalpos import embedded
from regalpos.environment import VAR
from regalpos.settings import *
from regalpos.settings import DATABASES, ENV, PASSWORD_HASHERS, STORAGES

if ENV.embedded:
    for _alias, _role in {"default": "regal_app", "owner": "regal_owner"}.items():
        DATABASES[_alias] |= embedded.database(embedded.Home(VAR / "test-postgres"), _role)
# A pool keeps connections open behind our back, and a database in use cannot be dropped.
for _database in DATABASES.values():
    _database["OPTIONS"].pop("pool", None)
    _database["CONN_HEALTH_CHECKS"] = False

SECRET_KEY = "tests-only-" + "x" * 50
PIN_PEPPER = "tests-only-" + "y" * 50
# One MD5 takes a microsecond; Argon2 is meant to take a tenth of a second.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
# A rolled-back test can only see its own rows from its own thread; `committed_db` lifts this.
LANES_INLINE = True
# And it never commits, so what it changes is never announced, and nothing would be forgotten.
KNOWN_SECONDS = 0.0
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
MEDIA_ROOT = VAR / "test-media"
