"""The settings of a server that a test starts: the shop's own, save what no test can wait for."""

from regalpos.environment import VAR
from regalpos.settings import *
from regalpos.settings import PASSWORD_HASHERS

# Users whom the test process made must be able to sign in here.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
STATIC_ROOT = VAR / "test-static"
# The shared test server runs without fsync; fault tests bring one that is durable.
SALES_MAY_BE_LOST = True
