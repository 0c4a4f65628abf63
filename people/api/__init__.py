"""Signing in for programs, and the stores a person works at."""

from people.api.bearer import Bearer, actor_of
from people.api.signing_in import auth
from people.api.stores import stores

__all__ = ["Bearer", "actor_of", "auth", "stores"]
