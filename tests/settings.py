"""The settings inside a test process; servers that tests start have `server_settings`."""

import os

# A developer's .env, and what CI's machine happens to set, must not change what tests see.
for _name in ("DEMO", "PUBLIC_URL", "PORT", "BIND", "REDIS_URL", "DEBUG", "SECRET_KEY"):
    os.environ[_name] = ""

from regalpos.settings import *
from regalpos.settings import DATABASES, PASSWORD_HASHERS, STORAGES

SECRET_KEY = "tests-only-" + "x" * 50
PIN_PEPPER = "tests-only-" + "y" * 50
# One MD5 takes a microsecond; Argon2 is meant to take a tenth of a second.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
# A pool keeps connections open behind our back, and a database in use cannot be dropped.
for _database in DATABASES.values():
    _database["OPTIONS"].pop("pool", None)
    _database["CONN_HEALTH_CHECKS"] = False
# A rolled-back test can only see its own rows from its own thread; `committed_db` lifts this.
LANES_INLINE = True
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
