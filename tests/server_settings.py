"""The settings of a server that a test starts: the shop's own, save what no test can wait for."""

import os

from regalpos.environment import VAR
from regalpos.settings import *
from regalpos.settings import PASSWORD_HASHERS

# Users whom the test process made must be able to sign in here.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
# A run with a name of its own must not have its static files collected anew by another's.
STATIC_ROOT = VAR / "-".join(filter(None, ("test-static", os.environ.get("REGAL_TEST_NAME"))))
# Compressing well takes most of the time that collecting takes; tests of it are in test_static.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("css", "js", "json", "map", "svg", "txt", "html", "md")
# The shared test server runs without fsync; fault tests bring one that is durable.
SALES_MAY_BE_LOST = True
