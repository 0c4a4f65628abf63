"""What is put off is not there until somebody asks for it, and is whole then."""

import os
import subprocess
import sys

from regalpos.environment import BASE_DIR

HEAVY = ("cryptography", "fido2", "OpenSSL")


def said_by(program: str) -> str:
    """What a program of its own prints, its settings the shop's."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "regalpos.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_server_carries_no_cryptography_that_nobody_has_asked_for() -> None:
    program = f"""
import sys
import regalpos.asgi, regalpos.serve
from django.urls import reverse
reverse("mfa_list_webauthn")
print([name for name in {HEAVY} if sys.modules.get(name)])
"""
    assert said_by(program) == "[]"


def test_passkeys_are_whole_when_they_are_asked_for() -> None:
    program = """
import regalpos.asgi
from allauth.mfa.webauthn.internal import auth
from fido2.cose import ES256
from cryptography.hazmat.primitives import hashes
print(auth.Fido2Server.__name__, ES256.ALGORITHM, hashes.SHA256().name)
"""
    assert said_by(program) == "Fido2Server -7 sha256"


def test_tokens_know_no_public_keys() -> None:
    program = """
import django
django.setup()
import jwt
print(sorted(jwt.algorithms.get_default_algorithms()))
"""
    assert said_by(program) == "['HS256', 'HS384', 'HS512', 'none']"


def test_memory_is_spared_once() -> None:
    program = """
import django
django.setup()
import sys
from regalpos import memory
memory.spare()
print(sum(isinstance(finder, memory.Later) for finder in sys.meta_path))
"""
    assert said_by(program) == "1"
